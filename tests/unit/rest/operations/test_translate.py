from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

GENDER = "http://hl7.org/fhir/administrative-gender"
V3 = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"
MAP = "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3"
PATH = "/fhir/ConceptMap/$translate"


def match(system: str, code: str, source: str, equivalence: str = "equal") -> dict[str, Any]:
    return {
        "name": "match",
        "part": [
            {"name": "equivalence", "valueCode": equivalence},
            {"name": "concept", "valueCoding": {"system": system, "code": code}},
            {"name": "source", "valueUri": source},
        ],
    }


def parameters(caller: Caller, query: str) -> Any:  # noqa: ANN401 - JSON
    answer = caller.ask("GET", f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["parameter"]


def test_a_code_is_translated_by_a_map_or_by_all(caller: Caller) -> None:
    yes = {"name": "result", "valueBoolean": True}
    line = match(V3, "M", f"{MAP}|4.0.1")
    query = f"system={GENDER}&code=male"
    assert parameters(caller, f"url={MAP}&{query}") == [yes, line]
    assert parameters(caller, f"{query}&targetsystem={V3}") == [yes, line]
    assert line in parameters(caller, query)
    assert parameters(caller, f"system={V3}&code=M&reverse=true&url={MAP}") == [
        yes,
        match(GENDER, "male", f"{MAP}|4.0.1"),
    ]


def test_no_translation_is_an_answer(caller: Caller) -> None:
    assert parameters(caller, f"url={MAP}&system={GENDER}&code=none") == [
        {"name": "result", "valueBoolean": False},
        {"name": "message", "valueString": "There is no translation of the code here."},
    ]


def test_a_stored_map_is_asked_by_its_id_with_dependencies(caller: Caller) -> None:
    target = {
        "code": "L",
        "equivalence": "equivalent",
        "dependsOn": [{"property": "urn:side", "value": "left"}],
        "product": [{"property": "urn:site", "system": "urn:sites", "value": "7"}],
    }
    made = caller.create(
        {
            "resourceType": "ConceptMap",
            "status": "active",
            "group": [
                {
                    "source": "urn:local",
                    "target": "urn:national",
                    "element": [{"code": "hand", "target": [target]}],
                }
            ],
        }
    )
    concept = {"coding": [{"system": "urn:sides", "code": "left"}]}
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "coding", "valueCoding": {"system": "urn:local", "code": "hand"}},
            {
                "name": "dependency",
                "part": [
                    {"name": "element", "valueUri": "urn:side"},
                    {"name": "concept", "valueCodeableConcept": concept},
                ],
            },
        ],
    }
    path = f"/fhir/ConceptMap/{made['id']}/$translate"
    assert caller.ask("POST", path, json=body).json()["parameter"] == [
        {"name": "result", "valueBoolean": True},
        {
            "name": "match",
            "part": [
                {"name": "equivalence", "valueCode": "equivalent"},
                {"name": "concept", "valueCoding": {"system": "urn:national", "code": "L"}},
                {
                    "name": "product",
                    "part": [
                        {"name": "element", "valueUri": "urn:site"},
                        {"name": "concept", "valueCoding": {"system": "urn:sites", "code": "7"}},
                    ],
                },
            ],
        },
    ]
    body["parameter"] = body["parameter"][:1]
    told = caller.ask("POST", path, json=body).json()["parameter"][0]
    assert told == {"name": "result", "valueBoolean": False}


def test_what_is_not_given_is_asked_for(caller: Caller) -> None:
    for query, status in (("code=male", 400), (f"url={MAP}", 400), ("url=urn:none&code=1", 404)):
        assert caller.ask("GET", f"{PATH}?{query}").status_code == status
