"""Writes of one queue share commits, and nobody hears of his before it is durable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING
from weakref import finalize

import pytest

from gateway.errors import Unavailable
from gateway.store.api import open_store
from gateway.store.write_queue import Outcome, WriteQueue

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store


def patient(number: int) -> dict[str, object]:
    return {"resourceType": "Patient", "id": f"p{number}", "birthDate": "1979-03-28"}


def test_each_writer_gets_its_own_result_and_finds_it_committed(
    store: Store, database_url: str
) -> None:
    queue = WriteQueue(store)
    elsewhere = open_store(database_url)

    def write(number: int) -> bool:
        def work() -> int:
            with store.transaction() as tx:
                return tx.put(patient(number)).stored.seq

        seq = queue.run(work)
        found = elsewhere.read("Patient", f"p{number}")
        return found is not None and found.seq == seq

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(write, range(100)))
    elsewhere.close()


def test_what_takes_long_before_it_writes_keeps_nobody_elses_transaction_open(
    store: Store, database_url: str
) -> None:
    queue = WriteQueue(store)
    elsewhere = open_store(database_url)
    started, told = Event(), SimpleQueue[Outcome[object]]()

    def first() -> None:
        with store.transaction() as tx:
            tx.put(patient(1))
        # Both others are queued when this one commits.
        started.wait(10)

    def large() -> None:
        # Another door writes meanwhile: it would wait in vain were the database held here.
        with elsewhere.transaction() as tx:
            tx.put(patient(2))
        with store.transaction() as tx:
            tx.put(patient(3))

    def last() -> None:
        with store.transaction() as tx:
            tx.put(patient(4))

    for work, alone in ((first, False), (last, False), (large, True), (last, False)):
        queue.submit(work, told.put, alone=alone)
    started.set()
    assert [told.get(timeout=30).fault for _ in range(4)] == [None] * 4
    assert all(elsewhere.read("Patient", f"p{number}") for number in range(1, 5))
    elsewhere.close()


def test_one_failing_writer_costs_the_others_nothing(store: Store) -> None:
    queue = WriteQueue(store)

    def write(number: int) -> str:
        def work() -> str:
            with store.transaction() as tx:
                tx.put(patient(number))
                return "done" if number % 3 else str(1 // 0)

        try:
            return queue.run(work)
        except ZeroDivisionError:
            return "failed"

    with ThreadPoolExecutor(9) as pool:
        told = list(pool.map(write, range(60)))
    assert told == ["done" if number % 3 else "failed" for number in range(60)]
    held = {one.id for one in store.history("Patient", limit=100)}
    assert held == {f"p{number}" for number in range(60) if number % 3}


def test_what_its_commit_loses_is_promised_to_nobody(tmp_path: Path, sqlite_store: Store) -> None:
    queue = WriteQueue(sqlite_store)

    def work() -> str:
        with sqlite_store.transaction() as tx:
            tx.put(patient(1))
        # The disk is full when the batch is to be committed.
        writer = getattr(sqlite_store.database, "_writer")  # noqa: B009 - the connection is private
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count={pages}")
        with sqlite_store.transaction() as tx:
            tx.put({**patient(2), "text": {"div": "x" * 500_000}})
        return "done"

    with pytest.raises(Unavailable):
        queue.run(work)
    assert sqlite_store.read("Patient", "p1") is None
    assert tmp_path.exists()


def test_what_was_written_is_let_go_of_before_the_next_comes(store: Store) -> None:
    class Work:
        """A write that can be watched as it goes: it holds a body."""

        def __call__(self) -> int:
            return 1

    gone = Event()
    work = Work()
    finalize(work, gone.set)
    WriteQueue(store).submit(work, lambda _: None)
    del work
    assert gone.wait(10)


def test_the_writer_goes_on_after_a_resource_of_many_megabytes(
    store: Store, database_url: str
) -> None:
    for number, size in ((1, 5_000_000), (2, 10)):
        with store.transaction() as tx:
            tx.put({**patient(number), "language": "x" * size})
    again = open_store(database_url)
    assert [again.read("Patient", f"p{number}") is not None for number in (1, 2)] == [True, True]
    again.close()
