"""The resources that carry an identifier, for those who decide by their labels; reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from gateway.fhir.search.parameters import parameter
from gateway.fhir.wire import loads
from gateway.store.statements import RESOURCE, TOKEN, VERSION, render_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store


def by_identifier(store: Store, resource_type: str, values: Sequence[str]) -> list[Resource]:
    """Return the current resources that carry one of the values; raises `Unavailable`."""
    known = parameter(resource_type, "identifier")
    if known is None or not values:
        return []
    statement: Any = (
        select(VERSION.c.content)
        .join_from(TOKEN, RESOURCE, TOKEN.c.rid == RESOURCE.c.rid)
        .join(VERSION, VERSION.c.seq == RESOURCE.c.seq)
        .where(TOKEN.c.param == known.id, TOKEN.c.code.in_(values), RESOURCE.c.deleted == 0)
    )
    with store.database.reading() as cursor:
        cursor.execute(*render_values(statement, store.database.dialect))
        return [loads(bytes(row[0])) for row in cursor.fetchall()]
