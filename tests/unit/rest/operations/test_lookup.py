from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PATH = "/fhir/CodeSystem/$lookup"


def part(**named: str) -> list[dict[str, Any]]:
    """Return the parts of a property."""
    keys = {"code": "valueCode", "value": "valueCode", "description": "valueString"}
    return [{"name": name, keys[name]: value} for name, value in named.items()]


def test_a_code_is_looked_up(caller: Caller) -> None:
    answer = caller.ask("GET", f"{PATH}?system={ACTS}&code=IMP")
    assert answer.json() == {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "name", "valueString": "v3.ActCode"},
            {"name": "version", "valueString": "2018-08-12"},
            {"name": "display", "valueString": "inpatient encounter"},
            {
                "name": "property",
                "part": part(
                    code="parent", value="_ActEncounterCode", description="ActEncounterCode"
                ),
            },
            {
                "name": "property",
                "part": part(code="child", value="ACUTE", description="inpatient acute"),
            },
            {
                "name": "property",
                "part": part(code="child", value="NONAC", description="inpatient non-acute"),
            },
        ],
    }  # fmt: skip - a property a line


def test_a_coding_is_looked_up_by_post(caller: Caller) -> None:
    given = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "coding", "valueCoding": {"system": ACTS, "code": "IMP"}},
            {"name": "property", "valueCode": "none"},
        ],
    }
    told = caller.ask("POST", PATH, json=given).json()["parameter"]
    assert [one["name"] for one in told] == ["name", "version", "display"]


def test_designations_are_told(caller: Caller) -> None:
    caller.create(
        {
            "resourceType": "CodeSystem",
            "url": "http://example.org/cs",
            "name": "Acts",
            "status": "active",
            "content": "complete",
            "concept": [
                {
                    "code": "CT",
                    "display": "Computed tomography",
                    "designation": [
                        {"language": "fr", "use": {"code": "x"}, "value": "Scanner"},
                    ],
                }
            ],
        }
    )
    query = "system=http://example.org/cs&code=CT&displayLanguage=fr"
    assert caller.ask("GET", f"{PATH}?{query}").json()["parameter"] == [
        {"name": "name", "valueString": "Acts"},
        {"name": "display", "valueString": "Scanner"},
        {
            "name": "designation",
            "part": [
                {"name": "language", "valueCode": "fr"},
                {"name": "use", "valueCoding": {"code": "x"}},
                {"name": "value", "valueString": "Scanner"},
            ],
        },
    ]


def test_what_is_not_known_is_not_found(caller: Caller) -> None:
    told = []
    for query in (f"system={ACTS}&code=NOPE", "system=urn:none&code=1", "code=1", "system=urn:x"):
        answer = caller.ask("GET", f"{PATH}?{query}")
        told.append((answer.status_code, answer.json()["issue"][0]["diagnostics"]))
    assert told == [
        (404, f"NOPE is not a code of {ACTS}|2018-08-12."),
        (404, "The code system urn:none is not here."),
        (400, "A code and its system are to be given, by code and system or by coding."),
        (400, "One of code, coding and codeableConcept is to be given."),
    ]
