"""One search from beginning to end, over one state of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.records import Page, Stored
from gateway.store.search.compiling import Compiler
from gateway.store.search.contents import PAGE_BYTES, current_versions
from gateway.store.search.cursor import read_cursor, write_cursor
from gateway.store.search.including import included
from gateway.store.search.keys import keys_of
from gateway.store.search.selecting import Scope, in_order_of_rid, scope_of
from gateway.store.search.sorting import Place, in_order_of_keys
from gateway.store.search.sql import Piece, current, select
from gateway.store.search.totals import about, exactly

if TYPE_CHECKING:
    from gateway.fhir.search.query import SearchQuery
    from gateway.store.search.asking import Asker


@dataclass(frozen=True, slots=True)
class Total:
    """How many match; None when nobody asked."""

    number: int | None = None
    estimated: bool = False


def run(asker: Asker, query: SearchQuery) -> Page:
    """Return one page; raises `InvalidSearch` for a cursor that is not of this search."""
    start = read_cursor(query)
    scope = _scope(asker, query)
    if query.summary_count or query.count == 0:
        total = _total(asker, query, scope, None)
        return Page((), total=total.number, estimated=total.estimated)
    places = _places(asker, query, scope, start, query.count + 1)
    matches, following = _matches(asker, query, places)
    whole = len(places) if start is None and following is None else None
    total = _total(asker, query, scope, whole)
    more, truncated = _included(asker, query, matches)
    return Page(
        tuple(matches),
        tuple(more),
        following,
        total.number,
        estimated=total.estimated,
        truncated=truncated,
    )


def matching_ids(asker: Asker, query: SearchQuery, limit: int) -> list[str]:
    """Return ids of what matches, in order of creation, at most `limit`."""
    rids = in_order_of_rid(asker, _scope(asker, query), 0, limit)
    place = Piece("FROM") + asker.flavor.listed(rids) + current(asker.flavor, "r", "j.rid")
    found = asker.rows(select("r.id", place, Piece("ORDER BY r.rid")))
    return [row[0] for row in found]


def _scope(asker: Asker, query: SearchQuery) -> Scope:
    types = (query.type,) if query.type else query.types
    compiler = Compiler(asker)
    nodes = tuple(compiler.node(condition, types) for condition in query.clauses)
    return scope_of(asker, types, nodes)


def _places(
    asker: Asker, query: SearchQuery, scope: Scope, start: Place | None, limit: int
) -> list[Place]:
    keys = keys_of(query.sort)
    if keys:
        return in_order_of_keys(asker, scope, keys, start, limit)
    rids = in_order_of_rid(asker, scope, start.rid if start else 0, limit)
    return [Place((), rid) for rid in rids]


def _matches(
    asker: Asker, query: SearchQuery, places: list[Place]
) -> tuple[list[Stored], str | None]:
    """Return the resources of a page, and the cursor behind it."""
    page = places[: query.count]
    found: list[Stored] = []
    size = 0
    for one in current_versions(asker, [place.rid for place in page]):
        size += len(one.content)
        if found and size > PAGE_BYTES:
            return found, write_cursor(query, page[len(found) - 1])
        found.append(one)
    following = write_cursor(query, page[-1]) if len(places) > len(page) else None
    return found, following


def _total(asker: Asker, query: SearchQuery, scope: Scope, whole: int | None) -> Total:
    """Return the total: `whole` when the first page holds everything."""
    if query.total == "none" and not (query.summary_count or query.count == 0):
        return Total()
    if whole is not None:
        return Total(whole)
    if query.total == "estimate":
        return Total(*about(asker, scope))
    if query.total == "accurate" or query.summary_count or query.count == 0:
        return Total(exactly(asker, scope))
    return Total()


def _included(asker: Asker, query: SearchQuery, matches: list[Stored]) -> tuple[list[Stored], bool]:
    if not query.includes or not matches:
        return [], False
    rids, truncated = included(asker, query.includes, [one.rid for one in matches])
    found: list[Stored] = []
    size = sum(len(one.content) for one in matches)
    for one in current_versions(asker, rids):
        size += len(one.content)
        if size > PAGE_BYTES:
            return found, True
        found.append(one)
    return found, truncated
