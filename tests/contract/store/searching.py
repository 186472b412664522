"""Writes resources and asks for them again, as tests of searching do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from gateway.fhir.search.query import parse_search

if TYPE_CHECKING:
    from gateway.fhir.search.query import SearchQuery
    from gateway.store.api import Store
    from gateway.store.records import Page

Resource = dict[str, Any]


def put(store: Store, *resources: Resource) -> None:
    """Write the resources in one transaction."""
    with store.transaction() as tx:
        for resource in resources:
            tx.put(resource)


def query(search: str) -> SearchQuery:
    """Return the query of `Type?name=value&...`."""
    resource_type, _, text = search.partition("?")
    return parse_search(resource_type, parse_qsl(text, keep_blank_values=True))


def page(store: Store, search: str) -> Page:
    """Return the page of a search."""
    return store.search(query(search))


def ids(store: Store, search: str) -> list[str]:
    """Return the ids that a search finds, in its order."""
    return [one.id for one in page(store, search).matches]


def all_ids(store: Store, search: str) -> list[str]:
    """Return the ids of all pages of a search, in its order."""
    found: list[str] = []
    following = ""
    while True:
        one = page(store, f"{search}{following}")
        found += [match.id for match in one.matches]
        if one.next is None:
            return found
        following = f"&_cursor={one.next}"


def check(store: Store, expected: dict[str, str]) -> None:
    """Compare all searches at once: {search: ids with spaces between them}."""
    assert {search: " ".join(all_ids(store, search)) for search in expected} == expected


def coding(system: str, code: str, display: str = "") -> Resource:
    """Return a CodeableConcept with one coding."""
    found = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [found]}


def reference(target: str) -> Resource:
    """Return a Reference."""
    return {"reference": target}


def patient(identity: str, **more: Any) -> Resource:  # noqa: ANN401 - elements of a resource
    """Return a Patient."""
    return {"resourceType": "Patient", "id": identity, **more}


def observation(identity: str, **more: Any) -> Resource:  # noqa: ANN401 - elements of a resource
    """Return an Observation."""
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": coding("http://loinc.org", "1-1"),
        **more,
    }
