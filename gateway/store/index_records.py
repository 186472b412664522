"""The index rows of a resource as the tables hold them.

A table holds ranges of dates and numbers by how long they are. A row of at most a day that ends
behind an instant begins at most a day before it: a search by the end of a range reads a narrow
part of an index that is sorted by the beginnings, whatever lies before it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.search.index import IndexRows

_HOUR: Final = 3_600_000_000
# A day may have 25 hours, and a month begins and ends at any of them.
DAY: Final = 25 * _HOUR
MONTH: Final = 31 * 24 * _HOUR + _HOUR
# By `span // 2`: the longest that a row may be, None without a limit. An odd `span` says that the
# resource has several rows of the parameter.
DATE_SPANS: Final = (DAY, MONTH, None)
QUANTITY_SPANS: Final = (0.0, None)

Records = dict[str, frozenset[tuple[Any, ...]]]
NO_RECORDS: Final[Mapping[str, frozenset[tuple[Any, ...]]]] = {}


def records(rows: IndexRows) -> Records:
    """Return {table name of `statements.INDEXES`: rows without the resource}."""
    return {
        "tokens": rows.tokens,
        "strings": rows.strings,
        "dates": _with_spans(rows.dates, _date_width),
        "references": rows.references,
        "uris": rows.uris,
        "quantities": _with_spans(rows.quantities, _quantity_width),
        "composites": rows.composites,
    }


def _with_spans(rows: frozenset[Any], width: Any) -> frozenset[tuple[Any, ...]]:  # noqa: ANN401 - a function of two numbers
    if len(rows) <= 1:
        return frozenset([(row[0], 2 * width(row[1], row[2]), *row[1:]) for row in rows])
    # Of the same range in two units, either finds what the other does.
    ranges = Counter(param for param, _, _ in {row[:3] for row in rows})
    return frozenset(
        [(row[0], 2 * width(row[1], row[2]) + (ranges[row[0]] > 1), *row[1:]) for row in rows]
    )


def _date_width(low: int, high: int) -> int:
    length = high - low
    return 0 if length <= DAY else 1 if length <= MONTH else 2


def _quantity_width(low: float, high: float) -> int:
    return int(low != high)
