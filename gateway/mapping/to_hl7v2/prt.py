"""PRT, participation, pre-adopted from HL7 v2.9 (CI-SIS CDA volet): sender and recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.xcn import Party, party, xcn
from gateway.mapping.to_hl7v2.datatypes.xon import xon
from gateway.mapping.to_hl7v2.datatypes.xtn import mailbox

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.sources import Writing

_UNCHANGED: Final = "UC"
_SENDER: Final = "SB"
_RECIPIENT: Final = "RCT"


def sender_prt(document: Resource, writing: Writing) -> list[str]:
    """Return the segment of the author, for the organization that keeps the document."""
    authors = writing.follow_all(document.get("author", ()))
    who = next((party(found, writing) for found in authors), Party({}, {}))
    custodian = writing.follow(document.get("custodian"))
    line = _prt(_SENDER, Party(who.person, who.organization or custodian), "", writing)
    return [line] if line else []


def recipient_prts(people: list[Resource], writing: Writing) -> list[str]:
    """Return a segment a recipient who has a secure mailbox."""
    found = (party(one, writing) for one in people)
    lines = (_prt(_RECIPIENT, who, address, writing) for who in found if (address := _mail(who)))
    return list(dict.fromkeys(line for line in lines if line))


def _prt(role: str, who: Party, address: str, writing: Writing) -> str:
    fields: dict[int, Field] = {
        2: _UNCHANGED,
        4: (role, "", "participation"),
        5: xcn(who.person, writing.target),
        8: xon(who.organization, writing.target),
        15: mailbox(address) if address else "",
    }
    return segment("PRT", fields) if fields[5] or fields[8] else ""


def _mail(who: Party) -> str:
    points = [one for one in who.telecom if one.get("system") == "email" and one.get("value")]
    secure = [one for one in points if str(one["value"]).lower().endswith(".mssante.fr")]
    return str(next(iter(secure or points), {}).get("value", ""))
