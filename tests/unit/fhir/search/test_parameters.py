from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from gateway.fhir.definitions import resource_types, search_rows
from gateway.fhir.search.index import index_rows
from gateway.fhir.search.parameters import (
    Kind,
    SearchParameter,
    custom_rows,
    fingerprint,
    install,
    parameter,
    parameter_id,
    parameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def _nothing_installed() -> Iterator[None]:
    yield
    install({})


def test_a_row_is_the_parameter_of_the_specification() -> None:
    checksum = crc32(b"Patient.general-practitioner")
    assert parameter("Patient", "general-practitioner") == SearchParameter(
        type="Patient",
        code="general-practitioner",
        kind=Kind.REFERENCE,
        paths=("generalPractitioner:Reference",),
        targets=("Organization", "Practitioner", "PractitionerRole"),
        definition="http://hl7.org/fhir/SearchParameter/Patient-general-practitioner",
        id=checksum - (1 << 32) if checksum >= 1 << 31 else checksum,
    )


def test_every_type_has_the_parameters_of_every_resource() -> None:
    common = {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "_content"}
    assert all(common <= {one.code for one in parameters(name)} for name in resource_types())
    assert common == {one.code for one in parameters("Resource")}


def test_types_without_a_narrative_have_no_search_in_it() -> None:
    without = {name for name in resource_types() if parameter(name, "_text") is None}
    assert without == {"Binary", "Bundle", "Parameters"}


def test_every_search_parameter_of_the_specification_is_there() -> None:
    bases = [*resource_types(), "Resource", "DomainResource"]
    rows = [row for base in bases for row in search_rows(base)]
    # What the registry of R4 counts by kind, `_query` aside, which names a query and no element,
    # with one reference of our own; `_text` and `_content` are strings there.
    assert Counter(row[1] for row in rows) == {
        "token": 675 - 1,
        "reference": 517 + 1,
        "string": 201 - 2,
        "date": 140,
        "composite": 72,
        "uri": 57,
        "quantity": 40,
        "number": 6,
        "special": 1 + 2,
    }
    assert all(row[2] for row in rows if row[0] not in ("_text", "_content"))


def test_a_composite_has_its_components_in_their_order() -> None:
    found = parameter("Observation", "combo-code-value-quantity")
    assert found is not None
    assert found.paths == (":Observation", "component:Observation.component")
    assert found.components == (
        SearchParameter("Observation", "combo-code", Kind.TOKEN, ("code:CodeableConcept",)),
        SearchParameter("Observation", "combo-value-quantity", Kind.QUANTITY, _VALUE),
    )


_VALUE = ("valueQuantity:Quantity",)


def test_every_composite_fits_in_a_row() -> None:
    composites = [
        tuple(part.kind for part in one.components)
        for name in resource_types()
        for one in parameters(name)
        if one.kind is Kind.COMPOSITE
    ]
    first, second, third = (
        {kinds[place] for kinds in composites if len(kinds) > place} for place in range(3)
    )
    assert first == {Kind.TOKEN, Kind.REFERENCE}
    assert second == {Kind.TOKEN, Kind.STRING, Kind.DATE, Kind.NUMBER, Kind.QUANTITY}
    assert third == {Kind.NUMBER}


@pytest.mark.usefixtures("_nothing_installed")
def test_an_installed_parameter_is_found_and_indexed_at_once() -> None:
    before = fingerprint("Patient"), fingerprint("Group")
    row = ["nickname", "string", ["name[use=nickname].given:string"], [], "http://x.example/sp"]
    install({"Patient": [row]})
    found = parameter("Patient", "nickname")
    patient = {"resourceType": "Patient", "name": [{"use": "nickname", "given": ["Bob"]}]}
    assert found == SearchParameter(
        type="Patient",
        code="nickname",
        kind=Kind.STRING,
        paths=("name[use=nickname].given:string",),
        definition="http://x.example/sp",
        id=parameter_id("Patient", "nickname"),
    )
    assert (found.id, "bob", "Bob") in index_rows(patient).strings
    assert custom_rows() == {"Patient": [row]}
    assert fingerprint("Patient") != before[0]
    assert fingerprint("Group") == before[1]
    install({})
    assert parameter("Patient", "nickname") is None
    assert (fingerprint("Patient"), fingerprint("Group")) == before


@pytest.mark.usefixtures("_nothing_installed")
def test_an_installed_parameter_changes_nothing_that_the_specification_says() -> None:
    known = parameter("Patient", "gender")
    install({"Patient": [["gender", "string", ["name.family:string"], [], "http://x.example/sp"]]})
    assert parameter("Patient", "gender") == known


@pytest.mark.usefixtures("_nothing_installed")
def test_a_parameter_installed_for_every_resource_is_on_every_type() -> None:
    install({"DomainResource": [["lang", "token", ["language:code"], [], "http://x.example/l"]]})
    having = {name for name in resource_types() if parameter(name, "lang") is not None}
    assert having == resource_types() - {"Binary", "Bundle", "Parameters"}


def test_the_ids_of_one_type_never_collide() -> None:
    everything = [one.id for name in resource_types() for one in parameters(name)]
    assert len(everything) == len(set(everything))
    assert all(-(2**31) <= one < 2**31 for one in everything)


def test_the_reports_of_a_study_have_a_parameter_of_our_own() -> None:
    found = parameter("DiagnosticReport", "imaging-study")
    assert found is not None
    assert (found.paths, found.targets) == (("imagingStudy:Reference",), ("ImagingStudy",))


def test_an_unknown_type_or_code_has_no_parameter() -> None:
    assert (parameter("Nothing", "_id"), parameter("Patient", "shoe-size")) == (None, None)
