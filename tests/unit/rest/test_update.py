from __future__ import annotations

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
