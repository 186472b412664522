from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

_LOINC = "http://loinc.org"


def _observe(caller: Caller, subject: str, when: str, *codes: str, text: str = "") -> str:
    code: dict[str, Any] = {"coding": [{"system": _LOINC, "code": one} for one in codes]}
    created = caller.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": code if codes else {"text": text},
            "subject": {"reference": subject},
            "effectiveDateTime": when,
        }
    )
    return str(created["id"])


def _found(answer: Any) -> list[str]:  # noqa: ANN401 - httpx's answer
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    found = [entry["resource"]["id"] for entry in bundle.get("entry", [])]
    assert bundle["total"] == len(found)
    return found


def test_the_latest_of_each_code_come_back(caller: Caller, patient: dict[str, Any]) -> None:
    subject = f"Patient/{caller.create(patient)['id']}"
    other = f"Patient/{caller.create(patient)['id']}"
    pulse = [_observe(caller, subject, f"2024-01-0{day}", "8867-4") for day in (2, 3, 1)]
    weight = [_observe(caller, subject, f"2024-02-0{day}", "29463-7") for day in (1, 2)]
    _observe(caller, other, "2024-03-01", "8867-4")
    path = f"/fhir/Observation/$lastn?patient={subject}"
    assert _found(caller.ask("GET", path)) == [pulse[1], weight[1]]
    assert _found(caller.ask("GET", f"{path}&max=2")) == [pulse[1], pulse[0], *weight[::-1]]
    assert _found(caller.ask("GET", f"{path}&code={_LOINC}|29463-7")) == [weight[1]]


def test_observations_with_a_coding_in_common_are_one_group(
    caller: Caller, patient: dict[str, Any]
) -> None:
    subject = f"Patient/{caller.create(patient)['id']}"
    _observe(caller, subject, "2024-01-01", "a")
    _observe(caller, subject, "2024-01-02", "b")
    both = _observe(caller, subject, "2024-01-03", "a", "b")
    text = _observe(caller, subject, "2024-01-01", text="Humeur")
    _observe(caller, subject, "2023-01-01", text="humeur")
    assert _found(caller.ask("GET", f"/fhir/Observation/$lastn?subject={subject}")) == [both, text]


def test_the_parameters_may_come_in_a_body(caller: Caller, patient: dict[str, Any]) -> None:
    subject = f"Patient/{caller.create(patient)['id']}"
    last = _observe(caller, subject, "2024-01-01", "8867-4")
    rows = [{"name": "patient", "valueString": subject}, {"name": "max", "valuePositiveInt": 3}]
    body = {"resourceType": "Parameters", "parameter": rows}
    path = "/fhir/Observation/$lastn"
    assert _found(caller.ask("POST", path, json=body)) == [last]
    assert _found(caller.ask("POST", path, data={"patient": subject})) == [last]


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("code=x", "patient"),
        ("patient=p&max=0", "max"),
        ("patient=p&max=x", "max"),
        ("patient=p&max=99999999999", "max"),
        ("patient=p&max=1&max=2", "max"),
        ("patient=p&_sort=date", "_sort"),
        ("patient=p&_count=3", "_count"),
        ("patient=p&_include=Observation:subject", "_include"),
        ("patient=p&other=3", "other"),
    ],
)
def test_what_is_asked_wrongly_is_named(caller: Caller, query: str, expression: str) -> None:
    answer = caller.ask("GET", f"/fhir/Observation/$lastn?{query}")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [expression]


@pytest.mark.parametrize(
    "parameter",
    [{}, [1], [{"name": "patient"}], [{"name": "patient", "valueCoding": {"code": "x"}}]],
)
def test_a_body_that_cannot_be_read_is_refused(caller: Caller, parameter: object) -> None:
    body = {"resourceType": "Parameters", "parameter": parameter}
    assert caller.ask("POST", "/fhir/Observation/$lastn", json=body).status_code == 400
