"""What the database cannot do is a refusal; what was committed before stays."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.errors import Conflict, Invalid, OutOfSpace, Unavailable
from gateway.fhir.search.query import TooCostly, parse_search
from gateway.store import sqlite as sqlite_module
from gateway.store.api import Store, open_store
from gateway.store.group_commit import GroupCommit
from gateway.store.migrate import migrate
from gateway.store.records import NewDelivery
from gateway.store.sqlite import SqliteDatabase
from gateway.store.write_queue import WriteQueue
from tests.conftest import empty_postgres


def patient(number: int, size: int = 0) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{number}", "language": "f" * size or "fr"}


def put(store: Store, resource: dict[str, Any]) -> None:
    with store.transaction() as tx:
        tx.put(resource)


def writer(store: Store) -> sqlite3.Connection:
    assert isinstance(store.database, SqliteDatabase)
    assert store.database._writer is not None
    return store.database._writer


def delivery() -> NewDelivery:
    return NewDelivery(
        "d1",
        "Organization/o1",
        "Patient/p1",
        "Composition/c1",
        1,
        "mail",
        "",
        datetime(2026, 3, 28, tzinfo=UTC),
    )  # fmt: skip - one line a row


def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    def read(database: SqliteDatabase) -> str:
        together.wait(10)
        with database.reading() as cursor:
            mode: str = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        return mode

    together = threading.Barrier(6)
    # One file rarely meets the race; of two hundred, some did each time.
    for number in range(200):
        database = SqliteDatabase(f"sqlite:///{tmp_path / str(number)}.db")
        with closing(database), ThreadPoolExecutor(6) as readers:
            told = [readers.submit(read, database) for _ in range(6)]
            assert [one.result() for one in told] == ["wal"] * 6


def test_a_full_database_refuses_and_accepts_again_when_there_is_room(sqlite_store: Store) -> None:
    put(sqlite_store, patient(1))
    connection = writer(sqlite_store)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(OutOfSpace):
        put(sqlite_store, patient(2, size=1 << 20))
    refused = sqlite_store.read("Patient", "p2")
    kept = sqlite_store.read("Patient", "p1")
    connection.execute("PRAGMA max_page_count=1073741823")
    put(sqlite_store, patient(2, size=1 << 20))

    assert refused is None
    assert kept is not None
    assert [one.id for one in sqlite_store.history()] == ["p2", "p1"]


def test_all_who_share_a_commit_that_fails_are_refused(sqlite_store: Store) -> None:
    put(sqlite_store, patient(0))
    connection = writer(sqlite_store)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 2}")

    def attempt(number: int) -> str:
        try:
            put(sqlite_store, patient(number, size=1 << 18))
        except Unavailable as refusal:
            return type(refusal).__name__
        return "kept"

    with ThreadPoolExecutor(8) as senders:
        told = list(senders.map(attempt, range(1, 9)))

    held = {one.id for one in sqlite_store.history()}
    assert held == {"p0"} | {f"p{number}" for number, said in enumerate(told, 1) if said == "kept"}
    assert "OutOfSpace" in told


def test_a_database_that_another_program_holds_is_refused_and_accepted_after(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The wait is a number of the product: here it is a short one.
    monkeypatch.setattr(sqlite_module, "LOCK_SECONDS", 1.0)
    put(sqlite_store, patient(99))
    kept = sqlite_store.read("Patient", "p99")
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with ThreadPoolExecutor(6) as senders:
            told = [senders.submit(put, sqlite_store, patient(number)) for number in range(6)]
            refused = [type(one.exception()) for one in told]
        took = time.monotonic() - began
        reading = sqlite_store.read("Patient", "p0")
        other.rollback()
    put(sqlite_store, patient(0))

    assert refused == [Unavailable] * 6
    # Who queued behind the first does not wait as long once more.
    assert took < 4
    # Who reads waits for nobody.
    assert (kept is None, reading) == (False, None)
    assert sqlite_store.read("Patient", "p0") is not None


def test_two_processes_write_in_turns(tmp_path: Path, sqlite_store: Store) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    with ThreadPoolExecutor(8) as senders:
        for number in range(40):
            senders.submit(put, (sqlite_store, other)[number % 2], patient(number))
    found = other.changes(0)
    other.close()

    assert {one.id for one in found} == {f"p{number}" for number in range(40)}
    assert len({one.seq for one in found}) == 40


def test_an_exception_undoes_its_own_writer_and_no_other(store: Store) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with store.transaction() as tx:
            tx.put(patient(1))
            inside.set()
            go_on.wait(10)

    def second() -> None:
        with store.transaction() as tx:
            tx.put(patient(2))
            message = "no"
            raise Conflict(message)

    with ThreadPoolExecutor(2) as senders:
        one = senders.submit(first)
        inside.wait(10)
        two = senders.submit(second)
        time.sleep(0.1)
        go_on.set()
        assert one.exception() is None
        assert isinstance(two.exception(), Conflict)

    assert [found.id for found in store.history()] == ["p1"]


class Lost(Exception):
    """What the driver of `Fragile` raises."""


class Fragile:
    """A cursor whose server goes away at one statement."""

    def __init__(self, fatal: str) -> None:
        self.fatal = fatal

    def execute(self, sql: str, _parameters: object = (), /) -> None:
        if sql.startswith(self.fatal):
            raise Lost(sql)

    def close(self) -> None:
        pass


class FragileDatabase(SqliteDatabase):
    """A database whose server goes away in the middle of a shared commit."""

    def __init__(self, url: str, fatal: str) -> None:
        super().__init__(url)
        self.faults = (Lost,)  # type: ignore[assignment]  # SQLite's own are of a narrower type
        self.fatal = fatal

    def begin(self) -> Any:  # noqa: ANN401 - a cursor of ours, and no numbers
        return Fragile(self.fatal), {}

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass


@pytest.mark.parametrize("fatal", ["SAVEPOINT", "ROLLBACK TO"])
def test_a_server_lost_in_a_shared_commit_leaves_nobody_waiting(fatal: str, tmp_path: Path) -> None:
    commits = GroupCommit(FragileDatabase(f"sqlite:///{tmp_path / 'x.db'}", fatal))
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with commits.member():
            inside.set()
            go_on.wait(10)

    def second() -> None:
        with commits.member() as batch:
            batch.secure()
            raise KeyError

    with ThreadPoolExecutor(2) as senders:
        one = senders.submit(first)
        inside.wait(10)
        two = senders.submit(second)
        time.sleep(0.1)
        go_on.set()
        told = [type(sender.exception(timeout=10)) for sender in (one, two)]

    assert told == [Unavailable, Unavailable if fatal == "SAVEPOINT" else KeyError]
    with commits.member():
        pass


def test_a_file_that_became_unreadable_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_bytes(b"certainly not a database" * 1000)
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    for attempt in (store.ping, lambda: store.read("Patient", "1"), store.history, store.journal):
        with pytest.raises(Unavailable):
            attempt()
    with pytest.raises(Unavailable):
        put(store, patient(1))
    store.close()


def test_a_database_without_tables_says_how_to_make_them(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    with pytest.raises(Unavailable, match="gateway migrate"):
        store.history()
    store.close()


NUL_PATIENTS = (
    {"name": [{"family": "A\x00B"}]},
    {"identifier": [{"system": "urn:x", "value": "\x00"}]},
    {"meta": {"tag": [{"code": "\x00"}]}},
    {"managingOrganization": {"reference": "Organization/\x00"}},
    {"a\x00b": True},
    {"name": [{"family": "\\\x00"}]},
)


@pytest.mark.parametrize("elements", NUL_PATIENTS)
def test_a_nul_character_is_refused_and_costs_no_other_writer_the_commit(
    store: Store, elements: dict[str, Any]
) -> None:
    with store.together():
        put(store, patient(1))
        with pytest.raises(Invalid):
            put(store, {**patient(2), **elements})
        put(store, {**patient(3), "name": [{"family": "\\u0000"}]})
    assert sorted(one.id for one in store.history()) == ["p1", "p3"]


def test_a_question_with_a_nul_character_costs_no_other_writer_the_commit(store: Store) -> None:
    with store.together():
        put(store, patient(1))
        with pytest.raises(Invalid), store.transaction() as tx:
            tx.find("Patient", [("urn:x", "1\x002")])
        put(store, patient(2))
    assert sorted(one.id for one in store.history()) == ["p1", "p2"]


@pytest.mark.postgresql
def test_a_search_stopped_for_its_time_costs_no_other_writer_the_commit(
    postgres_url: str,
) -> None:
    empty_postgres(postgres_url)
    migrate(postgres_url)
    store = open_store(postgres_url)
    store.database.search_seconds = 0.5
    with store.transaction() as tx:
        tx.enqueue(delivery())
    condition = parse_search("Patient", [("birthdate", "1979-03-28")])

    other = psycopg.connect(postgres_url.replace("+psycopg", ""))
    with closing(other), store.together():
        with store.transaction() as tx:
            held = tx.delivery("d1")
            assert held is not None
            tx.update_delivery(replace(held, attempts=7))
        # Nothing is left to be told when the next writer asks.
        other.execute("LOCK TABLE index_date IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TooCostly), store.transaction() as tx:
            tx.search_ids(condition, limit=2)
    kept = store.delivery("d1")
    store.close()

    assert kept is not None
    assert kept.attempts == 7


def test_a_value_that_the_driver_does_not_take_ends_no_queue(store: Store) -> None:
    queue = WriteQueue(store)

    def write(version: int) -> bool:
        with store.transaction() as tx:
            return tx.enqueue(replace(delivery(), focus_version=version))

    with pytest.raises(Unavailable):
        queue.run(partial(write, 2**70))

    assert queue.run(partial(write, 1))
    assert store.delivery("d1") is not None


def test_a_thread_that_ends_gives_its_connection_back(sqlite_store: Store) -> None:
    def read() -> None:
        assert sqlite_store.read("Patient", "p1") is None

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    read()
    before = descriptors()
    for _ in range(20):
        with ThreadPoolExecutor(1) as one:
            one.submit(read).result()

    assert descriptors() <= before + 2
