from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.validation import validate

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


@pytest.fixture
def composition(caller: Caller, patient: dict[str, Any]) -> dict[str, Any]:
    """Store a letter about a patient."""
    subject = {"reference": f"Patient/{caller.create(patient)['id']}"}
    author = caller.create({"resourceType": "Practitioner", "name": [{"family": "Moreau"}]})
    result = caller.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "weight"},
            "subject": subject,
            "valueQuantity": {"value": 72},
        }
    )
    return caller.create(
        {
            "resourceType": "Composition",
            "status": "final",
            "type": {"text": "letter"},
            "subject": subject,
            "date": "2026-01-02",
            "author": [{"reference": f"Practitioner/{author['id']}"}],
            "title": "Letter",
            "section": [{"entry": [{"reference": f"Observation/{result['id']}"}]}],
        }
    )


_KINDS = ["Composition", "Patient", "Practitioner", "Observation"]


def test_the_document_has_all_that_the_composition_leads_to(
    caller: Caller, composition: dict[str, Any]
) -> None:
    paths = (
        ("GET", f"/fhir/Composition/{composition['id']}/$document"),
        ("POST", f"/fhir/Composition/{composition['id']}/$document"),
        ("GET", f"/fhir/Composition/$document?id={composition['id']}"),
        ("GET", f"/fhir/Composition/$document?id=Composition/{composition['id']}"),
    )
    for method, path in paths:
        answer = caller.ask(method, path)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        assert validate(bundle) == ()
        assert [one["resource"]["resourceType"] for one in bundle["entry"]] == _KINDS


def test_a_persisted_document_is_a_bundle_like_others(
    caller: Caller, composition: dict[str, Any]
) -> None:
    path = f"/fhir/Composition/{composition['id']}/$document?persist=true"
    answer = caller.ask("GET", path)
    location = answer.headers["location"]
    assert location.endswith(f"/Bundle/{answer.json()['id']}")
    stored = caller.ask("GET", location[location.index("/fhir/") :])
    assert stored.json() == answer.json()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Composition/none/$document", 404),
        ("Composition/$document", 400),
        ("Composition/$document?id=http://elsewhere.example/fhir/Composition/1", 400),
        ("Composition/$document?id=Patient/1", 400),
        ("Composition/none/$document?id=none", 400),
        ("Composition/none/$document?graph=urn:x", 400),
        ("Composition/none/$document?persist=perhaps", 400),
        ("Patient/none/$document", 404),
    ],
)
def test_what_cannot_be_made_is_refused(caller: Caller, path: str, status: int) -> None:
    assert caller.ask("GET", f"/fhir/{path}").status_code == status
