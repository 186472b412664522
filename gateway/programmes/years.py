"""What happens once a year: which inclusions count against another one."""

from __future__ import annotations

from datetime import MAXYEAR, date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEBRUARY: Final = 2
_LEAP_DAY: Final = 29


def year_of(on: date, kind: str) -> tuple[date, date]:
    """Return the first and last day of the year that an inclusion on that day uses up.

    `calendar`: 1 January to 31 December; `rolling`: that day to the day before its anniversary.
    """
    if kind == "rolling":
        if on.year == MAXYEAR:
            # The calendar ends before the anniversary.
            return on, date.max
        return on, _anniversary(on) - timedelta(days=1)
    return date(on.year, 1, 1), date(on.year, 12, 31)


def same_year(on: date, others: Iterable[date], kind: str) -> date | None:
    """Return the latest of `others` that stands in the way of an inclusion on that day."""
    clashing = [other for other in others if _clash(on, other, kind)]
    return max(clashing, default=None)


def _clash(on: date, other: date, kind: str) -> bool:
    earlier, later = sorted((on, other))
    first, last = year_of(earlier, kind)
    return first <= later <= last


def _anniversary(on: date) -> date:
    if (on.month, on.day) == (_FEBRUARY, _LEAP_DAY):
        return date(on.year + 1, 3, 1)
    return on.replace(year=on.year + 1)
