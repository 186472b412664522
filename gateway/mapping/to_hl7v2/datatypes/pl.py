"""PL, person location: a Location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.mapping.to_hl7v2.datatypes.hd import hd_component

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.target import Target

_PARTS: Final = 3
_LOCATION: Final = ":location"


def pl(location: Resource, target: Target) -> Repetition:
    """Return point of care, room and bed, the facility that numbers them, and the name.

    HL7 v2.5.1 chapter 2A, 2.A.53. A number with `^` in it is that of a room or bed in a unit.
    """
    one: Element = next((one for one in location.get("identifier", ()) if one.get("value")), {})
    parts = (str(one.get("value", "")).split("^", _PARTS - 1) + [""] * _PARTS)[:_PARTS]
    system = str(one.get("system", ""))
    own = system == f"{target.own_system}{_LOCATION}"
    facility = "" if own else hd_component(system, target)
    name = str(location.get("name", "")) or str(location.get("description", ""))
    if not any(parts) and not name:
        return ""
    return (*parts, facility, "", "", "", "", name)
