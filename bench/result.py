"""What was measured, what is aimed at, and the table of both."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """One line of the table; `floors` is empty when the aim is absolute."""

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


_HEAD = ("", "gateway", "floor", "unit", "ratio", "aim", "met", "spread of the gateway", "")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [_HEAD, ("---", *["---:"] * 2, "---", "---:", *["---"] * 4), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        _number(row.value),
        _number(statistics.median(row.floors)) if row.floors else "",
        row.unit,
        "" if row.ratio is None else f"{row.ratio:.0%}",
        "" if row.aim is None else str(row.aim),
        {True: "yes", False: "**no**", None: ""}[row.met],
        f"{_number(min(row.values))} - {_number(max(row.values))}",
        row.remark,
    )


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"
