"""Fixtures shared by all suites: the corpus, a store on each database."""

from __future__ import annotations

import contextlib
import gc
import glob
import itertools
import os
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.store.api import Store, open_store
from gateway.store.migrate import HEAD, current_revision, migrate

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("GATEWAY_SHARED", ROOT.parent / "shared"))


# A process that begins one of these last is waited for by all the others.
_LONGEST = (
    "tests/e2e/test_kill.py",
    "tests/e2e/test_demo.py",
    "tests/e2e/",
    "tests/interop/test_own_profiles.py",
    "tests/unit/rest/test_to_the_letter.py",
    "tests/contract/",
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage: what is collected here stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; within a file nothing moves."""

    def place(item: pytest.Item) -> int:
        found = (n for n, name in enumerate(_LONGEST) if item.nodeid.startswith(name))
        return next(found, len(_LONGEST))

    items.sort(key=place)


def _ports() -> Iterator[int]:
    """Give the ports of this worker of pytest over and over, from one that no other run begins at.

    Below those that the system gives to outgoing connections: what was free a moment ago is not
    taken by any of them meanwhile.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % _WORKERS
    first = _FIRST_PORT + worker * _PORTS_EACH
    start = random.randrange(_PORTS_EACH)
    return (first + (start + number) % _PORTS_EACH for number in itertools.count())


_FIRST_PORT, _WORKERS, _PORTS_EACH = 12_000, 4, 5_000
_PORTS = _ports()


def free_port() -> int:
    """Return a port nobody listens on, another one at each call."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError  # there is always another one


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "corpus").is_dir():
        pytest.skip("the corpus is not there: set GATEWAY_SHARED")
    return SHARED


def _postgres_binaries() -> Path | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))  # noqa: PTH207 - absolute pattern
    if found:
        return Path(found[-1]).parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _own_database(url: str) -> str:
    """Return a new database on that server for each process of a run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return url
    given = make_url(url)
    name = f"{given.database}_{worker}"
    engine = create_engine(given, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return given.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port, gone with the session."""
    given = os.environ.get("PASSERELLE_TEST_POSTGRESQL")
    if given:
        yield _own_database(given)
        return
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    place = tmp_path_factory.mktemp("postgresql")
    place.chmod(0o777)
    for parent in place.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    # PostgreSQL refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    data, port = place / "data", free_port()
    command = [*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
    subprocess.run(command, check=True, capture_output=True, cwd=place)
    server = subprocess.Popen(
        # Without flushing: no test cuts the power of this server.
        [
            *prefix,
            str(binaries / "postgres"),
            "-F",
            "-c",
            "full_page_writes=off",
            "-D",
            str(data),
            "-p",
            str(port),
            "-k",
            str(place),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=place,
    )
    try:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str) -> None:
    """Wait until it takes connections: it listens before, and says that it is starting up."""
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    for _ in range(1200):
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    message = "PostgreSQL did not start"
    raise RuntimeError(message)


def empty_postgres(url: str) -> None:
    """Drop everything that an earlier test left."""
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _is_migrated(url: str) -> bool:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = current_revision(connection) == HEAD
    engine.dispose()
    return found


def clear_postgres(url: str) -> None:
    """Take the rows out of every table: a tenth of the time that it takes to make the tables."""
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        named = connection.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchone()
        assert named is not None
        connection.execute(f"TRUNCATE {named[0]}")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
    else:
        url = str(request.getfixturevalue("postgres_url"))
        if _is_migrated(url):
            clear_postgres(url)
            return url
        empty_postgres(url)
    migrate(url)
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate(url)
    opened = open_store(url)
    yield opened
    opened.close()
