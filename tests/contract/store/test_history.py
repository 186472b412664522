"""Versions, newest first, by type and by time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.store.api import open_store
from gateway.store.records import to_micros
from tests.contract.store.searching import observation, patient, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.api import Store


def day(number: int) -> int:
    """Return midnight of a day in March 2024, in microseconds."""
    return to_micros(datetime(2024, 3, number, tzinfo=UTC))


@pytest.fixture
def dated(database_url: str) -> Iterator[Store]:
    """A write each day: patient a, patient b, an observation, patient a again, b deleted."""
    days = iter(range(1, 10))
    store = open_store(database_url, clock=lambda: datetime(2024, 3, next(days), 12, tzinfo=UTC))
    put(store, patient("a"))
    put(store, patient("b"))
    put(store, observation("o"))
    put(store, patient("a", gender="male"))
    with store.transaction() as tx:
        tx.delete("Patient", "b")
    yield store
    store.close()


def versions(store: Store, *names: str, **more: int | tuple[int, int]) -> str:
    found = store.history(*names, **more)  # type: ignore[arg-type]  # each as its name says
    return " ".join(f"{one.id}{one.version}" for one in found)


def test_histories_of_everything_of_a_type_and_of_one_resource(dated: Store) -> None:
    assert versions(dated) == "b2 a2 o1 b1 a1"
    assert versions(dated, "Patient") == "b2 a2 b1 a1"
    assert versions(dated, "Patient", "a") == "a2 a1"
    assert versions(dated, "Patient", "nobody") == ""
    assert versions(dated, "Patient", limit=2) == "b2 a2"
    assert versions(dated, "Patient", before_seq=4) == "b1 a1"


def test_versions_since_an_instant(dated: Store) -> None:
    assert versions(dated, since=day(3)) == "b2 a2 o1"
    assert versions(dated, "Patient", since=day(3)) == "b2 a2"
    assert versions(dated, "Patient", "a", since=day(5)) == ""


def test_versions_that_were_current_at_some_time_of_a_date(dated: Store) -> None:
    assert versions(dated, at=(day(3), day(4))) == "o1 b1 a1"
    assert versions(dated, "Patient", at=(day(4), day(5))) == "a2 b1 a1"
    assert versions(dated, "Patient", "b", at=(day(6), day(7))) == "b2"
    assert versions(dated, "Patient", at=(day(1), day(1))) == ""


def test_a_page_of_large_versions_ends_early_and_says_so(store: Store) -> None:
    for number in range(3):
        put(store, patient("big", language=f"{number}" + "f" * (7 << 20)))
    first = store.history("Patient", "big")
    assert ([one.version for one in first], first.more) == ([3, 2], True)
    rest = store.history("Patient", "big", before_seq=first[-1].seq)
    assert ([one.version for one in rest], rest.more) == ([1], False)
    put(store, patient("huge", language="f" * (17 << 20)))
    alone = store.history(limit=1)
    assert ([one.id for one in alone], alone.more) == (["huge"], True)


def test_a_page_of_nothing_is_nothing(dated: Store) -> None:
    assert dated.history(limit=0) == []
    assert not dated.history("Patient", "nobody").more
