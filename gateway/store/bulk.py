"""Millions of resources within minutes: rows straight into the tables of a database at rest.

What is written is what the gateway itself would have written: content as `gateway.fhir.wire` dumps
it, index rows as `index_rows` finds them. Keys and indexes are made after the rows, which come
sorted then; that is all that makes it quick. Nobody else may use the database meanwhile, and there
are no journal, no outbox and no second version: this is for stores that are made, not for care.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, func, select
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from gateway.fhir.search.index import index_rows
from gateway.fhir.wire import dumps, loads
from gateway.store.index_records import records
from gateway.store.index_state import COLUMNS, new_state
from gateway.store.statements import INDEX_COLUMNS, INDEXES, RESOURCE, VERSION, table
from gateway.store.tables import IndexStateRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Table

    from gateway.fhir.wire import Resource

Rows = dict[str, list[tuple[Any, ...]]]

_RESOURCE: Final = ("rid", "type", "id", "version", "seq", "deleted", "digest", "updated")
_VERSION: Final = ("seq", "rid", "version", "updated", "method", "content")
_STATE: Final = "state"


def rows_of(resources: Iterable[Resource], first: int, updated: int, stamp: str) -> Rows:
    """Return the rows of new resources by table, numbered from `first`.

    `updated` is when they are said to be written, in microseconds since the epoch, and `stamp` the
    same as an instant of FHIR.
    """
    rows: Rows = defaultdict(list)
    meta = {"versionId": "1", "lastUpdated": stamp}
    for seq, given in enumerate(resources, first):
        stamped = {"resourceType": given["resourceType"], "id": given["id"]}
        stamped["meta"] = meta | given.get("meta", {})
        stamped |= {name: part for name, part in given.items() if name not in stamped}
        content = dumps(stamped)
        resource = loads(content)
        digest = seq.to_bytes(16, "big")
        identity = given["resourceType"], given["id"]
        rows["resource"].append((seq, *identity, 1, seq, 0, digest, updated))
        rows["version"].append((seq, seq, 1, updated, "PUT", content))
        for name, found in records(index_rows(resource)).items():
            rows[name] += [(*row, seq) for row in found]
    return dict(rows)


def load(url: str, types: Sequence[str], batches: Iterable[Rows]) -> None:
    """Add the rows of new resources of these types to the migrated database of `url`.

    Their numbers must be above those that the database has.
    """
    held = _held_types(url)
    # That every search parameter of these types is indexed, as a first resource leaves it.
    states = [astuple(new_state(name)) for name in sorted(set(types) - held)]
    adding = _load_sqlite if url.startswith("sqlite") else _load_postgres
    adding(url, _with_states(states, batches))


def last_number(url: str) -> int:
    """Return the last number that the database of `url` has given to a version, 0 for none."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(select(func.max(VERSION.c.seq))).scalar()
    engine.dispose()
    return int(found or 0)


def _with_states(states: list[tuple[Any, ...]], batches: Iterable[Rows]) -> Iterator[Rows]:
    yield {_STATE: states}
    yield from batches


def _held_types(url: str) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        held = {row[0] for row in connection.execute(select(table(IndexStateRow).c.type))}
    engine.dispose()
    return held


def _columns() -> dict[str, tuple[Table, tuple[str, ...]]]:
    """Return the tables that hold resources, each with the columns that rows here have."""
    found: dict[str, tuple[Table, tuple[str, ...]]] = {
        name: (target, (*INDEX_COLUMNS[name], "rid")) for name, target in INDEXES.items()
    }
    found["resource"], found["version"] = (RESOURCE, _RESOURCE), (VERSION, _VERSION)
    return found | {_STATE: (table(IndexStateRow), COLUMNS)}


def _load_sqlite(url: str, batches: Iterable[Rows]) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=FILE"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("ATTACH '' AS stage")
    known = _columns()
    dialect = create_engine("sqlite://").dialect
    indexes = [index for target, _ in known.values() for index in target.indexes]
    connection.execute("BEGIN")
    for index in indexes:
        connection.execute(str(DropIndex(index).compile(dialect=dialect)))
    for name, (_, listed) in known.items():
        connection.execute(f"CREATE TABLE stage.new_{name} ({', '.join(listed)})")
    for rows in batches:
        for name, values in rows.items():
            places = ", ".join("?" * len(known[name][1]))
            inserting = f"INSERT INTO stage.new_{name} VALUES ({places})"  # noqa: S608 - names of tables of ours
            connection.executemany(inserting, values)
    for name, (target, listed) in known.items():
        key = ", ".join(column.name for column in target.primary_key)
        named = ", ".join(listed)
        filling = (
            f"INSERT OR IGNORE INTO main.{target.name} ({named}) "  # noqa: S608 - as above
            f"SELECT {named} FROM stage.new_{name} ORDER BY {key}"
        )
        connection.execute(filling)
    for index in indexes:
        connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("ANALYZE")
    connection.close()


def _load_postgres(url: str, batches: Iterable[Rows]) -> None:
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    known = _columns()
    tables = [target for target, _ in known.values()]
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        with _unkeyed(connection, url, tables):
            for rows in batches:
                for name, values in rows.items():
                    _copy(connection, *known[name], values)
        connection.commit()
        connection.autocommit = True
        # What autovacuum would have done in the meantime.
        connection.execute("VACUUM ANALYZE")


def _copy(
    connection: Any,  # noqa: ANN401 - a psycopg connection
    target: Table,
    listed: Sequence[str],
    values: Iterable[tuple[Any, ...]],
) -> None:
    statement = f"COPY {target.name} ({', '.join(listed)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            copy.write_row(row)


@contextmanager
def _unkeyed(
    connection: Any,  # noqa: ANN401 - as above
    url: str,
    tables: Sequence[Table],
) -> Iterator[None]:
    """Drop keys and indexes, and make them again at the end."""
    dialect = create_engine(url).dialect
    for target in tables:
        for index in target.indexes:
            connection.execute(str(DropIndex(index).compile(dialect=dialect)))
        target.primary_key.name = target.primary_key.name or f"{target.name}_pkey"
        connection.execute(str(DropConstraint(target.primary_key).compile(dialect=dialect)))
    yield
    for target in tables:
        connection.execute(str(AddConstraint(target.primary_key).compile(dialect=dialect)))
        for index in target.indexes:
            connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
