"""What was measured, what is aimed at, and the tables of both."""

from __future__ import annotations

import itertools
import re
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.rivals import Measured


class Line(Protocol):
    """One line of a table."""

    head: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str:
        """What was measured."""

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none."""

    def cells(self) -> tuple[str, ...]:
        """Return the line, in the order of `head`."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What the number should be: a share of the floor, or an upper bound in the row's unit."""

    share: float | None = None
    below: float | None = None

    def __str__(self) -> str:
        """Return the aim as it is written in the table."""
        return f">= {self.share:.0%} of the floor" if self.share else f"< {self.below:g}"


@dataclass(slots=True)
class Row:
    """The gateway beside a floor; `floors` is empty when the aim is absolute."""

    head: ClassVar[tuple[str, ...]] = (
        "",
        "gateway",
        "floor",
        "unit",
        "ratio",
        "aim",
        "met",
        "spread of the gateway",
        "",
    )

    family: str
    name: str
    unit: str
    aim: Aim | None = None
    values: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    remark: str = ""

    @property
    def value(self) -> float:
        """The median of the repetitions."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """The gateway's median divided by the floor's."""
        return self.value / statistics.median(self.floors) if self.floors else None

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none."""
        if self.aim is None:
            return None
        if self.aim.share is not None:
            return (self.ratio or 0) >= self.aim.share
        return self.value < (self.aim.below or 0)

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        return (
            self.name,
            number(self.value),
            number(statistics.median(self.floors)) if self.floors else "",
            self.unit,
            "" if self.ratio is None else f"{self.ratio:.0%}",
            "" if self.aim is None else str(self.aim),
            verdict(met=self.met),
            f"{number(min(self.values))} - {number(max(self.values))}",
            self.remark,
        )


@dataclass(slots=True)
class BesideRow:
    """The gateway beside a floor and another server that does the same; more is better."""

    head: ClassVar[tuple[str, ...]] = (
        "",
        "gateway",
        "floor",
        "Orthanc",
        "unit",
        "of the floor",
        "times Orthanc",
        "aim",
        "met",
        "spread of the gateway",
    )

    name: str
    unit: str
    # How many times the other server's number the gateway's should be; or the number itself.
    times: float | None = None
    least: float | None = None
    values: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median of the repetitions."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """The gateway's median divided by the other server's."""
        return self.value / statistics.median(self.others) if self.others else None

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none or nothing to compare with."""
        if self.least is not None:
            return self.value >= self.least
        return None if self.times is None or self.ratio is None else self.ratio >= self.times

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        floor = statistics.median(self.floors) if self.floors else None
        aim = f">= {self.times:g} times Orthanc" if self.times else ""
        return (
            self.name,
            number(self.value),
            "" if floor is None else number(floor),
            number(statistics.median(self.others)) if self.others else "",
            self.unit,
            "" if floor is None else f"{self.value / floor:.0%}",
            "" if self.ratio is None else f"{self.ratio:.1f}",
            aim if self.least is None else f">= {self.least:g}",
            verdict(met=self.met),
            f"{number(min(self.values))} - {number(max(self.values))}",
        )


@dataclass(slots=True)
class TimeRow:
    """How long the gateway and another server take over the same; less is better."""

    head: ClassVar[tuple[str, ...]] = (
        "",
        "gateway",
        "Orthanc",
        "unit",
        "times as fast",
        "aim",
        "met",
        "spread of the gateway",
    )

    name: str
    below: float | None = None
    unit: str = "ms"
    values: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median of the repetitions."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none."""
        return None if self.below is None else self.value < self.below

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        other = statistics.median(self.others) if self.others else None
        return (
            self.name,
            number(self.value),
            "" if other is None else number(other),
            self.unit,
            "" if other is None else f"{other / self.value:.1f}",
            "" if self.below is None else f"< {self.below:g}",
            verdict(met=self.met),
            f"{number(min(self.values))} - {number(max(self.values))}",
        )


@dataclass(slots=True)
class ScaleRow:
    """One request over stores of growing size: median and 99th percentile of its time, in ms."""

    head: ClassVar[tuple[str, ...]] = (
        "",
        "resources",
        "median, ms",
        "99 %, ms",
        "median, last to first",
        "aim",
        "met",
    )
    most: ClassVar[float] = 1.5
    # Below this, in ms, a ratio is noise.
    least: ClassVar[float] = 0.5

    name: str
    times: dict[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def growth(self) -> float | None:
        """How much slower the largest store is than the smallest."""
        medians = [median for median, _ in self.times.values()]
        return max(medians[-1], self.least) / max(medians[0], self.least) if medians[1:] else None

    @property
    def met(self) -> bool | None:
        """Whether the time is flat."""
        return None if self.growth is None else self.growth <= self.most

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table, one item a size."""
        return (
            self.name,
            " / ".join(f"{size:,}".replace(",", " ") for size in self.times),
            " / ".join(number(median) for median, _ in self.times.values()),
            " / ".join(number(late) for _, late in self.times.values()),
            "" if self.growth is None else f"{self.growth:.2f}",
            "" if self.growth is None else f"<= {self.most:g}",
            verdict(met=self.met),
        )


@dataclass(slots=True)
class RivalRow:
    """The gateway beside another server: answers a second, and a second of one core."""

    head: ClassVar[tuple[str, ...]] = (
        "",
        "rival",
        "gateway, answers/s",
        "rival, answers/s",
        "gateway, a core",
        "rival, a core",
        "ratio, a core",
        "aim",
        "met",
    )

    name: str
    rival: str
    own: Measured
    # What was measured, or why nothing was.
    other: Measured | str
    aim: float | None = None

    @property
    def ratio(self) -> float | None:
        """Answers a second of one core, the gateway's divided by the rival's."""
        if isinstance(self.other, str) or not self.other.per_core:
            return None
        return self.own.per_core / self.other.per_core

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none or nothing to compare with."""
        return None if self.aim is None or self.ratio is None else self.ratio >= self.aim

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        other = self.other
        told = (other, "") if isinstance(other, str) else _told(other)
        own = _told(self.own)
        return (
            self.name,
            self.rival,
            own[0],
            told[0],
            own[1],
            told[1],
            "" if self.ratio is None else f"{self.ratio:.1f}",
            "" if self.aim is None else f">= {self.aim:g}",
            verdict(met=self.met),
        )


def _told(measured: Measured) -> tuple[str, str]:
    return number(measured.answered.rate), number(measured.per_core)


def table(rows: Iterable[Line]) -> str:
    """Return the lines as Markdown tables, one for each run of lines of one kind."""
    grouped = itertools.groupby(rows, key=lambda row: row.head)
    return "\n\n".join(_table(head, list(lines)) for head, lines in grouped)


def _table(head: tuple[str, ...], rows: Sequence[Line]) -> str:
    # Numbers to the right, those of several sizes too.
    first = rows[0].cells()
    rule = ("---:" if re.fullmatch(r"[\d.,/ %]+", cell) else "---" for cell in first)
    lines = [head, tuple(rule), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict(*, met: bool | None) -> str:
    """Return how the table says whether an aim is met."""
    return {True: "yes", False: "**no**", None: ""}[met]


def number(value: float) -> str:
    """Return a number with three figures that count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"
