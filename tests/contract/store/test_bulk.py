"""What is loaded in bulk is found and written to as what the gateway took itself."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.search.query import parse_search
from gateway.store.api import open_store
from gateway.store.bulk import load, rows_of

_UPDATED = (1_767_225_600_000_000, "2026-01-01T00:00:00.000Z")


def patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "meta": {"tag": [{"code": "synthetic"}]},
        "name": [{"family": f"Nom{number}"}],
        "birthDate": f"19{number:02d}-01-01",
    }


@pytest.mark.parametrize("before", [0, 1], ids=["an empty store", "a store with a resource"])
def test_loaded_resources_are_found_read_and_changed(database_url: str, before: int) -> None:
    with_one = open_store(database_url)
    for number in range(before):
        with with_one.transaction() as tx:
            tx.put(patient(90 + number))
    with_one.close()

    load(
        database_url,
        ("Patient",),
        (
            rows_of([patient(one) for one in some], 100 + some[0], *_UPDATED)
            for some in ([1, 2], [3])
        ),
    )

    store = open_store(database_url)
    try:
        found = store.search(parse_search("Patient", [("family", "nom3")]))
        assert [one.id for one in found.matches] == ["p3"]
        held = store.read("Patient", "p2")
        assert held is not None
        assert held.resource == {
            **patient(2),
            "meta": {
                "versionId": "1",
                "lastUpdated": "2026-01-01T00:00:00.000Z",
                "tag": [{"code": "synthetic"}],
            },
        }
        with store.transaction() as tx:
            written = tx.put({**patient(2), "birthDate": "1999-12-31"})
            added = tx.put(patient(50))
        assert (written.stored.version, added.stored.version) == (2, 1)
        born = store.search(parse_search("Patient", [("birthdate", "1999-12-31")]))
        assert [one.id for one in born.matches] == ["p2"]
        assert not found.incomplete
        everybody = store.search(parse_search("Patient", [("_total", "accurate")]))
        assert everybody.total == 4 + before
    finally:
        store.close()
