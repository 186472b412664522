"""Dates, times and dates with a time, each as precise as it is written.

http://hl7.org/fhirpath/N1/#date, http://hl7.org/fhirpath/N1/#datetime-arithmetic
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from gateway.fhir.fhirpath.quantity import CALENDAR

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.quantity import Quantity

Kind = Literal["date", "dateTime", "time"]

_DATED: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(T(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?)?(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_TIMED: Final = re.compile(r"T?(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?", re.ASCII)
_DAY: Final = 86_400
_DATE_PARTS: Final = 3
_HOUR: Final = 3
_YEAR: Final = 12
_BEGINNING: Final = (1, 1, 1, 0, 0, 0)
# The units that only a calendar can add, and the seconds of the others.
_MONTHS: Final = {"year": 12, "month": 1}
_SECONDS: Final = {
    "week": Decimal(7 * _DAY), "day": Decimal(_DAY), "hour": Decimal(3600), "minute": Decimal(60),
    "second": Decimal(1), "millisecond": Decimal("0.001"),
}  # fmt: skip
# Other units are added in whole numbers (http://hl7.org/fhirpath/N1/#datetime-arithmetic).
_FRACTIONAL: Final = frozenset({"second", "millisecond"})
_FROM_UCUM: Final = {
    "wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Temporal:
    """`parts` are year, month, day, hour, minute, second as far as they are known.

    Of a time, hour, minute and second. `zone` is in minutes east, None when it is not known.
    """

    kind: Kind
    parts: tuple[int | Decimal, ...]
    zone: int | None = None

    def __str__(self) -> str:
        """Write it as FHIR does."""
        if self.kind == "time":
            return _clock(self.parts)
        date = "-".join(f"{int(part):0{2 if at else 4}d}" for at, part in enumerate(self.parts[:3]))
        clock = _clock(self.parts[3:])
        return f"{date}T{clock}{_zone_text(self.zone)}" if clock else date


def _clock(parts: tuple[int | Decimal, ...]) -> str:
    found = [f"{int(part):02d}" for part in parts]
    if len(parts) == _DATE_PARTS:
        second = Decimal(parts[2])
        fraction = str(second).partition(".")[2]
        found[2] += f".{fraction}" if fraction else ""
    return ":".join(found)


def _zone_text(zone: int | None) -> str:
    if zone is None:
        return ""
    if zone == 0:
        return "Z"
    return f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"


def read_temporal(text: str) -> Temporal | None:
    """Read a literal without its @: `T` begins a time, a `T` behind a date makes it a dateTime."""
    return read_time(text) if text[:1] == "T" else read_dated(text)


def read_time(text: str) -> Temporal | None:
    """Read a time, None for what is not one."""
    match = _TIMED.fullmatch(text)
    parts = _parts(match.groups()) if match else ()
    return Temporal("time", parts) if parts and _is_clock(parts) else None


def read_dated(text: str) -> Temporal | None:
    """Read a date or dateTime, None for what is neither."""
    match = _DATED.fullmatch(text)
    if match is None:
        return None
    year, month, day, behind, hour, minute, second, zone = match.groups()
    parts = _parts((year, month, day, hour, minute, second))
    if (zone and len(parts) <= _DATE_PARTS) or not _is_dated(parts):
        return None
    return Temporal("dateTime" if behind else "date", parts, _zone(zone))


def _parts(texts: tuple[str | None, ...]) -> tuple[int | Decimal, ...]:
    found = [text for text in texts if text is not None]
    return tuple(Decimal(text) if "." in text else int(text) for text in found)


def _is_clock(parts: tuple[int | Decimal, ...]) -> bool:
    limits = (24, 60, 61)
    return all(part < limit for part, limit in zip(parts, limits, strict=False))


def _is_dated(parts: tuple[int | Decimal, ...]) -> bool:
    year, month, day = (int(part) for part in (*parts[:3], 1, 1)[:3])
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return False
    return _is_clock(parts[3:])


def _zone(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def from_instant(instant: datetime) -> Temporal:
    """Return an instant with a zone, to the millisecond."""
    second = Decimal(instant.second) + Decimal(instant.microsecond // 1000) / 1000
    parts = (instant.year, instant.month, instant.day, instant.hour, instant.minute, second)
    offset = instant.utcoffset() or timedelta()
    return Temporal("dateTime", parts, int(offset.total_seconds()) // 60)


# Comparing


def order(one: Temporal, other: Temporal) -> int | None:
    """Return -1, 0 or 1; None when the precision, the zone or the kind leaves it open."""
    if (one.kind == "time") != (other.kind == "time"):
        return None
    if one.kind != "time" and len(one.parts) > _HOUR and len(other.parts) > _HOUR:
        if (one.zone is None) != (other.zone is None):
            return None
        one, other = _in_utc(one), _in_utc(other)
    for left, right in zip(one.parts, other.parts, strict=False):
        if left != right:
            return -1 if left < right else 1
    return 0 if len(one.parts) == len(other.parts) else None


def _in_utc(one: Temporal) -> Temporal:
    if not one.zone:
        return one
    try:
        return _moved(one, Decimal(-60 * one.zone), 0)
    except OverflowError:
        return one


def _moved(one: Temporal, seconds: Decimal, zone: int | None) -> Temporal:
    """Return a date moved by seconds, as precise as it was; raises OverflowError."""
    size = len(one.parts)
    year, month, day, hour, minute, second = list(one.parts) + list(_BEGINNING[size:])
    total = Decimal((hour * 60 + minute) * 60 + second) + seconds
    days = total // _DAY - (1 if total < 0 and total % _DAY else 0)
    rest = total - days * _DAY
    moved = datetime(int(year), int(month), int(day), tzinfo=UTC) + timedelta(days=int(days))
    clock = (int(rest // 3600), int(rest % 3600 // 60), _second(rest % 60))
    return Temporal(one.kind, (moved.year, moved.month, moved.day, *clock)[:size], zone)


def _second(value: Decimal) -> int | Decimal:
    return int(value) if value.as_tuple().exponent == 0 else value


# Arithmetic


def added(one: Temporal, quantity: Quantity, sign: int) -> Temporal | None:
    """Return a date or time plus (sign -1: minus) a duration; None when it cannot be told."""
    unit = CALENDAR.get(quantity.unit) or _FROM_UCUM.get(quantity.unit)
    amount = quantity.value * sign
    try:
        if unit in _MONTHS:
            return None if one.kind == "time" else _later_months(one, unit, amount)
        if unit is None:
            return None
        seconds = _SECONDS[unit] * (amount if unit in _FRACTIONAL else int(amount))
        return _later_time(one, seconds) if one.kind == "time" else _later(one, seconds)
    except (OverflowError, ValueError):
        return None


def _later_months(one: Temporal, unit: str, amount: Decimal) -> Temporal:
    months = int(amount) * _MONTHS[unit]
    if len(one.parts) == 1:
        return Temporal(one.kind, (_year(int(one.parts[0]) + int(months / _YEAR)),), one.zone)
    year, month = divmod(int(one.parts[0]) * _YEAR + int(one.parts[1]) - 1 + months, _YEAR)
    days = tuple(min(int(day), monthrange(_year(year), month + 1)[1]) for day in one.parts[2:3])
    return Temporal(one.kind, (_year(year), month + 1, *days, *one.parts[3:]), one.zone)


def _year(year: int) -> int:
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError
    return year


def _later(one: Temporal, seconds: Decimal) -> Temporal:
    """Add what is no month: to a date without day, as many whole months or years as it makes."""
    size = len(one.parts)
    if size == 1:
        return _later_months(one, "year", Decimal(int(seconds / _DAY / 365)))
    if size < _DATE_PARTS:
        return _later_months(one, "month", Decimal(int(seconds / _DAY / 30)))
    if size == _DATE_PARTS:
        seconds = Decimal(int(seconds / _DAY)) * _DAY
    return _moved(one, seconds, one.zone)


def _later_time(one: Temporal, seconds: Decimal) -> Temporal:
    size = len(one.parts)
    hour, minute, second = list(one.parts) + list(_BEGINNING[3 + size :])
    total = (Decimal((hour * 60 + minute) * 60 + second) + seconds) % _DAY
    total += _DAY if total < 0 else 0
    clock = (int(total // 3600), int(total % 3600 // 60), _second(total % 60))
    return Temporal("time", clock[:size])
