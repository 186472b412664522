"""A search as SQL: one subquery over an index table a clause, keyset paging."""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, not_, or_, select

from gateway.errors import Unsupported
from gateway.fhir.search.parameters import Kind
from gateway.fhir.search.query import (
    DateValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
)
from gateway.fhir.search.values import InvalidSearch
from gateway.store.statements import CURRENT_COLUMNS, INDEXES, RESOURCE, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Select, Table

    from gateway.fhir.search.query import Clause, SearchQuery

_TABLES: Final[dict[Kind, Table]] = {
    Kind.TOKEN: INDEXES["tokens"],
    Kind.STRING: INDEXES["strings"],
    Kind.DATE: INDEXES["dates"],
    Kind.REFERENCE: INDEXES["references"],
    Kind.URI: INDEXES["uris"],
}

_LAST_POSITION: Final = (1 << 63) - 1


def search_statement(query: SearchQuery) -> Select[Any]:
    """Return the page of a search: one row more than asked tells that there is a next page."""
    column, descending = _order(query)
    statement = (
        select(*CURRENT_COLUMNS)
        .join_from(RESOURCE, VERSION, VERSION.c.seq == RESOURCE.c.seq)
        .where(*_conditions(query))
        .order_by(column.desc() if descending else column)
        .limit(query.count + 1)
    )
    if query.cursor is None:
        return statement
    after = read_cursor(query.cursor)
    return statement.where(column < after if descending else column > after)


def count_statement(query: SearchQuery) -> Select[Any]:
    """Return how many resources match."""
    return select(func.count()).select_from(RESOURCE).where(*_conditions(query))


def identity_statement(query: SearchQuery) -> Select[Any]:
    """Return the ids of what matches."""
    return select(RESOURCE.c.id).where(*_conditions(query)).order_by(RESOURCE.c.rid)


def _order(query: SearchQuery) -> tuple[ColumnElement[int], bool]:
    if not query.sort:
        return RESOURCE.c.rid, False
    name, descending = query.sort[0]
    if name != "_lastUpdated" or len(query.sort) > 1:
        message = f"Sorting by {name} is not supported: only _lastUpdated is."
        raise Unsupported(message)
    # seq grows with the commits, as lastUpdated does, and is never equal for two.
    return RESOURCE.c.seq, descending


def write_cursor(position: int) -> str:
    """Return an opaque cursor that continues behind `position`."""
    return base64.urlsafe_b64encode(f"v1:{position}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """Return the position of a cursor; raises `InvalidSearch` for one that is not ours."""
    with contextlib.suppress(ValueError):
        padded = cursor + "=" * (-len(cursor) % 4)
        version, _, position = base64.urlsafe_b64decode(padded).decode().partition(":")
        if version == "v1" and 0 <= int(position) <= _LAST_POSITION:
            return int(position)
    message = "The paging cursor is not one of this server's."
    raise InvalidSearch(message)


def _conditions(query: SearchQuery) -> list[ColumnElement[bool]]:
    own = [RESOURCE.c.type == query.type, RESOURCE.c.deleted == 0]
    return [*own, *map(_condition, query.clauses)]


def _condition(clause: Clause) -> ColumnElement[bool]:
    parameter = clause.parameter
    if parameter.code == "_id":
        codes = [value.code for value in clause.values if isinstance(value, TokenValue)]
        return RESOURCE.c.id.in_(codes)
    if parameter.code == "_lastUpdated":
        return or_(*(_updated(value) for value in clause.values if isinstance(value, DateValue)))
    table = _TABLES[parameter.kind]
    if clause.missing is not None:
        present = RESOURCE.c.rid.in_(select(table.c.rid).where(table.c.param == parameter.id))
        return not_(present) if clause.missing else present
    alternatives = or_(*(_match(table, clause, value) for value in clause.values))
    found = select(table.c.rid).where(table.c.param == parameter.id, alternatives)
    matching = RESOURCE.c.rid.in_(found)
    return not_(matching) if clause.modifier == "not" else matching


def _match(table: Table, clause: Clause, value: object) -> ColumnElement[bool]:
    columns = table.c
    match value:
        case TokenValue():
            return _token(columns, value)
        case StringValue():
            return _string(columns, clause.modifier, value)
        case DateValue():
            return _PREFIXES[value.prefix](columns.low, columns.high, value.low, value.high)
        case ReferenceValue():
            same = columns.target_id == value.id
            return and_(same, columns.target_type == value.type) if value.type else same
        case UriValue():
            found: ColumnElement[bool] = columns.uri == value.uri
            return found
        case _:
            message = f"The parameter {clause.parameter.code} cannot be searched yet."
            raise Unsupported(message)


def _token(columns: Any, value: TokenValue) -> ColumnElement[bool]:  # noqa: ANN401 - a column collection
    parts = []
    if value.code is not None:
        parts.append(columns.code == value.code)
    if value.system is not None:
        parts.append(columns.system == value.system)
    return and_(*parts)


def _string(columns: Any, modifier: str, value: StringValue) -> ColumnElement[bool]:  # noqa: ANN401 - as above
    found: ColumnElement[bool]
    if modifier == "exact":
        found = and_(columns.folded == value.text, columns.exact == value.exact)
    elif modifier == "contains":
        found = columns.folded.contains(value.text, autoescape=True)
    else:
        # A range rather than LIKE: both databases use the primary key for it.
        found = and_(columns.folded >= value.text, columns.folded < value.text + "\U0010ffff")
    return found


# https://hl7.org/fhir/R4/search.html#prefix: the resource's range [low, high) against the
# parameter's.
_PREFIXES: Final[dict[str, Callable[[Any, Any, int, int], ColumnElement[bool]]]] = {
    "eq": lambda low, high, start, end: and_(low >= start, high <= end),
    "ne": lambda low, high, start, end: not_(and_(low >= start, high <= end)),
    "gt": lambda _low, high, _start, end: high > end,
    "lt": lambda low, _high, start, _end: low < start,
    "ge": lambda low, high, start, end: or_(high > end, and_(low >= start, high <= end)),
    "le": lambda low, high, start, end: or_(low < start, and_(low >= start, high <= end)),
    "sa": lambda low, _high, _start, end: low >= end,
    "eb": lambda _low, high, start, _end: high <= start,
    "ap": lambda low, high, start, end: and_(low < end, high > start),
}


def _updated(value: DateValue) -> ColumnElement[bool]:
    moment = VERSION.alias()
    within = _PREFIXES[value.prefix](moment.c.updated, moment.c.updated + 1, value.low, value.high)
    current = select(moment.c.seq).where(moment.c.seq == RESOURCE.c.seq, within)
    return current.correlate(RESOURCE).exists()
