"""Reads in an event loop say what reads in a thread say, or nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
import uvloop

from gateway.store.api import open_store
from gateway.store.migrate import migrate
from tests.contract.store.searching import patient, put

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from typing import Any

    from gateway.store.api import Store
    from gateway.store.records import Stored

    Looked = tuple[Stored | None] | None

pytestmark = pytest.mark.postgresql


@pytest.fixture
def on_postgres(postgres_url: str) -> Iterator[Store]:
    migrate(postgres_url)
    opened = open_store(postgres_url)
    yield opened
    opened.close()


async def _connected(store: Store) -> None:
    """Wait for the connection, which is made behind the first question."""
    async with asyncio.timeout(30):
        while await store.read_ahead("Patient", "nobody") is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


def _run(store: Store, work: Coroutine[Any, Any, list[Looked]]) -> list[Looked]:
    async def run() -> list[Looked]:
        await _connected(store)
        return await work

    return asyncio.run(run())


def test_what_is_read_ahead_is_what_is_read(on_postgres: Store) -> None:
    store = on_postgres
    put(store, patient("ahead", name=[{"family": "Lefèvre \U0001f600"}]), patient("gone"))
    put(store, patient("ahead", active=True))
    with store.transaction() as tx:
        tx.delete("Patient", "gone")

    async def ask() -> list[Looked]:
        asked: list[tuple[str, int | None]] = [("ahead", None), ("ahead", 1), ("ahead", 2)]
        asked += [("ahead", 3), ("gone", None), ("gone", 1), ("nobody", None)]
        return [await store.read_ahead("Patient", *one) for one in asked]

    assert _run(store, ask()) == [
        (store.read("Patient", "ahead"),),
        (store.vread("Patient", "ahead", 1),),
        (store.vread("Patient", "ahead", 2),),
        (None,),
        (store.read("Patient", "gone"),),
        (store.vread("Patient", "gone", 1),),
        (None,),
    ]


def test_many_at_once_get_each_its_own(on_postgres: Store) -> None:
    store = on_postgres
    # Together more than a socket takes at once.
    text = "x" * 50_000
    put(store, *(patient(f"n{number}", language=f"{number}-{text}") for number in range(300)))

    async def ask() -> list[Looked]:
        return await asyncio.gather(
            *(store.read_ahead("Patient", f"n{number}") for number in range(300))
        )

    found = _run(store, ask())
    assert [one[0] and one[0].id for one in found if one] == [f"n{n}" for n in range(300)]


def test_who_gives_up_takes_nobody_else_s_answer(on_postgres: Store) -> None:
    store = on_postgres
    put(store, patient("a"), patient("b"))

    async def ask() -> list[Looked]:
        first = asyncio.ensure_future(store.read_ahead("Patient", "a"))
        await asyncio.sleep(0)
        first.cancel()
        return [await store.read_ahead("Patient", "b")]

    assert _run(store, ask()) == [(store.read("Patient", "b"),)]


def test_a_connection_that_is_lost_is_made_again(on_postgres: Store, postgres_url: str) -> None:
    store = on_postgres
    put(store, patient("a"))

    async def ask() -> list[Looked]:
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        lost = [await store.read_ahead("Patient", "a") for _ in range(3)]
        await _connected(store)
        return [*lost, await store.read_ahead("Patient", "a")]

    *lost, found = _run(store, ask())
    assert set(lost) <= {None, (store.read("Patient", "a"),)}
    assert None in lost
    assert found == (store.read("Patient", "a"),)


class _Between:
    """A way to the server that is cut at will."""

    def __init__(self, url: str) -> None:
        self._to = ("127.0.0.1", urlsplit(url).port or 0)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.silent = False
        self.url = url.replace(f":{self._to[1]}/", f":{self._listening.getsockname()[1]}/")
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._to)
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if not self.silent:
                    target.sendall(piece)

    def cut(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def close(self) -> None:
        self._listening.close()
        self.cut()


def test_who_waits_for_an_answer_is_told_when_the_line_is_cut(
    on_postgres: Store, postgres_url: str
) -> None:
    put(on_postgres, patient("a"))
    between = _Between(postgres_url)
    far = open_store(between.url)

    async def run() -> list[Looked]:
        await _connected(far)
        between.silent = True
        waiting = [asyncio.ensure_future(far.read_ahead("Patient", "a")) for _ in range(3)]
        await asyncio.sleep(0.2)
        waiting[0].cancel()
        between.cut()
        async with asyncio.timeout(10):
            lost = list(await asyncio.gather(*waiting[1:]))
        between.silent = False
        await _connected(far)
        return [*lost, await far.read_ahead("Patient", "a")]

    # The loop of the door, which is stricter about what it watches.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(run())
    assert found == [None, None, (on_postgres.read("Patient", "a"),)]
    far.close()
    between.close()


def test_a_server_that_is_not_there_is_nothing_to_read_from(on_postgres: Store) -> None:
    nowhere = open_store("postgresql+psycopg://postgres@127.0.0.1:9/postgres")

    async def ask() -> list[Looked]:
        asked = [await nowhere.read_ahead("Patient", "a")]
        await asyncio.sleep(0.1)
        return [*asked, await nowhere.read_ahead("Patient", "a")]

    assert _run(on_postgres, ask()) == [None, None]
    nowhere.close()


def test_an_embedded_database_is_read_at_once(sqlite_store: Store) -> None:
    assert sqlite_store.local_reads
    assert asyncio.run(sqlite_store.read_ahead("Patient", "a")) is None
