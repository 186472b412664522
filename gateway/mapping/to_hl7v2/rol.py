"""ROL, role: the treating physicians of a patient (PAM-FR 2.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.xad import xad
from gateway.mapping.to_hl7v2.datatypes.xcn import party, xcn
from gateway.mapping.to_hl7v2.datatypes.xon import xon
from gateway.mapping.to_hl7v2.datatypes.xtn import xtn

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.sources import Writing

_SINCE: Final = "2.4"
# ROL-14, the organization of the role.
_ORGANIZATION_SINCE: Final = "2.6"
_TREATING: Final = ("ODRP", "", "HL70443")
_UNCHANGED: Final = "UC"


def rol(patient: Resource, writing: Writing) -> list[str]:
    """Return one segment a general practitioner."""
    target = writing.target
    if not target.since(_SINCE):
        return []
    written = []
    for found in writing.follow_all(patient.get("generalPractitioner", ())):
        who = party(found, writing)
        if not (named := xcn(who.person, target)):
            continue
        telecom: list[Repetition] = [point for one in who.telecom if (point := xtn(one, target))]
        addresses: list[Repetition] = [xad(one) for one in who.person.get("address", ())]
        organized = target.since(_ORGANIZATION_SINCE) or target.is_french
        fields = {2: _UNCHANGED, 3: _TREATING, 4: named, 11: addresses or "", 12: telecom or ""}
        written.append(
            segment("ROL", fields | ({14: xon(who.organization, target)} if organized else {}))
        )
    return written
