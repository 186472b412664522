from __future__ import annotations

from gateway.fhir.capability import (
    Offer,
    Served,
    capability_statement,
    terminology_capabilities,
)
from gateway.fhir.search.parameters import parameters
from gateway.fhir.validation import validate

_BASE = "https://passerelle.example/fhir"


def test_the_statement_says_what_the_rows_say_and_is_valid() -> None:
    statement = capability_statement(
        [
            Served("Binary", ("read", "create")),
            Served(
                "Endpoint",
                ("search-type",),
                {"versioning": "versioned"},
                (("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate"),),
            ),
        ],
        Offer(
            formats=("json", "xml"),
            patch_formats=("application/json-patch+json",),
            interactions=("history-system", "capabilities"),
            operations=(("meta", "http://hl7.org/fhir/OperationDefinition/Resource-meta"),),
            compartments=("Patient",),
        ),
        base_url=_BASE,
        version="0.1.0",
        date="2026-01-01",
    )
    assert validate(statement) == ()
    assert (statement["format"], statement["patchFormat"]) == (
        ["json", "xml"],
        ["application/json-patch+json"],
    )
    rest = statement["rest"][0]
    assert {name: value for name, value in rest.items() if name != "resource"} == {
        "mode": "server",
        "interaction": [{"code": "history-system"}],
        "operation": [
            {
                "name": "meta",
                "definition": "http://hl7.org/fhir/OperationDefinition/Resource-meta",
            }
        ],
        "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
    }
    binary, endpoint = rest["resource"]
    assert binary == {
        "type": "Binary",
        "profile": "http://hl7.org/fhir/StructureDefinition/Binary",
        "interaction": [{"code": "read"}, {"code": "create"}],
    }
    assert endpoint["versioning"] == "versioned"
    assert endpoint["searchInclude"] == ["Endpoint:organization"]
    assert endpoint["searchParam"][-1] == {
        "name": "status",
        "definition": "http://hl7.org/fhir/SearchParameter/Endpoint-status",
        "type": "token",
    }
    assert [one["name"] for one in endpoint["operation"]] == ["validate"]


def test_the_profiles_of_a_type_stand_beside_its_definition() -> None:
    rows = [Served("Observation", ("read",), profiles=("https://x.example/Bone|1.0",))]
    told = capability_statement(rows, Offer(), base_url=_BASE, version="1", date="2026-01-01")
    (row,) = told["rest"][0]["resource"]
    assert row["profile"] == "http://hl7.org/fhir/StructureDefinition/Observation"
    assert row["supportedProfile"] == ["https://x.example/Bone|1.0"]


def test_every_kind_of_parameter_is_declared() -> None:
    statement = capability_statement(
        [Served("Observation", ("search-type",))],
        Offer(interactions=("search-system",)),
        base_url=_BASE,
        version="1",
        date="2026-01-01",
    )
    rest = statement["rest"][0]
    declared = {one["name"]: one["type"] for one in rest["resource"][0]["searchParam"]}
    assert declared == {one.code: str(one.kind) for one in parameters("Observation")}
    assert {"composite", "quantity", "special"} <= set(declared.values())
    assert [one["name"] for one in rest["searchParam"]] == ["_filter", "_has", "_list", "_type"]


def test_what_may_refer_to_a_type_is_declared_for_it() -> None:
    statement = capability_statement(
        [Served("Patient", ("search-type",)), Served("Provenance", ("search-type",))],
        Offer(),
        base_url=_BASE,
        version="1",
        date="2026-01-01",
    )
    patient, provenance = statement["rest"][0]["resource"]
    assert {"Patient:link", "Provenance:patient", "Provenance:target"} <= set(
        patient["searchRevInclude"]
    )
    assert "Provenance:patient" not in provenance["searchRevInclude"]


def test_the_terminology_capabilities_are_valid() -> None:
    told = terminology_capabilities(base_url=_BASE, version="1", date="2026-01-01")
    assert validate(told) == ()
    assert told["resourceType"] == "TerminologyCapabilities"
