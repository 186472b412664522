"""TQ1 and the older TQ (ORC-7, OBR-27): when, and how urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field

# http://hl7.org/fhir/request-priority to table HL70485; UR is what is written for urgent.
PRIORITIES: Final = {"stat": "S", "asap": "A", "routine": "R", "urgent": "UR"}


def tq1(order: Resource) -> list[str]:
    """Return the segment, when the order says when or how urgent."""
    start, end = _span(order)
    priority = PRIORITIES.get(order.get("priority", ""), "")
    if not (start or end or priority):
        return []
    return [
        segment("TQ1", {1: "1", 7: start, 8: end, 9: (priority, "", "HL70485" if priority else "")})
    ]


def order_timing(order: Resource) -> Field:
    """Return the same as a TQ: start, end and priority are its components 4 to 6."""
    return ("", "", "", *_span(order), PRIORITIES.get(order.get("priority", ""), ""))


def _span(order: Resource) -> tuple[str, str]:
    period = order.get("occurrencePeriod", {})
    start = order.get("occurrenceDateTime") or period.get("start")
    return dtm(start), dtm(period.get("end"))
