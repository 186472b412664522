"""Bring the database to the tables that this version of the gateway expects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.errors import Unavailable

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

# The last file in migrations/versions; a test holds the two together.
HEAD: Final = "0006"
# Two gateways started at once must not migrate at once.
_ADVISORY_KEY: Final = 7_277_374
_SCHEMA: Final = Path(__file__).parent / "migrations" / "sqlite.sql"


def migrate(url: str) -> bool:
    """Upgrade the database at `url`, creating it when needed; False when it was current.

    Raises `Unavailable` when the database cannot be reached.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if current_revision(connection) == HEAD:
                return False
        _prepare(engine)
        with engine.begin() as connection:
            _lock(connection)
            if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
                _make(connection)
            if current_revision(connection) != HEAD:
                _require_known(connection)
                upgrade(connection)
            return True
    except DBAPIError as fault:
        message = f"The database cannot be opened or migrated: {fault.orig}"
        raise Unavailable(message) from fault
    finally:
        engine.dispose()


def _prepare(engine: Engine) -> None:
    """Let a new SQLite file give back the pages that it no longer needs.

    https://www.sqlite.org/pragma.html#pragma_auto_vacuum: only before the first table, or with
    VACUUM (`gateway journal prune --compact`).
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA auto_vacuum = INCREMENTAL"))
            if current_revision(connection) is None:
                # The header is written with the first page.
                connection.execute(text("VACUUM"))


def _lock(connection: Connection) -> None:
    """Let others wait who migrate the same database, and make of all steps one transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_KEY})"))
    else:
        # The driver itself begins none before a change of tables.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make(connection: Connection) -> None:
    """Make the tables of a new file by a script: what the migrations come to, ten times as fast.

    `scripts/compile_schema.py` writes it; migrations that are newer than it are run behind it.
    """
    for statement in _SCHEMA.read_text("utf-8").strip().split(";\n\n"):
        connection.exec_driver_sql(statement)


def current_revision(connection: Connection) -> str | None:
    """Return the migration the database is at, or None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row: Any = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def _require_known(connection: Connection) -> None:
    """Refuse a database that a later version has upgraded: there is no way back."""
    current = current_revision(connection)
    if current is not None and current > HEAD:
        message = (
            f"The database is that of a later version of the gateway (tables {current}, this one "
            f"knows {HEAD}): start that version, or bring the backup of before the upgrade back."
        )
        raise Unavailable(message)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` on an open connection."""
    # A fifth of a second that a current database need not pay at each start.
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(config(connection), revision)


def config(connection: Connection) -> Config:
    """Return the Alembic configuration over `connection`."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made
