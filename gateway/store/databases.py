"""Which database a URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from gateway.store.database import Database


def open_database(url: str) -> Database:
    """Open the database that `url` names; connections are made when first needed."""
    if make_url(url).get_backend_name() == "sqlite":
        from gateway.store.sqlite import SqliteDatabase  # noqa: PLC0415 - one of the two

        return SqliteDatabase(url)
    from gateway.store.postgresql import PostgresDatabase  # noqa: PLC0415 - as above

    return PostgresDatabase(url)
