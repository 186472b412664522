from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.fhir.terminology.canonical import Canonical
from gateway.store.canonicals import StoredTerminology

if TYPE_CHECKING:
    from gateway.store.api import Store

URL = "http://example.org/fhir/CodeSystem/a,b|$c"


def put(store: Store, resource_id: str, kind: str = "CodeSystem", **more: Any) -> None:  # noqa: ANN401 - FHIR elements
    resource = {"resourceType": kind, "id": resource_id, "url": URL, "status": "active"}
    with store.transaction() as tx:
        tx.put(resource | more)


def version(found: Any) -> str | None:  # noqa: ANN401 - any compiled resource
    return None if found is None else found.canonical.version


def test_the_newest_version_wins_unless_one_is_asked_for(store: Store) -> None:
    held = StoredTerminology(store)
    assert held.code_system(Canonical(URL)) is None
    put(store, "b", version="1.10")
    put(store, "a", version="1.9")
    put(store, "c", version="2.0", status="retired")
    assert version(held.code_system(Canonical(URL))) == "1.10"
    assert version(held.code_system(Canonical(URL, "2.0"))) == "2.0"
    assert held.code_system(Canonical(URL, "3")) is None
    assert held.value_set(Canonical(URL)) is None


def test_what_changes_is_seen_at_once_and_what_does_not_is_kept(store: Store) -> None:
    held = StoredTerminology(store)
    put(store, "a", version="1")
    first = held.code_system(Canonical(URL))
    with store.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": "p"})
    assert held.code_system(Canonical(URL)) is first
    put(store, "a", version="2")
    assert version(held.code_system(Canonical(URL))) == "2"
    with store.transaction() as tx:
        tx.delete("CodeSystem", "a")
    assert held.code_system(Canonical(URL)) is None


def test_a_code_system_may_name_its_value_set(store: Store) -> None:
    held = StoredTerminology(store)
    own, implied = "http://example.org/CodeSystem/x", "http://example.org/ValueSet/x"
    put(store, "a", url=own, valueSet=implied)
    put(store, "b", url="http://example.org/y", valueSet="http://example.org/y?vs")
    found = [held.value_set(Canonical(url)) for url in (implied, "http://example.org/y?vs")]
    assert [[one.system.url for one in made.includes] if made else None for made in found] == [
        [own],
        ["http://example.org/y"],
    ]
    assert held.value_set(Canonical("http://example.org/ValueSet/y")) is None


def test_maps_are_found_by_their_systems(store: Store) -> None:
    held = StoredTerminology(store)
    group = [{"source": "urn:a", "target": "urn:b", "element": []}]
    put(store, "one", "ConceptMap", version="1", group=group)
    put(store, "two", "ConceptMap", version="2", group=group)
    put(store, "other", "ConceptMap", url="urn:m", group=group)

    def found(system: str, *, reverse: bool = False) -> list[str]:
        return sorted(str(one.canonical) for one in held.concept_maps(system, reverse=reverse))

    assert found("urn:a") == found("urn:b", reverse=True) == [f"{URL}|2", "urn:m"]
    assert found("urn:b") == []
    assert version(held.concept_map(Canonical(URL))) == "2"
