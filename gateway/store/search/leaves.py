"""One clause on one index table, read from either side.

From the side of the values a leaf is a select of resources (`source`): the primary key of the
table answers it. From the side of a resource it is a condition (`test`): the index on the resource
answers that. Which one is used is decided in `gateway.store.search.selecting`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.store.search.boxes import spanned, spans_of
from gateway.store.search.matches import BOX
from gateway.store.search.sql import Piece, both, either, piece, select, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.search.boxes import Box
    from gateway.store.search.matches import Match
    from gateway.store.search.sql import Flavor

# By span: from which `low` to which, excluded.
Reach = dict[int, tuple[float, float]]
_PLACE: Final = re.compile(r"\{(\d)\}")
SPANNED: Final = "t.span = {0} AND t.low >= {1} AND t.low < {2} AND t.high >= {3} AND t.high < {4}"
# More values than this are compared as one list.
_FEW: Final = 8


@dataclass(frozen=True, slots=True)
class Alternative:
    """Rows of values for one template: any of them will do."""

    template: str
    rows: tuple[tuple[object, ...], ...]
    key: str = ""

    def condition(self, flavor: Flavor) -> Piece:
        """Return the condition on a row `t`."""
        if len(self.rows) <= _FEW:
            return either([filled(self.template, row) for row in self.rows])
        if self.key:
            return flavor.among(self.key, ["\x1f".join(map(str, row)) for row in self.rows])
        values = flavor.rows(self.rows)
        inner = _named(self.template)
        return Piece(f"EXISTS (SELECT 1 FROM ({values.text}) j WHERE {inner})", values.values)

    def joined(self, flavor: Flavor, table: str) -> tuple[Piece, Piece]:
        """Return what to read rows `t` from, and the condition on them."""
        own = Piece(f"FROM {flavor.by_value(table, 't')}")
        if len(self.rows) == 1:
            return own, filled(self.template, self.rows[0])
        values = flavor.rows(self.rows)
        # In this order on both databases: a look-up a value.
        text = f"FROM ({values.text}) j CROSS JOIN {flavor.by_value(table, 't')}"
        return Piece(text, values.values), Piece(_named(self.template))


def filled(template: str, row: Sequence[object]) -> Piece:
    """Return the template with the parts of a value in its places."""
    order = [int(number) for number in _PLACE.findall(template)]
    return Piece(_PLACE.sub("?", template), tuple(row[number] for number in order))


def _named(template: str) -> str:
    return _PLACE.sub(r"j.c\1", template)


@dataclass(frozen=True, slots=True)
class Ranged:
    """A box with a condition on the unit, for resources with one row (0), several (1) or both."""

    box: Box
    unit: tuple[str, tuple[object, ...]] = ("", ())
    several: tuple[int, ...] = (0, 1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Rows of one table with one of the parameters, that meet any of the alternatives.

    `ranges` are the alternatives of dates and quantities. `in_order` says that the rows lie in the
    order of their resources.
    """

    table: str
    params: tuple[int, ...]
    alternatives: tuple[Alternative, ...] = ()
    ranges: tuple[Ranged, ...] = ()
    in_order: bool = False

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """Return whether a resource, by its alias, has such a row."""
        found = [one.condition(flavor) for one in (*self.alternatives, *self._tested())]
        place = flavor.of_resource(self.table, "t", f"{resource}.rid", self._params(flavor))
        rest = place + Piece("AND") + either(found) if found else place
        return Piece(f"EXISTS (SELECT 1 {rest.text}{flavor.fence})", rest.values)

    def source(self, flavor: Flavor) -> Piece:
        """Return a select of the resources, as `rid`, some of them several times."""
        alternatives = (*self.alternatives, *self._spanned())
        if not alternatives:
            # Ranges without a row that could lie in them; else any row will do.
            some = Piece("1 = 0") if self.ranges else self._params(flavor)
            start = Piece(f"FROM {flavor.by_value(self.table, 't')} WHERE")
            return select("t.rid AS rid", start, some)
        return union([self._select(one, flavor) for one in alternatives])

    def reach(self) -> Reach:
        """Return between which values the one row of a resource that meets a range begins."""
        found: Reach = {}
        spans = spans_of(dates=self.table == "index_date")
        for span, part in (each for one in self.ranges for each in spanned(one.box, spans)):
            first, last = found.get(span, (part.low_from, part.low_to))
            if span % 2 == 0:
                found[span] = min(first, part.low_from), max(last, part.low_to)
        return found

    def stream(self, flavor: Flavor) -> tuple[Piece, Piece]:
        """Return (table, condition) of rows `t` in the order of their resources.

        Only of a leaf that is `in_order`.
        """
        where = both([self._params(flavor), self.alternatives[0].condition(flavor)])
        return Piece(flavor.by_value(self.table, "t")), where

    def _select(self, one: Alternative, flavor: Flavor) -> Piece:
        start, condition = one.joined(flavor, self.table)
        where = both([self._params(flavor), condition])
        return select("t.rid AS rid", start, Piece("WHERE"), where)

    def _params(self, flavor: Flavor) -> Piece:
        if len(self.params) == 1:
            return piece("t.param = ?", self.params[0])
        return flavor.among("t.param", self.params)

    def _tested(self) -> tuple[Alternative, ...]:
        return _grouped([(BOX, one.box.ends, one.unit) for one in self.ranges])

    def _spanned(self) -> tuple[Alternative, ...]:
        spans = spans_of(dates=self.table == "index_date")
        return _grouped(
            [
                (SPANNED, (span, *part.ends), one.unit)
                for one in self.ranges
                for span, part in spanned(one.box, spans)
                if span % 2 in one.several
            ]
        )


def _grouped(
    given: list[tuple[str, tuple[object, ...], tuple[str, tuple[object, ...]]]],
) -> tuple[Alternative, ...]:
    rows: dict[str, list[tuple[object, ...]]] = {}
    for template, ends, (unit, parts) in given:
        whole = template
        if unit:
            whole = f"{template} AND {_shifted(unit, len(ends))}"
        rows.setdefault(whole, []).append((*ends, *parts))
    return tuple(Alternative(template, tuple(some)) for template, some in rows.items())


def _shifted(template: str, by: int) -> str:
    return _PLACE.sub(lambda place: f"{{{int(place[1]) + by}}}", template)


def together(leaves: Sequence[Leaf]) -> tuple[Leaf, Leaf]:
    """Return what meets all leaves by its one row, and what has several rows and meets the first.

    The leaves are ranges of one parameter, `ge` and `lt` for example: each alone may match half of
    all resources. Of a resource with one row, that row must meet all of them.
    """
    first, *others = leaves
    found = [(one.box, one.unit) for one in first.ranges]
    for leaf in others:
        found = [
            (box.common(one.box), _both_units(unit, one.unit))
            for box, unit in found
            for one in leaf.ranges
        ]
    single = tuple(Ranged(box, unit, (0,)) for box, unit in found)
    several = tuple(Ranged(one.box, one.unit, (1,)) for one in first.ranges)
    return replace(first, ranges=single), replace(first, ranges=several)


def _both_units(
    one: tuple[str, tuple[object, ...]], other: tuple[str, tuple[object, ...]]
) -> tuple[str, tuple[object, ...]]:
    if not one[0] or not other[0]:
        return one if one[0] else other
    return f"{one[0]} AND {_shifted(other[0], len(one[1]))}", (*one[1], *other[1])


def grouped_matches(found: list[Match]) -> tuple[Alternative, ...]:
    """Return matches of the same template as one alternative each."""
    rows: dict[tuple[str, str], dict[tuple[object, ...], None]] = {}
    for one in found:
        rows.setdefault((one.template, one.key), {})[one.parts] = None
    return tuple(Alternative(template, tuple(some), key) for (template, key), some in rows.items())
