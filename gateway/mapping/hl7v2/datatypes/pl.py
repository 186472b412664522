"""PL, person location: a Location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.datatypes.hd import component_system

if TYPE_CHECKING:
    from gateway.hl7v2.message import Value
    from gateway.mapping.hl7v2.gathering import Gathering

_PHYSICAL: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_BED: Final = ("bd", "Bed")
_ROOM: Final = ("ro", "Room")
_FACILITY: Final = 4
_DESCRIPTION: Final = 9


def pl_location(pl: Value, gathering: Gathering) -> Element | None:
    """Mention the Location of a PL and return a reference to it; None when it is empty.

    Point of care, room and bed are its number, within the facility of PL-4 or the sender
    (HL7 v2.5.1 chapter 2A, 2.A.53).
    """
    parts = [pl.text(number) for number in (1, 2, 3)]
    description = pl.text(_DESCRIPTION)
    facility = pl.text(_FACILITY)
    name = description or " ".join(part for part in (*parts, facility) if part)
    if not name:
        return None
    if not any(parts):
        return {"display": name}
    system = component_system(pl, _FACILITY, gathering.context)
    system = system or f"{gathering.sender_system}:location"
    value = "^".join(parts).rstrip("^")
    location: Element = {
        "resourceType": "Location",
        "identifier": [{"system": system, "value": value}],
        "name": name,
    }
    if kind := _kind(parts):
        location["physicalType"] = concept(coding(_PHYSICAL, *kind))
    return reference(gathering.mention(location, [Key(system, value)]), display=name)


def _kind(parts: list[str]) -> tuple[str, str] | None:
    """Return what it is; a point of care may be a ward, a clinic or a site."""
    if parts[2]:
        return _BED
    return _ROOM if parts[1] else None
