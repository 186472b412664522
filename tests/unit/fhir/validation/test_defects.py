"""The 28 kinds of defect that a validator is held to, one each in resources that are valid else."""

from __future__ import annotations

import copy
from typing import Any, Final

import pytest

from gateway.fhir.validation import validate

_ABSENT: Final = object()
_EXTENSION: Final = "http://centre.example/StructureDefinition/x"
_VALID: Final[dict[str, dict[str, Any]]] = {
    "Patient": {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "4711"}],
        "active": True,
        "name": [{"family": "Essai", "given": ["Anne"]}],
        "telecom": [{"system": "phone", "value": "+33 1 99 00 00 00", "rank": 1}],
        "gender": "female",
        "birthDate": "1956-08-12",
        "deceasedBoolean": False,
        "contact": [{"name": {"text": "Paul"}, "period": {"start": "2020", "end": "2021"}}],
        "photo": [{"contentType": "image/png", "data": "iVBORw0K"}],
        "generalPractitioner": [{"reference": "Practitioner/7"}],
    },
    "DiagnosticReport": {
        "resourceType": "DiagnosticReport",
        "meta": {"lastUpdated": "2026-11-22T18:00:00Z"},
        "contained": [
            {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
        ],
        "extension": [{"url": _EXTENSION, "valueCode": "a"}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "24627-2"}]},
        "subject": {"reference": "Patient/p1"},
        "issued": "2026-11-22T18:00:00+01:00",
        "result": [{"reference": "#o"}],
    },
    "Observation": {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "valueQuantity": {"value": 72, "system": "http://unitsofmeasure.org", "code": "/min"},
    },
}
# What is wrong: (path to it, the value that is put there).
DEFECTS: Final[dict[str, tuple[str, Any]]] = {
    "a boolean as a string": ("Patient.active", "true"),
    "a number as a string": ("Observation.valueQuantity.value", "72"),
    "a string as a number": ("Patient.name.0.family", 5),
    "null for a value": ("Patient.gender", None),
    "an empty array": ("Patient.name", []),
    "an empty object": ("Patient.contact", [{}]),
    "an empty string": ("Patient.name.0.family", ""),
    "an object where an array stands": ("Patient.name", {"family": "Essai"}),
    "an array where one value stands": ("Patient.birthDate", ["1956-08-12"]),
    "an unknown element": ("Patient.nom", "Essai"),
    "an unknown element deep inside": ("Patient.contact.0.name.nom", "Essai"),
    "a required element that is missing": ("Observation.status", _ABSENT),
    "a required element that is missing deep inside": (
        "Patient.communication",
        [{"preferred": True}],
    ),
    "two types of one choice": ("Patient.deceasedDateTime", "2024"),
    "a type that a choice has not": ("Observation.valueAddress", {"city": "Lyon"}),
    "a code outside of a required value set": ("Patient.gender", "femme"),
    "a code outside of a required value set deep inside": ("Patient.telecom.0.system", "portable"),
    "a date in another notation": ("Patient.birthDate", "12/08/1956"),
    "a day that no month has": ("Patient.birthDate", "1956-02-30"),
    "a time without zone": ("DiagnosticReport.issued", "2026-11-22T18:00:00"),
    "an id with a sign that it cannot hold": ("Patient.id", "p_1"),
    "base64 that is none": ("Patient.photo.0.data", "not base64!"),
    "a rank below one": ("Patient.telecom.0.rank", 0),
    "an end before its start": ("Patient.contact.0.period.end", "2019"),
    "a contact without any detail": ("Patient.contact.0", {"gender": "male"}),
    "an extension with neither value nor extensions": (
        "DiagnosticReport.extension.0.valueCode",
        _ABSENT,
    ),
    "a reference to a type that may not stand there": (
        "DiagnosticReport.subject.reference",
        "Practitioner/7",
    ),
    "a reference to nothing that is contained": (
        "DiagnosticReport.result.0.reference",
        "#nothing",
    ),
}


def _with(path: str, value: object) -> dict[str, Any]:
    name, *steps = path.split(".")
    whole = copy.deepcopy(_VALID[name])
    place: Any = whole
    keys: list[Any] = [int(step) if step.isdigit() else step for step in steps]
    for key in keys[:-1]:
        place = place[key]
    if value is _ABSENT:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return whole


def test_without_a_defect_nothing_is_refused() -> None:
    assert [validate(resource) for resource in _VALID.values()] == [()] * len(_VALID)
    assert len(DEFECTS) == 28


@pytest.mark.parametrize("name", DEFECTS)
def test_each_defect_is_caught_alone_and_at_its_place(name: str) -> None:
    path, value = DEFECTS[name]
    # Its place, or the element that is left without it.
    steps = [step for step in path.split(".") if not step.isdigit()]
    told = [
        [step.partition("[")[0] for step in (issue.expression or "").split(".")]
        for issue in validate(_with(path, value))
    ]
    assert any(said[: len(steps)] == steps[: len(said)] for said in told), told
