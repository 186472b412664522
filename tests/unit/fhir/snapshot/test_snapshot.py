"""Snapshots from differentials of our own."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Invalid, NotFound
from gateway.fhir.snapshot import with_snapshot
from gateway.fhir.validation.profiles import ProfileValidator
from tests.unit.fhir.validation.profiles.made import BASE, Json, Shelf

_CORE = "http://hl7.org/fhir/StructureDefinition"


def constraint(name: str, base: str, *elements: Json, kind: str = "Patient") -> Json:
    """Return a profile that has a differential alone."""
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": f"{BASE}/{name}",
        "type": kind,
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": base,
        "differential": {"element": [{"path": one["id"]} | one for one in elements]},
    }


def made(structure: Json, *others: Json) -> dict[str, Json]:
    """Return the elements of the snapshot by id."""
    whole = with_snapshot(structure, Shelf(*others).structure)
    return {one["id"]: one for one in whole["snapshot"]["element"]}


def test_a_profile_has_all_elements_of_its_type_and_what_it_says() -> None:
    elements = made(constraint("mine", f"{_CORE}/Patient", {"id": "Patient.name", "min": 1}))
    assert (elements["Patient.name"]["min"], elements["Patient.name"]["max"]) == (1, "*")
    assert elements["Patient.name"]["type"] == [{"code": "HumanName"}]
    assert elements["Patient.gender"]["binding"]["strength"] == "required"
    assert "Patient.contact.name" in elements
    assert elements["Patient.deceased[x]"]["type"] == [{"code": "boolean"}, {"code": "dateTime"}]


def test_an_element_of_a_datatype_is_unfolded() -> None:
    elements = made(constraint("mine", f"{_CORE}/Patient", {"id": "Patient.name.family", "min": 1}))
    assert elements["Patient.name.family"]["min"] == 1
    assert elements["Patient.name.given"]["max"] == "*"


def test_slices_stand_behind_what_they_slice() -> None:
    by_system = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    elements = made(
        constraint(
            "mine",
            f"{_CORE}/Patient",
            {"id": "Patient.identifier", "slicing": by_system, "min": 1},
            {"id": "Patient.identifier:ipp", "sliceName": "ipp", "max": "1"},
            {"id": "Patient.identifier:ipp.system", "fixedUri": "urn:ipp", "min": 1},
        )
    )
    order = [one for one in elements if one.startswith("Patient.identifier")]
    assert order[:2] == ["Patient.identifier", "Patient.identifier:ipp"]
    assert (
        elements["Patient.identifier:ipp"]["min"],
        elements["Patient.identifier:ipp"]["max"],
    ) == (
        0,
        "1",
    )
    assert elements["Patient.identifier:ipp.system"]["fixedUri"] == "urn:ipp"
    assert elements["Patient.identifier:ipp.system"]["path"] == "Patient.identifier.system"


def test_a_choice_may_be_written_with_its_type() -> None:
    elements = made(
        constraint(
            "mine",
            f"{_CORE}/Observation",
            {"id": "Observation.valueQuantity", "min": 1},
            {"id": "Observation.valueQuantity.code", "fixedCode": "kg"},
            kind="Observation",
        )
    )
    assert elements["Observation.value[x]:valueQuantity"]["min"] == 1
    assert elements["Observation.value[x]:valueQuantity.code"]["fixedCode"] == "kg"


def test_a_profile_of_a_profile_keeps_both() -> None:
    one = {"key": "a-1", "severity": "error", "human": "x", "expression": "true"}
    other = one | {"key": "b-1"}
    first = constraint(
        "first", f"{_CORE}/Patient", {"id": "Patient.name", "min": 1, "constraint": [one]}
    )
    second = constraint(
        "second", first["url"], {"id": "Patient.name", "max": "2", "constraint": [other]}
    )
    name = made(second, first)["Patient.name"]
    assert (name["min"], name["max"]) == (1, "2")
    assert [each["key"] for each in name["constraint"]] == ["a-1", "b-1"]


def test_a_snapshot_that_is_given_is_kept() -> None:
    given = constraint("mine", "urn:nowhere") | {"snapshot": {"element": [{"id": "Patient"}]}}
    assert with_snapshot(given, Shelf().structure) is given


def test_what_was_made_validates() -> None:
    structure = constraint(
        "mine",
        f"{_CORE}/Patient",
        {"id": "Patient.extension:colour", "sliceName": "colour", "min": 1,
         "type": [{"code": "Extension", "profile": ["urn:colour"]}]},
        {"id": "Patient.name.family", "min": 1},
    )  # fmt: skip
    validator = ProfileValidator(Shelf(with_snapshot(structure, Shelf().structure)))
    patient: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "a"}]}
    assert [(one.code, one.expression) for one in validator(patient, [structure["url"]])] == [
        ("required", "Patient.extension"),
        ("required", "Patient.name[0].family"),
    ]
    patient["extension"] = [{"url": "urn:colour", "valueCode": "b"}]
    patient["name"] = [{"family": "a"}]
    issues = validator(patient, [structure["url"]])
    assert [one for one in issues if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("element", "fault"),
    [
        ({"id": "Patient.gender", "max": "2"}, "max 2 is above the 1 of its base"),
        ({"id": "Patient.communication.language", "min": 0}, "min 0 is below the 1 of its base"),
        ({"id": "Patient.name", "min": 3, "max": "2"}, "min 3 is above its max 2"),
        ({"id": "Patient.birthDate", "type": [{"code": "string"}]}, "string is none of its base"),
        ({"id": "Patient.colour", "min": 1}, "names Patient.colour, which is no element"),
    ],
)
def test_a_profile_that_contradicts_its_base_is_refused(element: Json, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        made(constraint("mine", f"{_CORE}/Patient", element))


def test_profiles_that_are_each_others_base_are_refused() -> None:
    first = constraint("first", f"{BASE}/second")
    second = constraint("second", f"{BASE}/first")
    with pytest.raises(Invalid, match="each other's base"):
        made(first, first, second)


def test_a_base_that_is_not_here_is_named() -> None:
    with pytest.raises(NotFound, match="urn:nowhere, which is not here"):
        made(constraint("mine", "urn:nowhere"))
