from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_a_delete_answers_204_also_when_repeated(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    answers = [caller.ask("DELETE", path) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert answers[0].headers["etag"] == 'W/"2"'


def test_what_never_was_cannot_be_deleted(caller: Caller) -> None:
    assert caller.ask("DELETE", "/fhir/Patient/nobody").status_code == 404


def test_a_delete_of_an_older_version_is_refused(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    assert caller.ask("DELETE", path, headers={"if-match": 'W/"2"'}).status_code == 412
    assert caller.ask("GET", path).status_code == 200


def test_what_others_refer_to_stays(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"Patient/{caller.create(patient)['id']}"
    referrer = caller.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Tension"},
            "subject": {"reference": path},
        }
    )
    answer = caller.ask("DELETE", f"/fhir/{path}")
    assert answer.status_code == 409
    assert f"Observation/{referrer['id']}" in answer.json()["issue"][0]["diagnostics"]


def test_a_conditional_delete_takes_all_that_match(caller: Caller, patient: dict[str, Any]) -> None:
    ids = [caller.create(patient)["id"] for _ in range(3)]
    told = {"prefer": "return=OperationOutcome"}
    answer = caller.ask("DELETE", "/fhir/Patient?identifier=IPP-0042", headers=told)
    assert (answer.status_code, answer.json()["issue"][0]["diagnostics"]) == (200, "Deleted: 3.")
    assert [caller.ask("GET", f"/fhir/Patient/{one}").status_code for one in ids] == [410] * 3
    again = caller.ask("DELETE", "/fhir/Patient?identifier=IPP-0042")
    assert (again.status_code, again.content) == (204, b"")


def test_a_conditional_delete_of_one_version_is_about_one_resource(
    caller: Caller, patient: dict[str, Any]
) -> None:
    for _ in range(2):
        caller.create(patient)
    answer = caller.ask(
        "DELETE", "/fhir/Patient?identifier=IPP-0042", headers={"if-match": 'W/"1"'}
    )
    assert answer.status_code == 412
