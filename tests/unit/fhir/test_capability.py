from __future__ import annotations

from gateway.fhir.capability import Served, capability_statement
from gateway.fhir.validation import validate

_BASE = "https://passerelle.example/fhir"


def test_the_statement_says_what_the_rows_say_and_is_valid() -> None:
    statement = capability_statement(
        [
            Served("Binary", ("read", "create")),
            Served("Endpoint", ("search-type",), {"versioning": "versioned"}),
        ],
        base_url=_BASE,
        version="0.1.0",
        date="2026-01-01",
    )
    assert validate(statement) == ()
    binary, endpoint = statement["rest"][0]["resource"]
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


def test_kinds_that_are_not_served_are_not_declared() -> None:
    statement = capability_statement(
        [Served("Observation", ("search-type",))], base_url=_BASE, version="1", date="2026-01-01"
    )
    kinds = {one["type"] for one in statement["rest"][0]["resource"][0]["searchParam"]}
    assert kinds == {"token", "string", "date", "reference", "uri"}
