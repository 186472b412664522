from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

FORM = {"content-type": "application/x-www-form-urlencoded"}


def observation(patient_id: str, status: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": status,
        "code": {"text": "Tension"},
        "subject": {"reference": f"Patient/{patient_id}"},
    }


@pytest.fixture
def own(caller: Caller, patient: dict[str, Any]) -> tuple[str, str]:
    """Make two patients with observations; return the first and its final one."""
    ids = [caller.create(patient)["id"] for _ in range(2)]
    made = [caller.create(observation(one, "final"))["id"] for one in ids]
    caller.create(observation(ids[0], "preliminary"))
    return ids[0], made[0]


def found(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle["entry"]]


def test_a_compartment_is_searched_for_one_type(caller: Caller, own: tuple[str, str]) -> None:
    path = f"/fhir/Patient/{own[0]}/Observation"
    bundle = caller.ask("GET", f"{path}?status=final").json()
    assert found(bundle) == [own[1]]
    base = caller.ports.settings.fhir_url
    assert bundle["link"] == [
        {"relation": "self", "url": f"{base}/Patient/{own[0]}/Observation?status=final"}
    ]
    by_post = caller.ask("POST", f"{path}/_search", content="status=final", headers=FORM)
    assert found(by_post.json()) == [own[1]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_compartment_is_searched_for_all_types(
    caller: Caller, own: tuple[str, str], method: str
) -> None:
    path = f"/fhir/Patient/{own[0]}/*" + ("" if method == "GET" else "/_search")
    bundle = caller.ask(method, path).json()
    assert own[1] in found(bundle)
    assert len(found(bundle)) in (2, 3)


@pytest.mark.parametrize(
    "path", ["Basic/b/Observation", "Patient/p/Colour", "Patient/p/Organization"]
)
def test_what_is_no_compartment_or_never_in_it_is_not_found(caller: Caller, path: str) -> None:
    assert caller.ask("GET", f"/fhir/{path}").status_code == 404
