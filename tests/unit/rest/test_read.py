from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.summary import SUBSETTED
from gateway.fhir.xml import read_xml

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_a_read_answers_the_stored_version_with_its_headers(
    caller: Caller, patient: dict[str, Any]
) -> None:
    created = caller.create(patient)
    answer = caller.ask("GET", f"/fhir/Patient/{created['id']}")
    stored = caller.ports.store.read("Patient", created["id"])
    assert stored is not None
    assert (answer.status_code, answer.content) == (200, stored.content)
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"].endswith(" GMT")
    assert answer.headers["content-type"] == "application/fhir+json;charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_decimals_come_back_digit_for_digit(caller: Caller) -> None:
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"Poids"},'
        b'"valueQuantity":{"value":72.50,"unit":"kg"}}'
    )
    created = caller.ask(
        "POST", "/fhir/Observation", content=body, headers={"content-type": "application/json"}
    )
    answer = caller.ask("GET", f"/fhir/Observation/{created.json()['id']}?_pretty=true")
    assert b'"value": 72.50,' in answer.content


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_caller_holds_is_not_sent_again(
    caller: Caller, patient: dict[str, Any], method: str
) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    answer = caller.ask(method, path, headers={"if-none-match": 'W/"1"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", 'W/"1"')
    since = answer.headers["last-modified"]
    assert caller.ask(method, path, headers={"if-modified-since": since}).status_code == 304
    other = {"if-modified-since": since, "if-none-match": 'W/"9"'}
    assert caller.ask(method, path, headers=other).status_code == 200


def test_head_is_get_without_the_body(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    whole, head = caller.ask("GET", path), caller.ask("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/fhir/Patient/none", 404, "not-found"),
        ("/fhir/Patient/a_b", 400, "structure"),
        ("/fhir/Patient/" + "x" * 65, 400, "structure"),
        ("/fhir/Patient/%00", 400, "structure"),
        ("/fhir/Patien/1", 404, "not-found"),
    ],
)
def test_what_is_not_here_is_said_in_an_outcome(
    caller: Caller, path: str, status: int, code: str
) -> None:
    answer = caller.ask("GET", path)
    outcome = answer.json()
    assert (answer.status_code, outcome["resourceType"]) == (status, "OperationOutcome")
    assert [issue["code"] for issue in outcome["issue"]] == [code]


def test_what_was_deleted_is_gone(caller: Caller, patient: dict[str, Any]) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    caller.ask("DELETE", path)
    answer = caller.ask("GET", path)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (410, "deleted")


def test_a_read_may_ask_for_a_part(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    path = f"/fhir/Patient/{created['id']}"
    tagged = {**created["meta"], "tag": [SUBSETTED]}
    part = {"resourceType": "Patient", "id": created["id"], "meta": tagged}
    assert caller.ask("GET", f"{path}?_elements=gender").json() == {**part, "gender": "female"}
    assert caller.ask("GET", f"{path}?_summary=text").json() == part
    assert caller.ask("GET", f"{path}/_history/1?_summary=text").json() == part
    assert caller.ask("GET", f"{path}?_summary=false").json() == created
    assert caller.ask("GET", f"{path}?_elements=colour").status_code == 400


def test_a_read_answers_in_xml(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    answer = caller.ask("GET", f"/fhir/Patient/{created['id']}?_format=xml&_pretty=true")
    assert answer.headers["content-type"] == "application/fhir+xml;charset=utf-8"
    assert answer.headers["etag"] == 'W/"1"'
    assert read_xml(answer.content) == created
    assert "\n  <id value=" in answer.text


def test_a_refusal_is_told_in_xml_to_who_asks_for_it(caller: Caller) -> None:
    answer = caller.ask("GET", "/fhir/Patient/nobody", headers={"accept": "text/xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/xml;charset=utf-8")
    assert read_xml(answer.content)["issue"][0]["code"] == "not-found"
