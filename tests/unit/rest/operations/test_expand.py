from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
SYSTEM = "http://example.org/fhir/CodeSystem/acts"
ACTS = {
    "resourceType": "CodeSystem",
    "url": SYSTEM,
    "version": "1",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "CT", "display": "Scanner"}, {"code": "XR", "display": "Radio"}],
}
ALL = {
    "resourceType": "ValueSet",
    "url": "http://example.org/fhir/ValueSet/acts",
    "status": "active",
    "compose": {"include": [{"system": SYSTEM}]},
}


def codes(answer: Any) -> list[str]:  # noqa: ANN401 - httpx's answer
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["expansion"].get("contains", [])]


def refusal(answer: Any) -> tuple[int, str, str]:  # noqa: ANN401 - as above
    issue = answer.json()["issue"][0]
    return answer.status_code, issue["code"], issue["diagnostics"]


def test_a_value_set_of_r4_is_expanded_by_url(caller: Caller) -> None:
    answer = caller.ask("GET", f"/fhir/ValueSet/$expand?url={GENDER}&count=2&offset=1")
    told = answer.json()
    assert told["expansion"].pop("timestamp")
    assert told == {
        "resourceType": "ValueSet",
        "status": "active",
        "url": GENDER,
        "version": "4.0.1",
        "name": "AdministrativeGender",
        "title": "AdministrativeGender",
        "expansion": {
            "total": 4,
            "offset": 1,
            "parameter": [
                {"name": "offset", "valueInteger": 1},
                {"name": "count", "valueInteger": 2},
                {"name": "version", "valueUri": "http://hl7.org/fhir/administrative-gender|4.0.1"},
            ],
            "contains": [
                {
                    "system": "http://hl7.org/fhir/administrative-gender",
                    "code": "female",
                    "display": "Female",
                },
                {
                    "system": "http://hl7.org/fhir/administrative-gender",
                    "code": "other",
                    "display": "Other",
                },
            ],
        },
    }


def test_what_is_created_is_expanded_at_once_and_in_every_way(caller: Caller) -> None:
    caller.create(ACTS)
    made = caller.create(ALL)
    by_url = f"/fhir/ValueSet/$expand?url={ALL['url']}"
    assert codes(caller.ask("GET", by_url)) == ["CT", "XR"]
    assert codes(caller.ask("GET", f"/fhir/ValueSet/{made['id']}/$expand?filter=rad")) == ["XR"]
    assert codes(caller.ask("POST", "/fhir/ValueSet/$expand", json=ALL)) == ["CT", "XR"]
    given = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "valueSet", "resource": ALL},
            {"name": "filter", "valueString": "scan"},
        ],
    }
    assert codes(caller.ask("POST", "/fhir/ValueSet/$expand", json=given)) == ["CT"]
    caller.create({**ACTS, "version": "1.10", "concept": [{"code": "MR"}]})
    caller.create({**ACTS, "version": "1.9", "concept": [{"code": "US"}]})
    assert codes(caller.ask("GET", by_url)) == ["MR"]
    assert codes(caller.ask("GET", f"{by_url}&system-version={SYSTEM}|1")) == ["CT", "XR"]
    assert caller.ask("DELETE", f"/fhir/ValueSet/{made['id']}").status_code in (200, 204)
    assert refusal(caller.ask("GET", by_url)) == (
        404,
        "not-found",
        f"The value set {ALL['url']} is not here.",
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (400, "structure", "A value set is to be given, by url or as valueSet.")),
        (
            f"url={GENDER}&count=-1",
            (400, "structure", "count and offset must not be negative."),
        ),
        (
            "url=http://hl7.org/fhir/ValueSet/observation-codes",
            (404, "not-found", "The code system http://loinc.org is not here."),
        ),
    ],
)
def test_what_cannot_be_expanded_is_told(
    caller: Caller, query: str, expected: tuple[int, str, str]
) -> None:
    assert refusal(caller.ask("GET", f"/fhir/ValueSet/$expand?{query}")) == expected


def test_an_unknown_parameter_is_refused_by_name(caller: Caller) -> None:
    answer = caller.ask("GET", f"/fhir/ValueSet/$expand?url={GENDER}&colour=red")
    status, code, text = refusal(answer)
    assert (status, code, text.split(" is ")[0]) == (400, "not-supported", "colour")
    assert caller.ask("GET", "/fhir/ValueSet/nothing/$expand").status_code == 404


def test_a_ring_of_value_sets_is_named(caller: Caller) -> None:
    ring = {"resourceType": "ValueSet", "status": "active"}
    for one, other in (("a", "b"), ("b", "a")):
        include = [{"valueSet": [f"http://example.org/{other}"]}]
        caller.create(ring | {"url": f"http://example.org/{one}", "compose": {"include": include}})
    answer = caller.ask("GET", "/fhir/ValueSet/$expand?url=http://example.org/a")
    names = " -> ".join(f"http://example.org/{one}" for one in "aba")
    told = f"Value sets import each other in a ring: {names}."
    assert refusal(answer) == (422, "processing", told)
