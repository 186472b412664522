from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Invalid, UnknownReference
from gateway.fhir.document import MAX_ENTRIES, document_bundle
from gateway.fhir.validation import validate

_BASE = "http://gateway.example/fhir"


def _composition(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element of a Composition
    return {
        "resourceType": "Composition",
        "id": "c1",
        "status": "final",
        "type": {"text": "letter"},
        "date": "2026-01-02",
        "title": "Letter",
        "author": [{"reference": "Practitioner/d1"}],
        **more,
    }


_HELD: dict[tuple[str, str], dict[str, Any]] = {
    ("Practitioner", "d1"): {"resourceType": "Practitioner", "id": "d1"},
    ("Patient", "p1"): {
        "resourceType": "Patient",
        "id": "p1",
        "managingOrganization": {"reference": "Organization/o1"},
        "generalPractitioner": [{"reference": "Practitioner/gone"}],
    },
    ("Organization", "o1"): {"resourceType": "Organization", "id": "o1", "name": "CHU"},
    ("Observation", "v1"): {
        "resourceType": "Observation",
        "id": "v1",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"{_BASE}/Patient/p1"},
        "hasMember": [{"reference": "Observation/v1"}],
    },
}


def _document(composition: dict[str, Any]) -> dict[str, Any]:
    return document_bundle(
        composition,
        lambda kind, identity: _HELD.get((kind, identity)),
        base_url=_BASE,
        identifier="urn:uuid:6b2d1b6e-5e6e-4a68-9f4c-0d2f0a6a9d11",
        timestamp="2026-01-02T03:04:05Z",
    )


def test_the_composition_comes_first_and_all_that_it_leads_to_behind() -> None:
    bundle = _document(
        _composition(
            subject={"reference": "Patient/p1"},
            section=[{"title": "s", "entry": [{"reference": "Observation/v1/_history/1"}]}],
            custodian={"reference": "http://elsewhere.example/fhir/Organization/9"},
        )
    )
    assert validate(bundle) == ()
    assert [entry["fullUrl"].removeprefix(f"{_BASE}/") for entry in bundle["entry"]] == [
        "Composition/c1",
        "Patient/p1",
        "Practitioner/d1",
        "Observation/v1",
        "Organization/o1",
    ]
    assert bundle["type"] == "document"
    assert bundle["identifier"]["value"].startswith("urn:uuid:")


def test_what_the_composition_names_and_is_not_here_is_named_with_its_place() -> None:
    with pytest.raises(UnknownReference) as refusal:
        _document(_composition(subject={"reference": "Patient/p9"}))
    assert [(one.text, one.expression) for one in refusal.value.issues] == [
        ("Patient/p9 is not here.", "Composition.subject.reference")
    ]


def test_a_document_has_an_end() -> None:
    entries = [{"reference": f"Observation/{number}"} for number in range(MAX_ENTRIES + 1)]
    with pytest.raises(Invalid, match="more than 1000"):
        _document(_composition(section=[{"entry": entries}]))
