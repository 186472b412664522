from __future__ import annotations

import copy

import pytest

from gateway.fhir.validation import validate
from gateway.fhir.validation.typed import typed_faults, typed_model

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Lefèvre", "given": ["Anne"]}],
    "birthDate": "1955-06-02",
    "generalPractitioner": [{"reference": "Practitioner/7"}],
}


def test_what_the_validator_accepts_fhir_resources_can_parse() -> None:
    assert validate(PATIENT) == ()
    assert typed_model(copy.deepcopy(PATIENT)).name[0].family == "Lefèvre"  # type: ignore[attr-defined] # built at run time


def test_fhir_resources_is_not_the_judge() -> None:
    faulty = PATIENT | {"active": "true", "gender": "femme"}
    assert len(validate(faulty)) == 2
    assert typed_model(copy.deepcopy(faulty)).active is True  # type: ignore[attr-defined] # built at run time


def test_an_unknown_type_has_no_model() -> None:
    with pytest.raises(ValueError, match="not a valid FHIR Model"):
        typed_model({"resourceType": "Nothing"})


def test_what_a_typed_model_cannot_hold_is_told_with_its_place() -> None:
    assert typed_faults(copy.deepcopy(PATIENT)) == []
    faulty = PATIENT | {"birthDate": "2/6/1955", "name": [{"nom": "x"}]}
    assert [place for place, _ in typed_faults(faulty)] == ["birthDate", "name[0].nom"]
    assert [place for place, _ in typed_faults({"resourceType": "Nothing"})] == [""]
    assert [place for place, _ in typed_faults({})] == [""]
