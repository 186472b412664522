from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PATH = "/fhir/CodeSystem/$subsumes"


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("IMP", "ACUTE", "subsumes"),
        ("ACUTE", "IMP", "subsumed-by"),
        ("IMP", "IMP", "equivalent"),
        ("IMP", "AMB", "not-subsumed"),
    ],
)
def test_subsumption_is_answered(caller: Caller, first: str, second: str, outcome: str) -> None:
    told = {
        "resourceType": "Parameters",
        "parameter": [{"name": "outcome", "valueCode": outcome}],
    }
    query = f"system={ACTS}&codeA={first}&codeB={second}"
    assert caller.ask("GET", f"{PATH}?{query}").json() == told
    codings = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": name, "valueCoding": {"system": ACTS, "code": code}}
            for name, code in (("codingA", first), ("codingB", second))
        ],
    }
    assert caller.ask("POST", PATH, json=codings).json() == told


def test_a_stored_system_is_asked_by_its_id(caller: Caller) -> None:
    made = caller.create(
        {
            "resourceType": "CodeSystem",
            "url": "http://example.org/cs",
            "status": "active",
            "content": "complete",
            "concept": [{"code": "a", "concept": [{"code": "b"}]}],
        }
    )
    answer = caller.ask("GET", f"/fhir/CodeSystem/{made['id']}/$subsumes?codeA=a&codeB=b")
    assert answer.json()["parameter"] == [{"name": "outcome", "valueCode": "subsumes"}]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"system={ACTS}&codeA=IMP", 400),
        ("codeA=IMP&codeB=IMP", 400),
        (f"system={ACTS}&codeA=IMP&codeB=NOPE", 404),
        ("system=urn:none&codeA=1&codeB=1", 404),
    ],
)
def test_what_cannot_be_answered_is_refused(caller: Caller, query: str, status: int) -> None:
    assert caller.ask("GET", f"{PATH}?{query}").status_code == status


def test_codes_of_two_systems_do_not_compare(caller: Caller) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": f"coding{side}", "valueCoding": {"system": f"urn:{side}", "code": "1"}}
            for side in "AB"
        ],
    }
    answer = caller.ask("POST", PATH, json=body)
    told = answer.json()["issue"][0]["diagnostics"]
    assert (answer.status_code, told) == (400, "Both codes must be of one code system.")
