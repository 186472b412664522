"""Which values an indexed parameter has, without reading every row of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer, bindparam, literal_column, select, tuple_

from gateway.store.statements import INDEXES, TOKEN, Sql, render

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from gateway.store.api import Store

MOST: Final = 1000
# Written into the text: every parameter of a rendered statement is one that is given.
_ZERO: Final = literal_column("0", Integer)
_ONE: Final = literal_column("1", Integer)


def tokens_in_use(store: Store, param: int, most: int = MOST) -> list[tuple[str, str]]:
    """Return each (system, code) that a token parameter finds anywhere, at most `most`.

    One look-up a value: each goes to the first row behind the last value.
    """
    found: list[tuple[str, str]] = []
    sql = _next_token(store.database.dialect)
    with store.database.reading() as cursor:
        code, system = "", ""
        while len(found) < most:
            given = {"param": param, "code": code, "system": system}
            cursor.execute(sql.text, [given[name] for name in sql.names])
            row = cursor.fetchone()
            if row is None:
                break
            code, system = row
            found.append((system, code))
    return found


def uris_in_use(store: Store, param: int, most: int = MOST) -> list[str]:
    """Return each URI that a parameter finds anywhere, at most `most`."""
    found: list[str] = []
    sql = _next_uri(store.database.dialect)
    with store.database.reading() as cursor:
        uri = ""
        while len(found) < most:
            given = {"param": param, "uri": uri}
            cursor.execute(sql.text, [given[name] for name in sql.names])
            row = cursor.fetchone()
            if row is None:
                break
            uri = row[0]
            found.append(uri)
    return found


@lru_cache(maxsize=8)
def _next_token(dialect: Dialect) -> Sql:
    columns = (TOKEN.c.code, TOKEN.c.system)
    statement = (
        select(*columns)
        .where(
            TOKEN.c.param == bindparam("param"),
            tuple_(*columns) > tuple_(bindparam("code"), bindparam("system")),
        )
        .order_by(*columns)
        .limit(_ONE)
        .offset(_ZERO)
    )
    return render(statement, dialect)


@lru_cache(maxsize=8)
def _next_uri(dialect: Dialect) -> Sql:
    uri = INDEXES["uris"]
    statement = (
        select(uri.c.uri)
        .where(uri.c.param == bindparam("param"), uri.c.uri > bindparam("uri"))
        .order_by(uri.c.uri)
        .limit(_ONE)
        .offset(_ZERO)
    )
    return render(statement, dialect)
