from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_several_types_are_searched_at_once(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    caller.create({"resourceType": "Basic", "code": {"text": "x"}})
    organisation = caller.create({"resourceType": "Organization", "name": "CHU"})
    base = caller.ports.settings.fhir_url
    by_get = caller.ask("GET", "/fhir?_type=Patient,Organization").json()
    found = {entry["resource"]["id"] for entry in by_get["entry"]}
    assert found == {created["id"], organisation["id"]}
    assert by_get["link"][0]["url"] == f"{base}?_type=Patient,Organization"
    by_post = caller.ask("POST", "/fhir/_search", content="_type=Patient", headers=FORM).json()
    assert [entry["resource"] for entry in by_post["entry"]] == [created]
