"""The flags of a French CDA transmission: OBX of the table MetaDMPMSS (CI-SIS volet 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Issue
from gateway.fhir.datatypes import Element, coding, concept
from gateway.hl7v2.profiles.flag_rules import flag_faults, is_allowed
from gateway.mapping.hl7v2.context import Guide
from gateway.mapping.hl7v2.faults import FlagsNotAllowed
from gateway.mapping.hl7v2.obx_kind import Kind
from gateway.mapping.receipts import ASKED, NO_REPLY, asked_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

VISIBILITY: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/"
    "TRE-A07-StatutVisibiliteDocument"
)
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

TO_PHYSICIANS: Final = "DESTMSSANTEPS"
TO_PATIENT: Final = "DESTMSSANTEPAT"
_EXCLUDED: Final = "The flags on visibility and on recipients exclude each other."
# OBX-3.1 to the code of TRE_A07.
_VISIBILITY: Final = {
    "MASQUE_PS": "MASQUE_PS",
    "INVISIBLE_PATIENT": "INVISIBLE_PATIENT",
    "INVISIBLE_REP_LEGAUX": "INVISIBLE_REPRESENTANTS_LEGAUX",
}
_READ: Final = frozenset({*_VISIBILITY, TO_PHYSICIANS, TO_PATIENT, *ASKED.values()})
# Table HL70272 (TXA-18) and HL70177 (ORC-28) to v3-Confidentiality.
_LEVELS: Final = {"V": "V", "R": "R", "U": "N", "N": "N"}
_LEVEL_NAMES: Final = {"N": "normal", "R": "restricted", "V": "very restricted"}


def document_flags(group: OrderGroup, gathering: Gathering, *, doubtful: bool) -> dict[str, bool]:
    """Return the flags that are set, by the name of OBX-3.1; the rest is reported.

    What is `doubtful` may be another patient's: it does not go to the mailbox of this one.
    What the CDA volet forbids is reported; raises `FlagsNotAllowed` when the site is strict.
    """
    sent = [
        (each.obx.text(3), each.obx.text(5)) for each in group.observed if each.kind is Kind.FLAG
    ]
    if gathering.guide is Guide.CDA:
        _judge(sent, gathering)
    flags = {name: value == "Y" for name, value in sent}
    if flags.get(TO_PATIENT) and (doubtful or not goes_to_patient(flags)):
        flags[TO_PATIENT] = False
        why = "it may be another's" if doubtful else "other flags forbid it"
        gathering.warn(f"The document is not sent to the patient: {why}.", "OBX")
    if others := [name for name in flags if name not in _READ]:
        names = ", ".join(others)
        gathering.unmapped(f"The flags {names} are kept in the journal, not mapped.", "OBX")
    return flags


def _judge(sent: list[tuple[str, str]], gathering: Gathering) -> None:
    """Refuse what the guide forbids, or tell the sender of it.

    A lenient site only notes a combination that the matrix has not: the guide's own samples send
    such (to professionals alone, and visible to the patient).
    """
    faults = flag_faults(sent)
    excluded = "" if is_allowed(sent) else _EXCLUDED
    if gathering.context.strict_flags and (faults or excluded):
        every = (*faults, excluded) if excluded else faults
        issues = tuple(Issue(text, None, "OBX", "business-rule") for text in every)
        raise FlagsNotAllowed(every[0], issues=issues)
    for text in faults:
        gathering.warn(text, "OBX")
    if excluded:
        gathering.inform(excluded, "OBX")


def security_labels(level: str, flags: dict[str, bool]) -> list[Element]:
    """Return the labels of a document: confidentiality N, R or V, and who may not see it."""
    code = _LEVELS.get(level)
    labels = [concept(coding(CONFIDENTIALITY, code, _LEVEL_NAMES[code]))] if code else []
    hidden = (code for name, code in _VISIBILITY.items() if flags.get(name))
    return [*labels, *(concept(coding(VISIBILITY, code)) for code in hidden)]


def report_meta(labels: Iterable[Element]) -> Element:
    """Return the meta of a report that is as confidential as its documents; {} without labels.

    Whoever sends the report on looks at it, and need not know the documents.
    """
    codings = [one for label in labels for one in label["coding"]]
    each = [one for at, one in enumerate(codings) if one not in codings[:at]]
    return {"security": each} if each else {}


def goes_to_patient(flags: dict[str, bool]) -> bool:
    """Say whether the document is for the patient's own mailbox.

    Never by an incomplete list of flags, nor by a combination that the matrix has not: a lenient
    site is no reason to show a patient what he may not see.
    """
    sent = [(name, "Y" if is_set else "N") for name, is_set in flags.items()]
    return flags.get(TO_PATIENT, False) and is_allowed(sent)


def document_tags(group: OrderGroup, flags: dict[str, bool]) -> list[Element]:
    """Return the tags of a document: what its sender wants to hear of it, and of the patient."""
    notes = (
        note
        for each in group.observed
        if each.kind is Kind.FLAG and each.obx.text(3) == TO_PATIENT
        for note in each.notes
    )
    closed = any(note.text(4) == NO_REPLY[1] for note in notes)
    asked = asked_tags(name for name, is_set in flags.items() if is_set)
    return [*asked, coding(*NO_REPLY)] if closed else asked
