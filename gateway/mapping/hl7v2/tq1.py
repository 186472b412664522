"""TQ1 and the older TQ (ORC-7, OBR-27): when, and how urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.datetimes import fhir_datetime

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.groups import OrderGroup

# Table HL70485 to http://hl7.org/fhir/request-priority; U, UR and T as they are used.
_PRIORITIES: Final = {
    "S": "stat",
    "A": "asap",
    "R": "routine",
    "U": "urgent",
    "UR": "urgent",
    "T": "urgent",
}
_TQ_START: Final = 4
_TQ_PRIORITY: Final = 6


def tq1_service_request(group: OrderGroup) -> Element:
    """Return priority and occurrence: TQ1 first, then ORC-7, OBR-27, OBR-5 and OBR-6."""
    obr, orc, tq1 = group.obr, group.orc, group.tq1
    priority = _known(
        tq1.text(9) if tq1 else "",
        orc.text(7, _TQ_PRIORITY) if orc else "",
        obr.text(27, _TQ_PRIORITY) if obr else "",
        obr.text(5) if obr else "",
    )
    parts = {"priority": priority, "occurrenceDateTime": tq1_start(group)}
    return {name: part for name, part in parts.items() if part}


def tq1_start(group: OrderGroup) -> str | None:
    """Return when it is to be done."""
    starts = (
        _text(group.tq1, 7),
        _text(group.orc, 7, _TQ_START),
        _text(group.obr, 27, _TQ_START),
        _text(group.obr, 6),
    )
    return next((time for start in starts if (time := fhir_datetime(start))), None)


def _text(segment: Segment | None, field: int, component: int = 1) -> str:
    return segment.text(field, component) if segment else ""


def _known(*codes: str) -> str | None:
    return next((_PRIORITIES[code] for code in codes if code in _PRIORITIES), None)
