"""When an appointment takes place: TQ1, SCH-11, and the times of the AIS, AIG, AIL and AIP."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.fhir.datatypes import Element, period
from gateway.hl7v2.datetimes import fhir_instant

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message, Segment

_MINUTE: Final = 60
# Units of SCH-10 and AIx, lower case, in seconds; a duration without unit is in minutes.
_UNITS: Final = {
    "": 60,
    "s": 1,
    "sec": 1,
    "second": 1,
    "seconds": 1,
    "m": 60,
    "mn": 60,
    "min": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "hours": 3600,
    "d": 86400,
    "day": 86400,
    "days": 86400,
}
# TQ-3: a number with its unit before it, `M30`.
_TQ_DURATION: Final = re.compile(r"(?P<unit>[SMHD]?)(?P<number>[0-9]{1,5})")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
# Field numbers of start, offset, its unit, duration and its unit.
PLACES: Final = {
    "AIS": (4, 5, 6, 7, 8),
    "AIG": (8, 9, 10, 11, 12),
    "AIL": (6, 7, 8, 9, 10),
    "AIP": (6, 7, 8, 9, 10),
}


class Span(NamedTuple):
    """Start and end, as FHIR instants; None where they are not known."""

    start: str | None = None
    end: str | None = None

    @property
    def period(self) -> Element:
        """As a Period."""
        return period(self.start, self.end)


def duration(number: str, unit: str) -> int | None:
    """Return seconds, None when there is no number or the unit is not known."""
    seconds = _UNITS.get(unit.lower())
    if seconds is None or _NUMBER.fullmatch(number) is None:
        return None
    return int(number) * seconds or None


def appointment_span(message: Message, sch: Segment) -> Span:
    """Return when the appointment is: TQ1, else SCH-11, else its first resource that says when.

    An end that is not said is the start and how long it takes.
    """
    resources = [one for one in message.segments if one.name in PLACES]
    spans = [_tq1(message), _sch(sch), *(resource_span(one, None) for one in resources)]
    start, end = next((span for span in spans if span.start), Span())
    if start is None:
        return Span()
    seconds = appointment_seconds(sch, resources)
    if end is None:
        # R4 wants both or none (app-2): an appointment whose length nobody says ends as it begins.
        end = later(start, seconds) if seconds else start
    return Span(start, end)


def appointment_seconds(sch: Segment, resources: list[Segment]) -> int | None:
    """Return how long it takes: SCH-9, else SCH-11.3, else AIS-7 and its like."""
    tq = _TQ_DURATION.fullmatch(sch.text(11, 3))
    said = [
        duration(sch.text(9), sch.text(10)),
        duration(tq["number"], tq["unit"]) if tq else None,
        *(_takes(one) for one in resources),
    ]
    return next((one for one in said if one), None)


def minutes(span: Span, seconds: int | None) -> int | None:
    """Return whole minutes, as said, else from start to end."""
    if seconds is None and span.start and span.end:
        first, last = datetime.fromisoformat(span.start), datetime.fromisoformat(span.end)
        seconds = int((last - first).total_seconds())
    return max(1, round(seconds / _MINUTE)) if seconds and seconds > 0 else None


def resource_span(segment: Segment, base: str | None) -> Span:
    """Return when a resource is needed; its offset counts from `base`."""
    at, offset, unit, *_ = PLACES[segment.name]
    start = fhir_instant(segment.text(at))
    if start is None and base and (shift := duration(segment.text(offset), segment.text(unit))):
        start = later(base, shift)
    takes = _takes(segment)
    return Span(start, later(start, takes) if start and takes else None)


def later(start: str, seconds: int) -> str:
    """Return an instant some seconds after another; the same one where the calendar ends."""
    try:
        return (datetime.fromisoformat(start) + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return start


def _takes(segment: Segment) -> int | None:
    *_, number, unit = PLACES[segment.name]
    return duration(segment.text(number), segment.text(unit))


def _tq1(message: Message) -> Span:
    tq1 = message.first("TQ1")
    return Span(fhir_instant(tq1.text(7)), fhir_instant(tq1.text(8))) if tq1 else Span()


def _sch(sch: Segment) -> Span:
    return Span(fhir_instant(sch.text(11, 4)), fhir_instant(sch.text(11, 5)))
