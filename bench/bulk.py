"""A store of any size within minutes: rows straight into the tables of an empty, migrated database.

What is written is what the gateway itself would have written: content as `gateway.fhir.wire` dumps
it, index rows as `index_rows` finds them. Primary keys and indexes are made after the rows, which
come sorted then; that is all that makes it quick. Every core prepares rows.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import astuple
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from bench.reports import EXAM, PHYSICIANS, exam, physician
from gateway.fhir.search.index import index_rows
from gateway.fhir.wire import dumps, loads
from gateway.store.index_records import records
from gateway.store.index_state import COLUMNS, new_state
from gateway.store.migrate import migrate
from gateway.store.statements import INDEX_COLUMNS, INDEXES, RESOURCE, VERSION, table
from gateway.store.tables import IndexStateRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Table

    Rows = dict[str, list[tuple[Any, ...]]]

_RESOURCE: Final = ("rid", "type", "id", "version", "seq", "deleted", "digest", "updated")
_VERSION: Final = ("seq", "rid", "version", "updated", "method", "content")
_STATE: Final = "state"
_TYPES: Final = ("DiagnosticReport", "Observation", "Patient", "Practitioner", "ServiceRequest")
_CHUNK: Final = 200
# 2026-01-01T00:00:00Z in microseconds.
_UPDATED: Final = 1_767_225_600_000_000
_STAMP: Final = {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00.000Z"}


def columns() -> dict[str, tuple[Table, tuple[str, ...]]]:
    """Return the tables that hold resources, each with the columns that rows here have."""
    found: dict[str, tuple[Table, tuple[str, ...]]] = {
        name: (target, (*INDEX_COLUMNS[name], "rid")) for name, target in INDEXES.items()
    }
    found["resource"], found["version"] = (RESOURCE, _RESOURCE), (VERSION, _VERSION)
    return found | {_STATE: (table(IndexStateRow), COLUMNS)}


def load(url: str, resources: int) -> None:
    """Migrate the empty database of `url` and fill it with the exams of `resources` resources."""
    migrate(url)
    batches = _batches(resources // EXAM)
    if url.startswith("sqlite"):
        _load_sqlite(url.removeprefix("sqlite:///"), batches)
    else:
        _load_postgres(url, batches)


def _batches(exams: int) -> Iterator[Rows]:
    # That every search parameter of these types is indexed, as a first resource leaves it.
    yield {_STATE: [astuple(new_state(name)) for name in _TYPES]}
    yield rows_of([physician(number) for number in range(PHYSICIANS)], 1)
    starts = range(0, exams, _CHUNK)
    with get_context("spawn").Pool() as workers:
        yield from workers.imap(_chunk, [(start, min(start + _CHUNK, exams)) for start in starts])


def _chunk(between: tuple[int, int]) -> Rows:
    first, last = between
    resources = (one for number in range(first, last) for one in exam(number))
    return rows_of(resources, 1 + PHYSICIANS + first * EXAM)


def rows_of(resources: Iterable[dict[str, Any]], first: int) -> Rows:
    """Return the rows of new resources by table, numbered from `first`."""
    rows: Rows = defaultdict(list)
    for seq, given in enumerate(resources, first):
        stamped = {"resourceType": given["resourceType"], "id": given["id"], "meta": _STAMP}
        stamped |= {name: part for name, part in given.items() if name not in stamped}
        content = dumps(stamped)
        resource = loads(content)
        digest = seq.to_bytes(16, "big")
        identity = given["resourceType"], given["id"]
        rows["resource"].append((seq, *identity, 1, seq, 0, digest, _UPDATED))
        rows["version"].append((seq, seq, 1, _UPDATED, "PUT", content))
        for name, found in records(index_rows(resource)).items():
            rows[name] += [(*row, seq) for row in found]
    return dict(rows)


def _load_sqlite(path: str, batches: Iterable[Rows]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    connection.execute("PRAGMA temp_store=FILE")
    connection.execute("ATTACH '' AS stage")
    known = columns()
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
    connection.close()


def _load_postgres(url: str, batches: Iterable[Rows]) -> None:
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    known = columns()
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
