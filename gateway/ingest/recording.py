"""What the journal and the Provenance of a message say beside its content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import Issue
from gateway.ingest.entries import issues_of
from gateway.store.journal import JOURNAL_SYSTEM

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message
    from gateway.ingest.entries import Applied
    from gateway.mapping.entry import Entry, Mapped

# Extension of Provenance: a piece of the message that has no place in FHIR here.
NOT_MAPPED: Final = "urn:passerelle:extension:not-mapped"
_UNMAPPED: Final = "informational"
_CODE: Final = "code-invalid"


def issues_for(
    message: Message, mapped: Mapped, applied: Applied, *, reused: bool
) -> tuple[Issue, ...]:
    """Return all that is to be said of an accepted message, warnings first."""
    found = [Issue(text, severity="warning") for text in message.warnings]
    if reused:
        text = "This control id has been used for another message: both were processed."
        found.append(Issue(text, location="MSH^1^10", severity="warning"))
    codes = (code_issue(one.field, one.system, one.code) for one in mapped.unmapped_codes)
    return (*found, *mapped.warnings, *issues_of(applied), *codes)


def code_issue(field: str, system: str, code: str) -> Issue:
    """Return what the journal says of a code that has no standard one."""
    text = f"{field} has the sender's own code {code} ({system}): see `gateway codes`."
    return Issue(text, code=_CODE, severity="information")


def has_code(issues: tuple[Issue, ...], code: str) -> bool:
    """Say whether an entry of the journal had that code without a standard one."""
    return any(one.code == _CODE and f" code {code} (" in one.text for one in issues)


def journaled(mapped: Mapped, number: int) -> Mapped:
    """Return the mapping with a Provenance that names the journal entry and what is only there."""
    return replace(mapped, entries=tuple(_journaled(one, mapped, number) for one in mapped.entries))


def _journaled(entry: Entry, mapped: Mapped, number: int) -> Entry:
    resource = entry.resource
    if resource["resourceType"] != "Provenance":
        return entry
    source = {
        "role": "source",
        "what": {
            "identifier": {"system": JOURNAL_SYSTEM, "value": str(number)},
            "display": f"Journal entry {number}, with the message as it came",
        },
    }
    pieces = [_piece(one) for one in mapped.warnings if one.code == _UNMAPPED]
    pieces += [
        f"{one.field}: no standard code for {one.code} ({one.system})"
        for one in mapped.unmapped_codes
    ]
    added = [{"url": NOT_MAPPED, "valueString": text} for text in dict.fromkeys(pieces)]
    whole = {**resource, "entity": [*resource.get("entity", ()), source]}
    if added:
        whole["extension"] = [*resource.get("extension", ()), *added]
    return replace(entry, resource=whole)


def _piece(issue: Issue) -> str:
    return f"{issue.location}: {issue.text}" if issue.location else issue.text
