"""The store keeps its promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Gone, NotFound, PreconditionFailed
from gateway.fhir.search.query import parse_search
from gateway.fhir.wire import loads
from gateway.store.api import Store, Transaction, open_store

if TYPE_CHECKING:
    from gateway.store.api import Written


def patient(number: int, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": "urn:oid:1.2.3", "value": str(number)}],
        "name": [{"family": "Élodie-Test", "given": ["Zoé"]}],
        "birthDate": "1979-03-28",
        **more,
    }


def put(store: Store, resource: dict[str, Any]) -> Written:
    with store.transaction() as tx:
        return tx.put(resource)


def test_a_created_resource_is_read_back_with_its_version_and_instant(store: Store) -> None:
    written = put(store, patient(1))
    found = store.read("Patient", "p1")
    assert found is not None
    assert written.outcome == "created"
    assert found.version == 1
    stamp = found.last_updated.strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{found.last_updated.microsecond // 1000:03d}Z"
    )
    assert loads(found.content) == patient(1) | {"meta": {"versionId": "1", "lastUpdated": stamp}}


def test_writing_the_same_content_again_makes_no_version(store: Store) -> None:
    put(store, patient(1))
    assert put(store, patient(1)).outcome == "unchanged"
    found = store.read("Patient", "p1")
    assert found is not None
    assert put(store, found.resource).outcome == "unchanged"
    assert [one.version for one in store.history("Patient", "p1")] == [1]


def test_a_decimal_keeps_its_digits(store: Store) -> None:
    observation = loads(b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":72.50}}')
    put(store, observation)
    found = store.read("Observation", "o")
    assert found is not None
    assert b'"value":72.50' in found.content


def test_every_version_stays_readable(store: Store) -> None:
    put(store, patient(1))
    put(store, patient(1, gender="female"))
    with store.transaction() as tx:
        tx.delete("Patient", "p1")
    versions = [store.vread("Patient", "p1", number) for number in (1, 2, 3, 4)]
    assert [one and (one.version, one.method, one.deleted) for one in versions] == [
        (1, "PUT", False),
        (2, "PUT", False),
        (3, "DELETE", True),
        None,
    ]


def test_a_deleted_resource_comes_back_with_the_next_version(store: Store) -> None:
    put(store, patient(1))
    with store.transaction() as tx:
        tx.delete("Patient", "p1")
    assert put(store, patient(1)).outcome == "created"
    found = store.read("Patient", "p1")
    assert found is not None
    assert (found.version, found.deleted) == (3, False)


def test_deleting_says_what_is_not_there(store: Store) -> None:
    put(store, patient(1))
    with store.transaction() as tx:
        tx.delete("Patient", "p1")
    with pytest.raises(Gone), store.transaction() as tx:
        tx.delete("Patient", "p1")
    with pytest.raises(NotFound), store.transaction() as tx:
        tx.delete("Patient", "p2")


def test_an_expected_version_that_is_not_current_is_refused(store: Store) -> None:
    put(store, patient(1))
    with pytest.raises(PreconditionFailed), store.transaction() as tx:
        tx.put(patient(1, gender="male"), expected=7)
    with store.transaction() as tx:
        assert tx.put(patient(1, gender="male"), expected=1).stored.version == 2


def test_what_an_exception_interrupts_leaves_nothing(store: Store) -> None:
    with pytest.raises(PreconditionFailed), store.transaction() as tx:  # noqa: PT012 - both writes are one transaction
        tx.put(patient(1))
        tx.put(patient(2), expected=9)
    assert store.read("Patient", "p1") is None


def test_tokens_are_found_with_and_without_their_system(store: Store) -> None:
    put(store, patient(1))
    put(store, patient(2, identifier=[{"system": "urn:oid:9", "value": "1"}]))
    with store.transaction() as tx:
        exact = tx.find("Patient", [("urn:oid:1.2.3", "1")])
        any_system = tx.find("Patient", [("", "1")])
    assert [one.id for one in exact] == ["p1"]
    assert sorted(one.id for one in any_system) == ["p1", "p2"]


def test_an_update_moves_the_index_and_a_deletion_empties_it(store: Store) -> None:
    put(store, patient(1))
    put(store, patient(1, identifier=[{"system": "urn:oid:1.2.3", "value": "new"}]))
    with store.transaction() as tx:
        assert tx.find("Patient", [("urn:oid:1.2.3", "1")]) == []
        assert [one.id for one in tx.find("Patient", [("urn:oid:1.2.3", "new")])] == ["p1"]
        tx.delete("Patient", "p1")
        assert tx.find("Patient", [("urn:oid:1.2.3", "new")]) == []


def search(store: Store, *pairs: tuple[str, str]) -> list[str]:
    return [one.id for one in store.search(parse_search("Patient", pairs)).matches]


def test_search_by_each_kind_of_parameter(store: Store) -> None:
    put(store, patient(1, gender="female"))
    put(store, patient(2, gender="male", birthDate="1980"))
    assert search(store, ("identifier", "urn:oid:1.2.3|2")) == ["p2"]
    assert search(store, ("gender", "female,male")) == ["p1", "p2"]
    assert search(store, ("gender:not", "female")) == ["p2"]
    assert search(store, ("family", "elodie")) == ["p1", "p2"]
    assert search(store, ("family:exact", "elodie")) == []
    assert search(store, ("given:contains", "o")) == ["p1", "p2"]
    assert search(store, ("birthdate", "ge1980")) == ["p2"]
    assert search(store, ("birthdate", "1979-03")) == ["p1"]
    assert search(store, ("_id", "p2,p3")) == ["p2"]
    assert search(store, ("general-practitioner:missing", "true")) == ["p1", "p2"]
    assert search(store, ("_lastUpdated", "gt2020-01-01")) == ["p1", "p2"]
    assert search(store, ("_lastUpdated", "lt2020-01-01")) == []


def test_pages_follow_each_other_while_others_write(store: Store) -> None:
    for number in range(7):
        put(store, patient(number))
    first = store.search(parse_search("Patient", [("_count", "3"), ("_total", "accurate")]))
    put(store, patient(100))
    assert first.next is not None
    second = store.search(parse_search("Patient", [("_count", "3"), ("_cursor", first.next)]))
    assert second.next is not None
    third = store.search(parse_search("Patient", [("_count", "3"), ("_cursor", second.next)]))
    seen = [one.id for page in (first, second, third) for one in page.matches]
    assert seen == ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p100"]
    assert (first.total, third.next) == (7, None)


def test_newest_first_is_the_order_of_the_commits(store: Store) -> None:
    for number in range(3):
        put(store, patient(number))
    put(store, patient(0, gender="other"))
    assert search(store, ("_sort", "-_lastUpdated")) == ["p0", "p2", "p1"]


def test_hooks_see_every_change_inside_its_transaction(store: Store) -> None:
    seen: list[tuple[str, str]] = []

    def hook(tx: Transaction, written: Written) -> None:
        assert tx.read(written.stored.type, written.stored.id) == written.stored
        seen.append((written.stored.reference, written.outcome))

    store.watch(hook)
    put(store, patient(1))
    put(store, patient(1))
    put(store, patient(1, gender="male"))
    assert seen == [("Patient/p1", "created"), ("Patient/p1", "updated")]


def test_concurrent_writers_all_commit_and_are_numbered_in_order(store: Store) -> None:
    def write(number: int) -> int:
        return put(store, patient(number)).stored.seq

    with ThreadPoolExecutor(12) as pool:
        seqs = list(pool.map(write, range(120)))
    assert sorted(seqs) == list(range(1, 121))
    assert [one.seq for one in store.changes(0, limit=1000)] == list(range(1, 121))


def test_one_writer_failing_in_a_shared_commit_costs_only_itself(store: Store) -> None:
    barrier = threading.Barrier(8)

    def write(number: int) -> bool:
        barrier.wait()
        try:
            with store.transaction() as tx:
                tx.put(patient(number))
                tx.put(patient(number, gender="male"), expected=1 + number % 2)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(8)))
    assert done == [number % 2 == 0 for number in range(8)]
    assert sorted(search(store)) == ["p0", "p2", "p4", "p6"]


def test_two_processes_worth_of_stores_share_one_order(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(3)]

    def write(number: int) -> int:
        return put(stores[number % 3], patient(number)).stored.seq

    with ThreadPoolExecutor(6) as pool:
        seqs = list(pool.map(write, range(60)))
    assert sorted(seqs) == list(range(1, 61))
    for one in stores:
        one.close()


def test_a_moment_lasts_until_somebody_commits(database_url: str, store: Store) -> None:
    """Whoever follows the commits asks for nothing else while it lasts."""
    other = open_store(database_url)
    moments = [store.moment()]
    for number, writer in enumerate((store, other), start=1):
        put(writer, patient(number))
        moments.append(store.moment())
    assert [moments.index(moment) for moment in moments] == [0, 1, 2]
    # PostgreSQL itself may commit something in between, seldom.
    assert any(store.moment() == store.moment() for _ in range(5))
    other.close()
