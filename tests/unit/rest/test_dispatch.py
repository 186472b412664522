from __future__ import annotations

import pytest

from gateway.errors import NotFound
from gateway.rest.answer import Answer
from gateway.rest.dispatch import NotOffered, Place, Route, Table


def row(method: str, path: str, code: str, only: str | tuple[str, ...] = ()) -> Route:
    return Route(method, path, code, lambda _: Answer(200), Place.LOOP, only=only)


TABLE = Table(
    (
        row("GET", "/fhir/Binary/{id}", "literal"),
        row("GET", "/fhir/metadata", "capabilities"),
        row("GET", "/fhir/{type}/{id}", "read"),
        row("PUT", "/fhir/{type}/{id}", "update"),
        row("GET", "/fhir/{type}/{id}/_history/{vid}", "vread"),
        row("POST", "/fhir/{type}/_search", "search-type"),
        row("PUT", "/fhir/{type}/{id}", "update-media", only="Media"),
        row("GET", "/fhir/{type}/$expand", "$expand", only=("ValueSet", "Media")),
        row("GET", "/fhir/$meta", "$meta"),
        row("GET", "/fhir/{type}/{id}/$meta", "$meta"),
        row("GET", "/fhir/{type}/{id}/{member}", "search-type"),
    )
)


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/fhir/Patient/p1", ("read", "Patient", "p1", "")),
        ("HEAD", "/fhir/Patient/p1", ("read", "Patient", "p1", "")),
        ("GET", "/fhir/Patient/p1/", ("read", "Patient", "p1", "")),
        ("GET", "/fhir/metadata", ("capabilities", "", "", "")),
        ("GET", "/fhir/Patient/p1/_history/2", ("vread", "Patient", "p1", "2")),
        ("POST", "/fhir/Patient/_search", ("search-type", "Patient", "", "")),
        ("PUT", "/fhir/Media/m1", ("update-media", "Media", "m1", "")),
        ("GET", "/fhir/Media/m1", ("read", "Media", "m1", "")),
        ("PUT", "/fhir/Patient/p1", ("update", "Patient", "p1", "")),
        ("GET", "/fhir/Media/$expand", ("$expand", "Media", "", "")),
        ("GET", "/fhir/ValueSet/$expand", ("$expand", "ValueSet", "", "")),
        ("GET", "/fhir/$meta", ("$meta", "", "", "")),
        ("GET", "/fhir/Media/m1/$meta", ("$meta", "Media", "m1", "")),
        ("GET", "/fhir/Basic/Media", ("read", "Basic", "Media", "")),
        ("GET", "/fhir/Basic/metadata", ("read", "Basic", "metadata", "")),
    ],
)
def test_an_address_finds_its_route(
    method: str, path: str, found: tuple[str, str, str, str]
) -> None:
    route, resource_type, resource_id, version, _ = TABLE.find(method, path)
    assert (route.code, resource_type, resource_id, version) == found


def test_a_compartment_names_a_second_type() -> None:
    found = TABLE.find("GET", "/fhir/Patient/p1/Observation")
    assert (found.type, found.id, found.member) == ("Patient", "p1", "Observation")


@pytest.mark.parametrize(
    "path",
    [
        "/fhir/Patient/$expand",
        "/fhir/$expand",
        "/fhir/Patient/$else",
        "/fhir/Patient/p1/$else",
        "/fhir/Patient/p1/$expand",
    ],
)
def test_an_operation_that_is_not_served_there_is_named(path: str) -> None:
    with pytest.raises(NotFound, match=r"\$(expand|else) is not an operation"):
        TABLE.find("GET", path)


@pytest.mark.parametrize("path", ["", "/", "/fhir", "/fhir/a/b/c/d/e", "/other/x"])
def test_an_unknown_address_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        TABLE.find("GET", path)


def test_a_method_that_is_not_offered_names_those_that_are() -> None:
    with pytest.raises(NotOffered) as refusal:
        TABLE.find("PATCH", "/fhir/Patient/p1")
    assert refusal.value.allow == "GET, HEAD, PUT"
