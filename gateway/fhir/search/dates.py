"""A FHIR date as the range of instants that it stands for.

https://hl7.org/fhir/R4/search.html#date: `2019-01` is the whole month, a time without seconds the
whole minute. What has no zone is local time of the gateway, Europe/Paris.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

# Microseconds since the epoch, low included, high excluded.
Range = tuple[int, int]

LOCAL_ZONE: Final = ZoneInfo("Europe/Paris")
# Open ends, inside a signed 64-bit column.
BEGINNING: Final = -(2**62)
END: Final = 2**62

_MICROS: Final = 1_000_000
_DAY: Final = 86_400 * _MICROS
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_LAST_MONTH: Final = 12
_LEAP_SECOND: Final = 60
# A time with a zone and more digits than any clock has.
_LONGEST: Final = 48
_FRACTION_DIGITS: Final = 6
_SHAPE: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
Parts = tuple[str | None, ...]


def date_range(text: str) -> Range | None:
    """Return the range of a date, dateTime or instant, None for what is not one."""
    return _date_range(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=16384)
def _date_range(text: str) -> Range | None:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    try:
        return _time_range(shape.groups()) if shape[4] else _day_range(shape.groups())
    except (ValueError, OverflowError):
        return None


def _day_range(parts: Parts) -> Range:
    year, month, day = (int(part) if part else None for part in parts[:3])
    first = date(year or 0, month or 1, day or 1)
    if day is not None:
        last = first.toordinal() + 1
    elif month is not None and month < _LAST_MONTH:
        last = first.replace(month=month + 1).toordinal()
    else:
        last = first.replace(month=_LAST_MONTH, day=31).toordinal() + 1
    return _midnight(first.toordinal()), _midnight(last)


def local_day(micros: int) -> date:
    """Return the day of an instant, local time of the gateway."""
    return datetime.fromtimestamp(micros // _MICROS, LOCAL_ZONE).date()


def _midnight(ordinal: int) -> int:
    # The day behind 31 December 9999 does not exist as a date: its offset is the day's before.
    wall = datetime.fromordinal(min(ordinal, date.max.toordinal()))
    return (ordinal - _EPOCH_DAY) * _DAY - _offset(wall, LOCAL_ZONE)


def _offset(wall: datetime, zone: tzinfo) -> int:
    delta = wall.replace(tzinfo=zone).utcoffset() or timedelta()
    return (delta.days * 86_400 + delta.seconds) * _MICROS


def _time_range(parts: Parts) -> Range:
    year, month, day, hour, minute = (int(part or 0) for part in parts[:5])
    second, fraction = int(parts[5] or 0), parts[6]
    # A leap second is a second long, behind the 59th.
    leap = second == _LEAP_SECOND
    wall = datetime(year, month, day, hour, minute, second - leap)  # noqa: DTZ001 - zone below
    days = (wall.toordinal() - _EPOCH_DAY) * _DAY
    clock = ((hour * 60 + minute) * 60 + second) * _MICROS
    start = days + clock + _fraction(fraction) - _offset(wall, _zone(parts[7]))
    return start, start + _length(parts[5], fraction)


def _zone(text: str | None) -> tzinfo:
    if text is None:
        return LOCAL_ZONE
    if text == "Z":
        return UTC
    span = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-span if text[0] == "-" else span)


def _fraction(digits: str | None) -> int:
    return int((digits or "")[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0"))


def _length(second: str | None, fraction: str | None) -> int:
    if second is None:
        return 60 * _MICROS
    known = min(len(fraction or ""), _FRACTION_DIGITS)
    return int(10 ** (_FRACTION_DIGITS - known))
