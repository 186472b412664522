"""XON, extended composite name and id of an organization: an Organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, oid_system, reference
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type

if TYPE_CHECKING:
    from gateway.hl7v2.message import Value
    from gateway.mapping.hl7v2.gathering import Gathering

STRUCTURE_OID: Final = "1.2.250.1.71.4.2.2"
IDNST: Final = oid_system(STRUCTURE_OID)
FINESS: Final = "https://finess.esante.gouv.fr"

_AUTHORITY: Final = 6
_ID_TYPE: Final = 7
_ID: Final = 10
_OLD_ID: Final = 3
_FINESS_LENGTH: Final = 9
_FINESS_PREFIX: Final = "1"


def xon_organization(
    xon: Value, gathering: Gathering, *, kind: Element | None = None
) -> Element | None:
    """Mention the Organization of an XON and return a reference to it.

    `kind` is the CodeableConcept of its type. An organization without a number is a reference
    with a display only; None when the XON is empty. HL7 v2.5.1 chapter 2A, 2.A.90; national
    identifiers: FR Core, fr-core-organization-etablissement.
    """
    if not xon:
        return None
    name = xon.text(1)
    value = xon.text(_ID) or xon.text(_OLD_ID)
    if not value:
        return {"display": name} if name else None
    identifiers, keys = _identity(xon, value, gathering)
    resource: Element = {"resourceType": "Organization", "identifier": identifiers}
    if kind:
        resource["type"] = [kind]
    if name:
        resource["name"] = name
    return reference(gathering.mention(resource, keys), display=name or None)


def _identity(xon: Value, value: str, gathering: Gathering) -> tuple[list[Element], list[Key]]:
    kind = xon.text(_ID_TYPE)
    if _is_national(xon):
        return _national(value, kind)
    system = component_system(xon, _AUTHORITY, gathering.context) or gathering.sender_system
    element: Element = {"type": identifier_type(kind)} if kind else {}
    return [element | {"system": system, "value": value}], [Key(system, value)]


def _is_national(xon: Value) -> bool:
    if xon.text(_AUTHORITY, 2) == STRUCTURE_OID:
        return True
    name = xon.text(_AUTHORITY).replace(" ", "").replace("-", "").upper()
    return name == "ASIPSANTEST" or xon.text(_ID_TYPE) in ("FINEG", "FINEJ", "IDNST")


def _national(value: str, kind: str) -> tuple[list[Element], list[Key]]:
    """Read a FINESS, or the Struct_IdNat that is `1` and the FINESS."""
    prefixed = len(value) == _FINESS_LENGTH + 1 and value.startswith(_FINESS_PREFIX)
    finess = value[1:] if prefixed else value
    if len(finess) != _FINESS_LENGTH:
        return [_structure(value)], [Key(IDNST, value)]
    number = _FINESS_PREFIX + finess
    # Without the type it is not known whether the FINESS is the site's or the legal entity's.
    typed = {"type": identifier_type(kind)} if kind in ("FINEG", "FINEJ") else {}
    own: Element = typed | {"system": FINESS, "value": finess}
    return [_structure(number), own], [Key(FINESS, finess), Key(IDNST, number)]


def _structure(number: str) -> Element:
    return {
        "use": "official",
        "type": identifier_type("IDNST"),
        "system": IDNST,
        "value": number,
    }
