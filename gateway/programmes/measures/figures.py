"""Figures as they are told: numbers by stratum, and the score that follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# (system, code) of a code, (type, id) of a reference, ("", text) of a month.
Value = tuple[str, str]
# How many resources have a value, and the value.
Weighted = tuple[float, int]

_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0, "wk": 604_800.0}


@dataclass(slots=True)
class Figures:
    """Numbers by kind of population, and the values that are aggregated."""

    numbers: dict[str, int] = field(default_factory=dict)
    values: list[Weighted] = field(default_factory=list)


@dataclass(slots=True)
class GroupFigures:
    """The figures of one group as a whole, and by stratifier and stratum.

    `searches` are the searches that found what was counted, by population; `members` the subjects
    (`Type/id`) when they were asked for, `withheld` how many of them a label keeps back.
    """

    whole: Figures = field(default_factory=Figures)
    strata: dict[str, dict[Value, Figures]] = field(default_factory=dict)
    searches: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)

    def stratum(self, stratifier: str, value: Value) -> Figures:
        """Return the figures of a stratum, new ones when there are none yet."""
        return self.strata.setdefault(stratifier, {}).setdefault(value, Figures())


def in_unit(value: float, given: str, wanted: str) -> float | None:
    """Return a duration in another unit of UCUM; None when one of them is no unit of time."""
    if given == wanted or not wanted:
        return value
    if given not in _SECONDS or wanted not in _SECONDS:
        return None
    return value * _SECONDS[given] / _SECONDS[wanted]


def score(scoring: str, method: str, figures: Figures) -> float | None:
    """Return the score of figures, None where there is none (nothing to divide by, no value).

    https://hl7.org/fhir/R4/clinicalreasoning-quality-reporting.html: exclusions are taken off.
    """
    if scoring == "continuous-variable":
        return aggregate(method, figures.values)
    if scoring == "cohort":
        return None
    numbers = figures.numbers
    below = _less(numbers, "denominator", "denominator-exclusion", "denominator-exception")
    above = _less(numbers, "numerator", "numerator-exclusion")
    return above / below if below else None


def _less(numbers: Mapping[str, int], whole: str, *parts: str) -> int:
    return numbers.get(whole, 0) - sum(numbers.get(part, 0) for part in parts)


def aggregate(method: str, values: Iterable[Weighted]) -> float | None:
    """Return what a method of cqfm-aggregateMethod makes of values, each so many times."""
    known = sorted((value, times) for value, times in values if times)
    number = sum(times for _, times in known)
    if method == "count":
        return float(number)
    if not known:
        return 0.0 if method == "sum" else None
    match method:
        case "minimum":
            return known[0][0]
        case "maximum":
            return known[-1][0]
        case "median":
            return _median(known, number)
        case _:
            total = sum(value * times for value, times in known)
            return total if method == "sum" else total / number


def _median(values: Sequence[Weighted], number: int) -> float:
    lower, upper = _at(values, (number - 1) // 2), _at(values, number // 2)
    return (lower + upper) / 2


def _at(values: Sequence[Weighted], place: int) -> float:
    seen = 0
    for value, times in values:
        seen += times
        if place < seen:
            return value
    raise IndexError(place)
