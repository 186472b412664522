from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.store import generation
from gateway.store.generation import Generation

if TYPE_CHECKING:
    import pytest

    from gateway.store.api import Store


def put(store: Store, *resources: dict[str, Any]) -> None:
    with store.transaction() as tx:
        for resource in resources:
            tx.put(resource)


def value_set(name: str, status: str = "draft") -> dict[str, Any]:
    return {"resourceType": "ValueSet", "id": name, "status": status}


def patient(number: int) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{number}"}


def test_the_number_is_another_one_after_a_write_of_the_types_alone(store: Store) -> None:
    watched = Generation(store, "ValueSet", "CodeSystem")
    nothing = watched.now()
    put(store, patient(1))
    assert watched.now() == nothing

    put(store, value_set("a"), patient(2))
    first = watched.now()
    assert first != nothing
    put(store, patient(3))
    assert watched.now() == first

    put(store, value_set("a", "active"))
    changed = watched.now()
    with store.transaction() as tx:
        tx.delete("ValueSet", "a")
    assert len({nothing, first, changed, watched.now()}) == 4


def test_what_is_written_before_the_first_question_counts(store: Store) -> None:
    put(store, value_set("a"))
    assert Generation(store, "ValueSet").now() != Generation(store, "CodeSystem").now()


def test_more_writes_than_are_looked_through_are_no_less_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "_FEW", 3)
    watched = Generation(store, "ValueSet")
    before = watched.now()
    put(store, *map(patient, range(4)))
    assert watched.now() == before
    put(store, *map(patient, range(10, 14)), value_set("a"), *map(patient, range(20, 24)))
    after = watched.now()
    assert after != before
    assert watched.now() == after
