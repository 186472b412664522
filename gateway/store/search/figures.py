"""How many, how many different ones, how much: figures over all that a search finds.

Nothing is loaded: the database counts, along the index rows of search parameters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.figures import Between, Buckets, Extent, Path, Spread, Survey, Tally
from gateway.fhir.search.parameters import Kind
from gateway.store.search.compiling import Compiler
from gateway.store.search.selecting import scope_of, source_of
from gateway.store.search.sql import Piece, both, current, distinct, piece, select, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.search.query import SearchQuery
    from gateway.store.search.asking import Asker
    from gateway.store.search.sql import Flavor

# So many are counted to find the smallest condition: all that are found are looked at anyway.
_MOST: Final = 2_000_000
UCUM: Final = "http://unitsofmeasure.org"
_NOTHING: Final = "CAST(NULL AS text)"
_TABLES: Final = {
    Kind.REFERENCE: "index_reference",
    Kind.TOKEN: "index_token",
    Kind.DATE: "index_date",
    Kind.QUANTITY: "index_quantity",
}


def tallies(asker: Asker, query: SearchQuery, surveys: Sequence[Survey]) -> list[list[Tally]]:
    """Return the figures of each survey, a stratum each; none where nothing is found.

    One statement: what the search finds is found once, however many surveys there are.
    """
    base = select("r.rid AS rid", *_base(asker, query, ()))
    parts = [_survey(number, one, asker.flavor) for number, one in enumerate(surveys)]
    whole = union(parts) + Piece("ORDER BY 1, 2, 3, 6, 5")
    rows = asker.rows(Piece(f"WITH base AS MATERIALIZED ({base.text})", base.values) + whole)
    found: list[list[Tally]] = [[] for _ in surveys]
    for number, *row in rows:
        found[number].append(_tally(row, stratified=surveys[number].by is not None))
    return found


def _survey(place: int, survey: Survey, flavor: Flavor) -> Piece:
    """Return the figures of one survey over the resources in `base`."""
    joins: list[Piece] = []
    columns = [
        *_stratum(survey.by, flavor, joins),
        _once(survey.once, flavor, joins),
        *_value(survey.value, flavor, joins),
    ]
    names = zip(columns, ("a", "b", "k", "v", "u"), strict=True)
    told = ", ".join(f"{one} AS {name}" for one, name in names)
    inner = select(told, Piece("FROM base r"), *joins)
    if survey.once is not None and survey.value is not None:
        # What is counted once counts with its smallest value: the first of several delays.
        least = "SELECT l.a, l.b, l.k, min(l.v) AS v, l.u"
        inner = Piece(f"{least} FROM ({inner.text}) l GROUP BY l.a, l.b, l.k, l.u", inner.values)
    number = "count(*)" if survey.once is None else "count(DISTINCT f.k)"
    total = "f.v" if survey.each else "sum(f.v)"
    grouped = "f.a, f.b, f.u" + (", f.v" if survey.each else "")
    rows = Piece(f"FROM ({inner.text}) f GROUP BY {grouped}", inner.values)
    return select(f"{place} AS survey, f.a, f.b, {number} AS n, {total} AS v, f.u", rows)


def extents(asker: Asker, query: SearchQuery, spread: Spread) -> list[Extent]:
    """Return when each of what is counted once begins and ends, in each stratum."""
    joins: list[Piece] = []
    one, other = _stratum(spread.by, asker.flavor, joins)
    key = _once(spread.once, asker.flavor, joins)
    when = f"{_joined(spread.when, asker.flavor, 'w', joins)}.low"
    base = _base(asker, query, joins)
    inner = select(f"{one} AS a, {other} AS b, {key} AS k, {when} AS w", *base)
    known = Piece(f"FROM ({inner.text}) f WHERE f.k IS NOT NULL AND f.w IS NOT NULL", inner.values)
    grouped = known + Piece("GROUP BY f.a, f.b, f.k ORDER BY 1, 2, 3")
    rows = asker.rows(select("f.a, f.b, f.k, min(f.w), max(f.w)", grouped))
    return [
        Extent(_named(one, other, stratified=spread.by is not None), key, first, last)
        for one, other, key, first, last in rows
    ]


def members(asker: Asker, query: SearchQuery, once: Path | None, limit: int) -> list[str]:
    """Return what is counted, `Type/id`, in the order of these texts, at most `limit`."""
    joins: list[Piece] = []
    key = _key("r.type", "r.id") if once is None else _once(once, asker.flavor, joins)
    inner = select(f"{key} AS k", *_base(asker, query, joins))
    place = Piece(f"FROM ({inner.text}) f WHERE f.k IS NOT NULL", inner.values)
    end = piece("ORDER BY 1 LIMIT ?", limit)
    return [row[0] for row in asker.rows(select("DISTINCT f.k", place, end))]


def _tally(row: Sequence[Any], *, stratified: bool) -> Tally:
    one, other, number, total, unit = row
    stratum = _named(one, other, stratified=stratified)
    return Tally(stratum, number, None if total is None else float(total), unit or "")


def _named(one: str | None, other: str | None, *, stratified: bool) -> tuple[str, str] | None:
    return (one or "", other) if stratified and other is not None else None


def _base(asker: Asker, query: SearchQuery, joins: Sequence[Piece]) -> list[Piece]:
    """Return FROM the resources `r` of a search with what is joined to each, and WHERE."""
    compiler = Compiler(asker)
    nodes = tuple(compiler.node(condition, (query.type,)) for condition in query.clauses)
    scope = scope_of(asker, (query.type,), nodes)
    found = source_of(asker, scope, _MOST)
    if found is None:
        return [Piece("FROM resource r"), *joins, Piece("WHERE"), both(scope.conditions(asker))]
    source, node = found
    others = tuple(one for one in scope.nodes if one is not node)
    place = distinct(source) + current(asker.flavor, "r", "h.rid")
    conditions = replace(scope, nodes=others).conditions(asker)
    return [place, *joins, Piece("WHERE"), both(conditions)]


def _stratum(by: Path | Buckets | None, flavor: Flavor, joins: list[Piece]) -> tuple[str, str]:
    """Return two columns that name the stratum of a resource."""
    if by is None:
        return _NOTHING, _NOTHING
    if isinstance(by, Buckets):
        return _NOTHING, _bucket(_joined(by.path, flavor, "b", joins), by.ends)
    alias = _joined(by, flavor, "b", joins)
    match by.end.kind:
        case Kind.REFERENCE:
            return f"{alias}.target_type", f"{alias}.target_id"
        case _:
            return f"{alias}.system", f"{alias}.code"


def _bucket(alias: str, ends: Sequence[int]) -> str:
    """Return the number of the span that an instant lies in, as text; numbers are our own."""
    whens = " ".join(f"WHEN {alias}.low < {int(end)} THEN '{n}'" for n, end in enumerate(ends))
    last = f"WHEN {alias}.low IS NOT NULL THEN '{len(ends)}'"
    return f"CASE {whens} {last} END"


def _once(once: Path | None, flavor: Flavor, joins: list[Piece]) -> str:
    if once is None:
        return _NOTHING
    alias = _joined(once, flavor, "o", joins)
    return _key(f"{alias}.target_type", f"{alias}.target_id")


def _key(kind: str, identity: str) -> str:
    return f"{kind} || '/' || {identity}"


def _value(value: Path | Between | None, flavor: Flavor, joins: list[Piece]) -> tuple[str, str]:
    """Return the columns of a value and of its unit."""
    if value is None:
        return "CAST(NULL AS double precision)", _NOTHING
    if isinstance(value, Between):
        start = _joined(value.start, flavor, "s", joins)
        end = _joined(value.end, flavor, "e", joins)
        return f"{end}.low - {start}.low", _NOTHING
    alias = _joined(value, flavor, "v", joins)
    return f"{alias}.low", f"{alias}.code"


def _joined(path: Path, flavor: Flavor, prefix: str, joins: list[Piece]) -> str:
    """Join what a path leads to, where there is something; return the alias of its rows."""
    owner = "r"
    for number, (step, kind) in enumerate(path.steps):
        link, owner_of = f"{prefix}l{number}", owner
        table = flavor.by_resource("index_reference", link)
        on = piece(f"ON {link}.rid = {owner_of}.rid AND {link}.param = ?", step.id)
        of_type = piece(f"AND {link}.target_type = ?", kind)
        owner = f"{prefix}r{number}"
        there = f"{owner}.type = {link}.target_type AND {owner}.id = {link}.target_id"
        joins.append(Piece(f"LEFT JOIN {table}") + on + of_type)
        joins.append(Piece(f"LEFT JOIN resource {owner} ON {there} AND {owner}.deleted = 0"))
    table = flavor.by_resource(_TABLES[path.end.kind], prefix)
    on = piece(f"ON {prefix}.rid = {owner}.rid AND {prefix}.param = ?", path.end.id)
    if path.end.kind is Kind.QUANTITY:
        # A quantity that is written in two ways has a row for each.
        on += piece(f"AND {prefix}.system = ?", UCUM)
    joins.append(Piece(f"LEFT JOIN {table}") + on)
    return prefix
