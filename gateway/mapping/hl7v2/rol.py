"""ROL, role: the treating physician (ODRP) becomes `Patient.generalPractitioner` (PAM-FR 2.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.mapping.hl7v2.datatypes.role import practitioner_role
from gateway.mapping.hl7v2.datatypes.xad import xad_address
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

_TREATING_PHYSICIAN: Final = "ODRP"
# The action "delete" (table HL70287).
_DELETED: Final = "DE"


def rol_general_practitioners(gathering: Gathering) -> list[Element]:
    """Return references to the treating physicians; roles of other kinds are reported."""
    found = []
    for rol in gathering.message.all("ROL"):
        if rol.text(3) != _TREATING_PHYSICIAN or rol.text(2) == _DELETED:
            gathering.unmapped(
                "A role other than the treating physician is kept in the journal, not mapped.",
                f"ROL^{rol.sequence}",
            )
        elif (physician := _physician(rol, gathering)) is not None:
            found.append(physician)
    return found


def _physician(rol: Segment, gathering: Gathering) -> Element | None:
    """Return the person of ROL-4, with the office of ROL-11 and ROL-12, for ROL-14."""
    addresses = [address for value in rol.values(11) if (address := xad_address(value))]
    telecom = [point for value in rol.values(12) if (point := xtn_contact(value))]
    person = xcn_practitioner(rol.value(4), gathering, telecom=telecom, address=addresses)
    return practitioner_role(person, xon_organization(rol.value(14), gathering), gathering)
