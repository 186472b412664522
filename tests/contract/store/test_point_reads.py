"""Reads in an event loop say what reads in a thread say, or nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest

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
