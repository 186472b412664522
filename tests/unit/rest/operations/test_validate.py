from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

_BASE = "http://hl7.org/fhir/StructureDefinition"


def _issues(answer: Any) -> list[tuple[str, str, str | None]]:  # noqa: ANN401 - httpx's answer
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    told = [
        (one["severity"], one["code"], one.get("expression", [None])[0]) for one in outcome["issue"]
    ]
    # That a narrative is missing is advice (dom-6), and tested by itself.
    return [one for one in told if one != ("warning", "invariant", "Patient.text")] or _FINE


_FINE: list[tuple[str, str, str | None]] = [("information", "informational", None)]


def test_what_r4_advises_is_a_warning(caller: Caller, patient: dict[str, Any]) -> None:
    (issue,) = caller.ask("POST", "/fhir/Patient/$validate", json=patient).json()["issue"]
    assert issue == {
        "severity": "warning",
        "code": "invariant",
        "diagnostics": "Patient should have a narrative for people to read (dom-6).",
        "expression": ["Patient.text"],
    }
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Camille</div>'
    narrated = patient | {"text": {"status": "generated", "div": div}}
    (issue,) = caller.ask("POST", "/fhir/Patient/$validate", json=narrated).json()["issue"]
    assert issue["diagnostics"] == "No fault was found."


def _wrapped(resource: dict[str, Any], **values: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"name": name, "valueCode": value} for name, value in values.items()
    ]
    rows.append({"name": "resource", "resource": resource})
    return {"resourceType": "Parameters", "parameter": rows}


def test_a_resource_without_fault_is_told_so(caller: Caller, patient: dict[str, Any]) -> None:
    assert _issues(caller.ask("POST", "/fhir/Patient/$validate", json=patient)) == _FINE
    assert _issues(caller.ask("POST", "/fhir/Patient/$validate", json=_wrapped(patient))) == _FINE


def test_all_faults_come_at_once_with_their_places(caller: Caller) -> None:
    wrong = {"resourceType": "Patient", "gender": "x", "active": "yes"}
    assert _issues(caller.ask("POST", "/fhir/Patient/$validate", json=wrong)) == [
        ("error", "code-invalid", "Patient.gender"),
        ("error", "value", "Patient.active"),
    ]


def test_nothing_is_stored(caller: Caller, patient: dict[str, Any]) -> None:
    caller.ask("POST", "/fhir/Patient/$validate?mode=create", json=patient)
    assert caller.ask("GET", "/fhir/Patient?_summary=count").json()["total"] == 0


@pytest.mark.parametrize("name", ["Patient", "DomainResource", "Resource"])
def test_the_base_profiles_are_known(caller: Caller, patient: dict[str, Any], name: str) -> None:
    path = f"/fhir/Patient/$validate?profile={_BASE}/{name}|4.0.1"
    assert _issues(caller.ask("POST", path, json=patient)) == _FINE


@pytest.mark.parametrize("profile", [f"{_BASE}/Observation", "http://example.org/other"])
def test_a_profile_that_does_not_fit_or_is_not_here_is_an_error(
    caller: Caller, patient: dict[str, Any], profile: str
) -> None:
    path = f"/fhir/Patient/$validate?profile={profile}"
    assert _issues(caller.ask("POST", path, json=patient)) == [("error", "not-found", None)]


def test_create_and_update_look_at_references_too(caller: Caller, patient: dict[str, Any]) -> None:
    lost = {**patient, "managingOrganization": {"reference": "Organization/none"}}
    told = _issues(
        caller.ask("POST", "/fhir/Patient/$validate", json=_wrapped(lost, mode="create"))
    )
    assert told == [("error", "not-found", "Patient.managingOrganization.reference")]
    assert _issues(caller.ask("POST", "/fhir/Patient/$validate", json=lost)) == _FINE


def test_an_update_must_be_of_the_instance_at_the_address(
    caller: Caller, patient: dict[str, Any]
) -> None:
    path = "/fhir/Patient/p1/$validate?mode=update"
    wrong = _issues(caller.ask("POST", path, json={**patient, "id": "p2"}))
    assert wrong == [("error", "value", "Patient.id")]
    assert _issues(caller.ask("POST", path, json={**patient, "id": "p1"})) == _FINE


def test_a_resource_of_another_type_is_told(caller: Caller, patient: dict[str, Any]) -> None:
    told = _issues(caller.ask("POST", "/fhir/Basic/$validate", json=patient))
    assert told == [("error", "invalid", None)]


def test_an_instance_is_validated_where_it_is(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    assert _issues(caller.ask("GET", f"/fhir/Patient/{created['id']}/$validate")) == _FINE
    assert caller.ask("GET", "/fhir/Patient/none/$validate").status_code == 404


def test_delete_tells_who_still_refers(caller: Caller, patient: dict[str, Any]) -> None:
    organization = caller.create({"resourceType": "Organization", "name": "CHU"})
    path = f"/fhir/Organization/{organization['id']}/$validate?mode=delete"
    assert _issues(caller.ask("GET", path)) == _FINE
    reference = {"reference": f"Organization/{organization['id']}"}
    caller.create({**patient, "managingOrganization": reference})
    assert _issues(caller.ask("POST", path)) == [("error", "conflict", None)]


@pytest.mark.parametrize(
    ("path", "expression"),
    [
        ("/fhir/Patient/$validate", "resource"),
        ("/fhir/Patient/$validate?mode=delete", "mode"),
        ("/fhir/Patient/$validate?mode=else", "mode"),
        ("/fhir/Patient/$validate?other=1", "other"),
    ],
)
def test_what_cannot_be_answered_names_the_parameter(
    caller: Caller, path: str, expression: str
) -> None:
    answer = caller.ask("POST", path)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [expression]
