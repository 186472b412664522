"""Asks the database on behalf of one search, and can tell what was asked."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.store.search.sql import FLAVORS, Flavor, Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.database import Cursor


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement: what was asked, how the database goes about it, what it took."""

    text: str
    values: tuple[object, ...]
    plan: tuple[str, ...]
    rows: int
    seconds: float


@dataclass(slots=True)
class Asker:
    """A cursor with the flavor of its database; all it asks sees one state of the data."""

    cursor: Cursor
    flavor: Flavor
    local_bases: tuple[str, ...] = ()
    #: Filled when the search is to be explained.
    asked: list[Asked] | None = field(default=None)

    def rows(self, given: Piece) -> Sequence[Any]:
        """Return all rows of a statement."""
        text, values = self.flavor.final(given)
        if self.asked is not None:
            return self._explained(self.asked, text, values)
        self.cursor.execute(text, values)
        return self.cursor.fetchall()

    def number(self, given: Piece) -> int:
        """Return the one number that a statement gives."""
        return int(self.rows(given)[0][0])

    def _explained(self, asked: list[Asked], text: str, values: list[Any]) -> Sequence[Any]:
        sqlite = self.flavor is FLAVORS["sqlite"]
        self.cursor.execute(f"EXPLAIN QUERY PLAN {text}" if sqlite else f"EXPLAIN {text}", values)
        plan = tuple(str(row[-1] if sqlite else row[0]) for row in self.cursor.fetchall())
        began = time.perf_counter()
        self.cursor.execute(text, values)
        found = self.cursor.fetchall()
        took = time.perf_counter() - began
        asked.append(Asked(text, tuple(values), plan, len(found), took))
        return found

    def run(self, given: Piece) -> None:
        """Run a statement that gives no rows."""
        self.cursor.execute(*self.flavor.final(given))
