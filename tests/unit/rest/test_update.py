from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_an_update_makes_the_next_version(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    answer = caller.ask("PUT", f"/fhir/Patient/{created['id']}", json={**created, "active": True})
    updated = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert updated == {**created, "active": True, "meta": updated["meta"]}


def test_an_update_that_changes_nothing_makes_no_version(
    caller: Caller, patient: dict[str, Any]
) -> None:
    created = caller.create(patient)
    answer = caller.ask("PUT", f"/fhir/Patient/{created['id']}", json=created)
    assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, 'W/"1"', created)


def test_an_update_creates_under_the_callers_id(caller: Caller, patient: dict[str, Any]) -> None:
    answer = caller.ask("PUT", "/fhir/Patient/camille-1", json={**patient, "id": "camille-1"})
    base = caller.ports.settings.fhir_url
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{base}/Patient/camille-1/_history/1"


def test_if_match_refuses_what_has_moved_on(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    path = f"/fhir/Patient/{created['id']}"
    told = {**created, "active": True}
    answers = caller.ask_all(
        [
            ("PUT", path, {"json": {**told, "language": one}, "headers": {"if-match": 'W/"1"'}})
            for one in ("fr", "fr-FR", "en")
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


@pytest.mark.parametrize(("said", "status"), [({"id": "other"}, 400), ({}, 400), ({"id": 5}, 400)])
def test_the_id_must_be_the_one_in_the_address(
    caller: Caller, patient: dict[str, Any], said: dict[str, Any], status: int
) -> None:
    answer = caller.ask("PUT", "/fhir/Patient/p1", json={**patient, **said})
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (status, ["Patient.id"])


def test_an_if_match_that_names_no_version_is_refused(
    caller: Caller, patient: dict[str, Any]
) -> None:
    answer = caller.ask(
        "PUT", "/fhir/Patient/p1", json={**patient, "id": "p1"}, headers={"if-match": "*"}
    )
    assert answer.status_code == 400


SYSTEM = "urn:oid:1.2.250.1.999.1"
MATCHING = f"/fhir/Patient?identifier={SYSTEM}|IPP-0042"


def test_a_conditional_update_creates_then_updates_the_same(
    caller: Caller, patient: dict[str, Any]
) -> None:
    first = caller.ask("PUT", MATCHING, json=patient)
    second = caller.ask("PUT", MATCHING, json={**patient, "active": True})
    third = caller.ask("PUT", MATCHING, json={**patient, "active": True})
    assert [answer.status_code for answer in (first, second, third)] == [201, 200, 200]
    assert [answer.headers["etag"] for answer in (first, second, third)] == [
        'W/"1"',
        'W/"2"',
        'W/"2"',
    ]
    assert first.json()["id"] == second.json()["id"]


def test_a_conditional_update_of_several_is_refused(
    caller: Caller, patient: dict[str, Any]
) -> None:
    for _ in range(2):
        caller.create(patient)
    assert caller.ask("PUT", MATCHING, json=patient).status_code == 412


@pytest.mark.parametrize("query", ["", "?", "?_count=1", "?colour=blue", "?identifier="])
def test_a_condition_must_be_a_search_with_a_criterion(
    caller: Caller, patient: dict[str, Any], query: str
) -> None:
    refused = [
        caller.ask("PUT", f"/fhir/Patient{query}", json=patient),
        caller.ask("DELETE", f"/fhir/Patient{query}"),
        caller.ask(
            "PATCH",
            f"/fhir/Patient{query}",
            json=[],
            headers={"content-type": "application/json-patch+json"},
        ),
    ]
    assert [answer.status_code for answer in refused] == [400] * 3


def test_if_none_match_any_makes_an_update_a_create(
    caller: Caller, patient: dict[str, Any]
) -> None:
    said: dict[str, Any] = {
        "json": {**patient, "id": "camille-1"},
        "headers": {"if-none-match": "*"},
    }
    answers = [caller.ask("PUT", "/fhir/Patient/camille-1", **said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 412]


def test_a_provenance_comes_in_a_header(caller: Caller, patient: dict[str, Any]) -> None:
    provenance = {
        "resourceType": "Provenance",
        "recorded": "2026-11-22T10:00:00Z",
        "agent": [{"who": {"display": "Import"}}],
    }
    told = {"x-provenance": json.dumps(provenance)}
    answer = caller.ask("PUT", "/fhir/Patient/p1", json={**patient, "id": "p1"}, headers=told)
    assert answer.status_code == 201
    found = caller.ask("GET", "/fhir/Provenance?target=Patient/p1").json()["entry"]
    assert [one["resource"]["target"] for one in found] == [
        [{"reference": "Patient/p1/_history/1"}]
    ]
    bad = caller.ask(
        "PUT", "/fhir/Patient/p2", json={**patient, "id": "p2"}, headers={"x-provenance": "{"}
    )
    assert bad.status_code == 400
    assert bad.json()["issue"][0]["diagnostics"].startswith("X-Provenance must be a Provenance")
