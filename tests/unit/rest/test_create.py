from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

JSON = {"content-type": "application/fhir+json"}


def test_a_create_answers_where_the_resource_is(caller: Caller, patient: dict[str, Any]) -> None:
    answer = caller.ask("POST", "/fhir/Patient", json=patient)
    created = answer.json()
    assert answer.status_code == 201
    assert created == {**patient, "id": created["id"], "meta": created["meta"]}
    assert created["meta"]["versionId"] == "1"
    assert answer.headers["etag"] == 'W/"1"'
    base = caller.ports.settings.fhir_url
    assert answer.headers["location"] == f"{base}/Patient/{created['id']}/_history/1"


def test_the_server_gives_the_id(caller: Caller, patient: dict[str, Any]) -> None:
    assert caller.create({**patient, "id": "mine"})["id"] != "mine"


def test_prefer_chooses_the_body(caller: Caller, patient: dict[str, Any]) -> None:
    minimal = caller.ask(
        "POST", "/fhir/Patient", json=patient, headers={"prefer": "return=minimal"}
    )
    assert (minimal.status_code, minimal.content) == (201, b"")
    told = caller.ask(
        "POST", "/fhir/Patient", json=patient, headers={"prefer": "return=OperationOutcome"}
    )
    assert told.json()["issue"][0]["severity"] == "information"


def test_parallel_conditional_creates_make_one(caller: Caller, patient: dict[str, Any]) -> None:
    said = {
        "json": patient,
        "headers": {"if-none-exist": "identifier=urn:oid:1.2.250.1.999.1|IPP-0042"},
    }
    answers = caller.ask_all([("POST", "/fhir/Patient", said)] * 12)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 11}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1


def test_a_condition_that_matches_several_fails(caller: Caller, patient: dict[str, Any]) -> None:
    caller.create(patient)
    caller.create(patient)
    answer = caller.ask(
        "POST", "/fhir/Patient", json=patient, headers={"if-none-exist": "identifier=IPP-0042"}
    )
    assert answer.status_code == 412


def test_a_condition_that_is_not_understood_fails(caller: Caller, patient: dict[str, Any]) -> None:
    answer = caller.ask(
        "POST", "/fhir/Patient", json=patient, headers={"if-none-exist": "colour=blue"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"[" * 5000, JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b'{"resourceType":"Observation"}', JSON, 400),
        (b"<Patient/>", {"content-type": "application/fhir+xml"}, 400),
        (b"name;gender", {"content-type": "text/csv"}, 415),
        (b'{"resourceType":"Patient","gender":"x"}', JSON, 422),
        (b'{"resourceType":"Patient","name":[{"family":"\\ud800"}]}', JSON, 400),
        (b'{"resourceType":"Patient","a":1.5,"name":[{"family":"\\ud800"}]}', JSON, 400),
        (b"x" * 300_001, JSON, 413),
    ],
)
def test_a_body_that_cannot_be_kept_is_refused_in_an_outcome(
    caller: Caller, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = caller.ask("POST", "/fhir/Patient", content=body, headers=headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")


def test_all_faults_are_told_at_once(caller: Caller) -> None:
    wrong = {"resourceType": "Patient", "gender": "x", "birthDate": "hier", "active": "true"}
    answer = caller.ask("POST", "/fhir/Patient", json=wrong)
    told = {issue["expression"][0] for issue in answer.json()["issue"]}
    assert answer.status_code == 422
    assert told == {"Patient.gender", "Patient.birthDate", "Patient.active"}


def test_a_reference_to_nothing_is_refused(caller: Caller) -> None:
    answer = caller.ask(
        "POST",
        "/fhir/Observation",
        json={
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Tension"},
            "subject": {"reference": "Patient/nobody"},
        },
    )
    issue = answer.json()["issue"][0]
    assert (answer.status_code, issue["expression"]) == (422, ["Observation.subject.reference"])
