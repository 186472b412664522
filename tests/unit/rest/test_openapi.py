from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.rest.dispatch import Table
from gateway.rest.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.rest.conftest import Caller

_METHODS = {"get", "put", "post", "delete", "patch"}


def _described(caller: Caller, query: str = "") -> dict[str, Any]:
    answer = caller.ask("GET", f"/openapi.json{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield method.upper(), path, operation


def test_a_part_is_valid_openapi(caller: Caller) -> None:
    described = _described(caller, "?type=Patient")
    OpenAPIV31SpecValidator(described).validate()
    assert "/fhir/Patient/{id}/$everything" in described["paths"]
    assert not any("/Observation" in path for path in described["paths"])


def test_the_whole_stays_small_and_every_reference_leads_somewhere(caller: Caller) -> None:
    answer = caller.ask("GET", "/openapi.json")
    described = answer.json()
    assert len(answer.content) < 3_000_000
    for reference in set(_references(described)):
        _, _, kind, name = reference.split("/")
        assert name in described["components"][kind], reference
    identities = [one["operationId"] for _, _, one in _operations(described)]
    assert len(identities) == len(set(identities))


def test_every_operation_that_is_described_has_a_route(caller: Caller) -> None:
    table = Table(ROUTES)
    described = _described(caller, "?type=Patient,ValueSet,Binary,Composition")
    for method, path, operation in _operations(described):
        filled = re.sub(r"\{(id|vid)\}", "1", path).replace("{member}", "Observation")
        table.find(method, filled)
        given = {*re.findall(r"\{(\w+)\}", path)}
        named = {
            one["$ref"].rpartition("/")[2] for one in described["paths"][path].get("parameters", [])
        }
        assert named == given, operation["operationId"]


def test_every_route_is_described(caller: Caller) -> None:
    described = _described(caller, "?type=Patient,Encounter,Observation,Composition")
    found = {(method, path) for method, path, _ in _operations(described)}
    for route in ROUTES:
        if route.serves("Patient") and route.code != "openapi":
            assert (route.method, route.path.replace("{type}", "Patient")) in found


def test_search_parameters_are_described_once_for_all_types(caller: Caller) -> None:
    described = _described(caller, "?type=Patient,Practitioner")
    named = {
        one["$ref"].rpartition("/")[2]
        for path in ("/fhir/Patient", "/fhir/Practitioner")
        for one in described["paths"][path]["get"]["parameters"]
    }
    assert {"search-birthdate-date", "search-phonetic-string", "_include"} <= named
    assert described["components"]["parameters"]["search-family-string"] == {
        "name": "family",
        "in": "query",
        "description": "http://hl7.org/fhir/SearchParameter/individual-family",
        "schema": {"$ref": "#/components/schemas/search-string"},
    }


def test_what_an_operation_takes_is_described(caller: Caller) -> None:
    described = _described(caller, "?type=Patient")
    given = described["paths"]["/fhir/Patient/{id}/$everything"]["get"]["parameters"]
    assert {one["name"] for one in given} >= {"_since", "_type", "_count", "start", "end"}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("ValueSet/$expand", {"url", "filter", "count", "offset"}),
        ("ValueSet/$validate-code", {"url", "system", "code", "inferSystem"}),
        ("CodeSystem/$validate-code", {"url", "code", "version"}),
        ("CodeSystem/$lookup", {"system", "code", "property"}),
        ("CodeSystem/$subsumes", {"system", "codeA", "codeB"}),
        ("ConceptMap/$translate", {"url", "system", "code", "targetsystem"}),
    ],
)
def test_what_terminology_takes_is_described(caller: Caller, path: str, names: set[str]) -> None:
    described = _described(caller, f"?type={path.partition('/')[0]}")
    given = described["paths"][f"/fhir/{path}"]["get"]["parameters"]
    assert {one["name"] for one in given} >= names


@pytest.mark.parametrize("query", ["?type=Nothing", "?type=Patient,x"])
def test_a_type_that_is_none_is_refused(caller: Caller, query: str) -> None:
    assert caller.ask("GET", f"/openapi.json{query}").status_code == 400
