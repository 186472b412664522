from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.fhir.search.parameters import custom_rows, install
from gateway.fhir.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.rest.conftest import Caller


@pytest.fixture
def nothing_installed() -> Iterator[None]:
    before = custom_rows()
    yield
    install(before)


def test_the_statement_tells_what_the_table_offers(caller: Caller) -> None:
    answer = caller.ask("GET", "/fhir/metadata")
    statement = answer.json()
    rest = statement["rest"][0]
    offered = {row["type"]: row for row in rest["resource"]}
    assert answer.status_code == 200
    assert validate(statement) == ()
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert statement["implementation"]["url"] == caller.ports.settings.fhir_url
    assert statement["patchFormat"] == [
        "application/json-patch+json",
        "application/fhir+json",
        "application/fhir+xml",
    ]
    assert {one["code"] for one in rest["interaction"]} == {
        "history-system",
        "search-system",
        "transaction",
        "batch",
    }
    assert {one["code"] for one in offered["Patient"]["interaction"]} == {
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    }
    assert offered["Binary"]["interaction"] == offered["Patient"]["interaction"]


def test_flags_follow_from_the_rows(caller: Caller) -> None:
    row = caller.ask("GET", "/fhir/metadata").json()["rest"][0]["resource"][0]
    flags = {
        "conditionalCreate": True,
        "conditionalDelete": "multiple",
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "readHistory": True,
        "referencePolicy": ["literal", "enforced"],
        "updateCreate": True,
        "versioning": "versioned",
    }
    assert {name: row[name] for name in flags} == flags


def test_operations_are_told_where_they_are_offered(caller: Caller) -> None:
    rest = caller.ask("GET", "/fhir/metadata").json()["rest"][0]
    named = {row["type"]: {one["name"] for one in row["operation"]} for row in rest["resource"]}
    everywhere = {"validate", "meta", "meta-add", "meta-delete"}
    assert {one["name"] for one in rest["operation"]} >= {"meta"}
    assert named["Basic"] == everywhere
    assert named["Patient"] == {*everywhere, "everything", "match"}
    assert named["Encounter"] == {*everywhere, "everything"}
    assert named["Observation"] == {*everywhere, "lastn"}
    assert named["Composition"] == {*everywhere, "document"}


def test_the_normative_part_has_the_normative_types(caller: Caller) -> None:
    statement = caller.ask("GET", "/fhir/metadata?mode=normative").json()
    names = {row["type"] for row in statement["rest"][0]["resource"]}
    assert names >= {"Patient", "Observation", "Binary"}
    assert "Encounter" not in names


def test_the_terminology_part_is_a_resource_of_its_own(caller: Caller) -> None:
    told = caller.ask("GET", "/fhir/metadata?mode=terminology").json()
    assert told["resourceType"] == "TerminologyCapabilities"


def test_a_mode_that_is_none_is_refused(caller: Caller) -> None:
    answer = caller.ask("GET", "/fhir/metadata?mode=else")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["mode"]


@pytest.mark.usefixtures("nothing_installed")
def test_an_installed_search_parameter_is_declared_at_once(caller: Caller) -> None:
    def declared() -> set[str]:
        rows = caller.ask("GET", "/fhir/metadata").json()["rest"][0]["resource"]
        patient = next(row for row in rows if row["type"] == "Patient")
        return {one["name"] for one in patient["searchParam"]}

    before = declared()
    url = "http://example.org/SearchParameter/nationality"
    install({"Patient": [["nationality", "token", ["extension.valueCode:code"], [], url]]})
    assert declared() - before == {"nationality"}


def test_the_statement_comes_as_xml_too(caller: Caller) -> None:
    answer = caller.ask("GET", "/fhir/metadata?_format=xml")
    assert answer.headers["content-type"].startswith("application/fhir+xml")
    assert answer.text.lstrip().partition("?>")[2].lstrip().startswith("<CapabilityStatement") or (
        answer.text.startswith("<CapabilityStatement")
    )
