"""Accession numbers that the gateway gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from gateway.ingest.accession import AccessionNumbers, accession_numbers
from gateway.store.api import open_store
from tests.unit.mapping.to_dicom.test_worklist import ORDER, PATIENT, numbered

if TYPE_CHECKING:
    from gateway.store.api import Store

SYSTEM = "urn:oid:1.2.250.1.999.9"


def order(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of an order
    return {**ORDER, "id": name, "identifier": [numbered("PLAC", f"D{name}")], **more}


def watched(store: Store, prefix: str = "P") -> Store:
    store.watch(AccessionNumbers(prefix, SYSTEM).changed)
    return store


def put(store: Store, *orders: dict[str, Any]) -> None:
    with store.transaction() as tx:
        tx.put(PATIENT)
        for one in orders:
            tx.put(one)


def number(store: Store, name: str) -> str:
    stored = store.read("ServiceRequest", name)
    assert stored is not None
    found = accession_numbers(stored.resource)
    return found[0]["value"] if found else ""


def test_an_order_without_number_gets_one_that_dicom_can_hold(store: Store) -> None:
    put(watched(store, "CENTRE"), order("a"), order("b"))

    assert [number(store, one) for one in ("a", "b")] == ["CENTRE0000000001", "CENTRE0000000002"]


def test_a_number_that_the_ris_has_given_stays(store: Store) -> None:
    put(watched(store), order("a", identifier=[numbered("ACSN", "R77")]))

    assert number(store, "a") == "R77"


def test_a_number_is_kept_when_the_order_is_sent_again_without_it(store: Store) -> None:
    put(watched(store), order("a"))
    put(store, order("a", priority="stat"))

    assert number(store, "a") == "P0000000001"


def test_a_number_that_somebody_has_is_not_given(store: Store) -> None:
    put(watched(store), order("a", identifier=[numbered("ACSN", "P0000000001")]), order("b"))

    assert number(store, "b") == "P0000000002"


def test_what_is_no_order_of_imaging_gets_none(store: Store) -> None:
    put(watched(store), order("a", status="draft"))

    assert number(store, "a") == ""


def test_no_number_is_given_twice_at_the_same_time(database_url: str) -> None:
    stores = [watched(open_store(database_url)) for _ in range(2)]

    def write(index: int) -> None:
        put(stores[index % 2], order(f"o{index}"))

    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(40)))
        given = [number(stores[0], f"o{index}") for index in range(40)]
    finally:
        for one in stores:
            one.close()

    assert len(set(given)) == 40
    assert "" not in given
