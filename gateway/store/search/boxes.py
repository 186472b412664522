"""Prefixes as boxes: which (low, high) of a row a prefix and a value allow.

https://hl7.org/fhir/R4/search.html#prefix. A prefix is one box or two, each a range of `low` and
one of `high`, their ends excluded above. From a box and the length of a row follows a narrow range
of `low` alone: that is what the index is sorted by.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.dates import END
from gateway.store.index_records import DATE_SPANS, QUANTITY_SPANS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.search.values import DateValue, NumberValue, QuantityValue

# Behind an end that is open, as a float too, and inside 64 bits when a span is taken off.
FOREVER: Final = END + (1 << 12)


@dataclass(frozen=True, slots=True)
class Box:
    """low_from <= low < low_to and high_from <= high < high_to."""

    low_from: float
    low_to: float
    high_from: float
    high_to: float

    def common(self, other: Box) -> Box:
        """Return what lies in both."""
        return Box(
            max(self.low_from, other.low_from),
            min(self.low_to, other.low_to),
            max(self.high_from, other.high_from),
            min(self.high_to, other.high_to),
        )

    @property
    def ends(self) -> tuple[float, float, float, float]:
        """The four ends, in their order."""
        return self.low_from, self.low_to, self.high_from, self.high_to


def date_boxes(value: DateValue) -> tuple[Box, ...]:
    """Return the boxes of a date: a row is [low, high) in microseconds."""
    return _DATES[value.prefix](value.low, value.high)


_DATES: Final[dict[str, Callable[[int, int], tuple[Box, ...]]]] = {
    "eq": lambda low, high: (_within(low, high),),
    "ne": lambda low, high: (_starts_before(low), _ends_after(high)),
    "gt": lambda _low, high: (_ends_after(high),),
    "lt": lambda low, _high: (_starts_before(low),),
    "ge": lambda low, high: (_ends_after(high), _within(low, high)),
    "le": lambda low, high: (_starts_before(low), _within(low, high)),
    "sa": lambda _low, high: (Box(high, FOREVER, -FOREVER, FOREVER),),
    "eb": lambda low, _high: (Box(-FOREVER, FOREVER, -FOREVER, low + 1),),
    "ap": lambda low, high: (Box(-FOREVER, high, low + 1, FOREVER),),
}


def _within(low: int, high: int) -> Box:
    return Box(low, high, low + 1, high + 1)


def _starts_before(low: int) -> Box:
    return Box(-FOREVER, low, -FOREVER, FOREVER)


def _ends_after(high: int) -> Box:
    return Box(-FOREVER, FOREVER, high + 1, FOREVER)


def number_boxes(value: NumberValue | QuantityValue) -> tuple[Box, ...]:
    """Return the boxes of a number: a row is [low, high], both ends included."""
    return _NUMBERS[value.prefix](value.value, value.low, value.high)


def _next(value: float) -> float:
    return math.nextafter(value, math.inf)


# More than the index writes for an end that is open; infinity has no JSON.
_END: Final = sys.float_info.max
_NUMBERS: Final[dict[str, Callable[[float, float, float], tuple[Box, ...]]]] = {
    "eq": lambda _value, low, high: (Box(low, high, low, high),),
    "ne": lambda _value, low, high: (Box(-_END, low, -_END, _END), Box(-_END, _END, high, _END)),
    "gt": lambda value, _low, _high: (Box(-_END, _END, _next(value), _END),),
    "lt": lambda value, _low, _high: (Box(-_END, value, -_END, _END),),
    "ge": lambda value, _low, _high: (Box(-_END, _END, value, _END),),
    "le": lambda value, _low, _high: (Box(-_END, _next(value), -_END, _END),),
    "sa": lambda value, _low, _high: (Box(_next(value), _END, -_END, _END),),
    "eb": lambda value, _low, _high: (Box(-_END, _END, -_END, value),),
    "ap": lambda _value, low, high: (Box(-_END, _next(high), low, _END),),
}


def spanned(box: Box, spans: tuple[float | None, ...]) -> Iterator[tuple[int, Box]]:
    """Yield (span, box) for each kind of row, the range of `low` as narrow as it can be.

    A row is at most as long as its span says, and ends no sooner than it begins.
    """
    for width, longest in enumerate(spans):
        low_from, low_to = box.low_from, min(box.low_to, box.high_to)
        if longest is not None:
            low_from = max(low_from, box.high_from - longest)
        if low_from < low_to:
            for several in (0, 1):
                yield 2 * width + several, Box(low_from, low_to, box.high_from, box.high_to)


def spans_of(*, dates: bool) -> tuple[float | None, ...]:
    """Return the lengths that rows of a table are sorted by."""
    return DATE_SPANS if dates else QUANTITY_SPANS
