"""The migrations make the tables that the code expects, and can be undone."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from gateway.errors import Unavailable
from gateway.store import migrations
from gateway.store.api import open_store
from gateway.store.dicom_tables import METADATA
from gateway.store.migrate import HEAD, config, current_revision, migrate, upgrade
from tests.conftest import empty_postgres, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'gateway.db'}"
    url: str = request.getfixturevalue("postgres_url")
    empty_postgres(url)
    return url


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    opened = create_engine(empty_url, poolclass=NullPool)
    yield opened
    opened.dispose()


def differences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))


def test_an_empty_database_gets_exactly_the_tables_of_the_code(
    empty_url: str, engine: Engine
) -> None:
    assert migrate(empty_url) is True
    assert differences(engine) == []


def test_a_current_database_is_left_alone(empty_url: str) -> None:
    migrate(empty_url)
    assert migrate(empty_url) is False


def test_down_to_nothing_and_up_again(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)
    with engine.begin() as connection:
        command.downgrade(config(connection), "base")
    with engine.connect() as connection:
        assert current_revision(connection) is None
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert migrate(empty_url) is True
    assert differences(engine) == []


def test_what_is_stored_survives_a_second_migration(empty_url: str) -> None:
    migrate(empty_url)
    store = open_store(empty_url)
    with store.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": "kept"})
    store.close()
    migrate(empty_url)
    again = open_store(empty_url)
    assert again.read("Patient", "kept") is not None
    again.close()


def test_the_revision_of_the_code_is_the_newest_file() -> None:
    (place,) = migrations.__path__
    files = sorted(path.name for path in (Path(place) / "versions").glob("[0-9]*.py"))
    assert files[-1].partition("_")[0] == HEAD


def test_the_script_of_a_new_file_is_what_the_migrations_come_to(tmp_path: Path) -> None:
    """Made anew by `scripts/compile_schema.py`."""

    def dump(file: Path) -> list[str]:
        with closing(sqlite3.connect(file)) as connection:
            return list(connection.iterdump())

    migrate(f"sqlite:///{tmp_path / 'script.db'}")
    one_by_one = create_engine(f"sqlite:///{tmp_path / 'steps.db'}", poolclass=NullPool)
    with one_by_one.begin() as connection:
        upgrade(connection)
    assert dump(tmp_path / "script.db") == dump(tmp_path / "steps.db")


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE journal (mine TEXT)")
    with pytest.raises(Unavailable, match="journal already exists"):
        migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables == [("journal",)]


def test_two_who_begin_at_once_make_the_tables_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [url] * 4))
    assert migrate(url) is False


def test_a_database_that_cannot_be_reached_is_a_refusal_in_words() -> None:
    url = f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/postgres"
    with pytest.raises(Unavailable, match=r"The database cannot be opened or migrated"):
        migrate(url)


def test_a_file_that_is_no_database_is_a_refusal_in_words(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_bytes(b"certainly not a database" * 100)
    with pytest.raises(Unavailable, match="file is not a database"):
        migrate(f"sqlite:///{tmp_path / 'gateway.db'}")


def test_a_database_of_a_later_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match=r"a later version .* \(tables 9999, this one knows"):
        migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("9999",)
        ]
