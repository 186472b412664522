"""Bindings, extensions, versions, and what is told of profiles as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.fhirpath import Services
from gateway.fhir.validation.profiles import ProfileValidator
from tests.unit.fhir.validation.profiles.made import (
    BASE,
    Json,
    Shelf,
    found,
    observation,
    patient,
    profile,
)
from tests.unit.fhir.validation.profiles.slices import NAMED


def _bound(strength: str, **more: Any) -> Json:  # noqa: ANN401 - any JSON
    binding = {"strength": strength, "valueSet": "urn:set"} | more
    return profile("Patient", {"id": "Patient.maritalStatus", "max": "1", "binding": binding})


_MAX = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"


@pytest.mark.parametrize(
    ("structure", "member", "expected"),
    [
        (_bound("required"), True, []),
        (_bound("required"), False, [("error", "code-invalid")]),
        (_bound("required"), None, [("warning", "not-found")]),
        (_bound("extensible"), False, [("warning", "code-invalid")]),
        (_bound("extensible"), None, [("warning", "not-found")]),
        (_bound("preferred"), False, [("information", "code-invalid")]),
        (_bound("preferred"), None, []),
        (_bound("example"), False, []),
        (
            _bound("preferred", extension=[{"url": _MAX, "valueCanonical": "urn:max"}]),
            False,
            [("information", "code-invalid"), ("error", "code-invalid")],
        ),
    ],
)
def test_a_binding_is_as_strong_as_it_says(
    structure: Json, *, member: bool | None, expected: list[tuple[str, str]]
) -> None:
    services = Services(member_of=lambda _value, _set: member)
    given = patient(maritalStatus={"coding": [{"system": "urn:s", "code": "M"}]})
    assert [one[:2] for one in found(structure, given, services=services)] == expected


def test_a_required_binding_needs_a_code_or_a_reason() -> None:
    services = Services(member_of=lambda _value, _set: True)
    nothing = patient(maritalStatus={"text": "m"})
    reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
    unknown = patient(maritalStatus={"extension": [reason | {"valueCode": "unknown"}]})
    assert found(_bound("required"), nothing, services=services) == [
        ("error", "code-invalid", "Patient.maritalStatus")
    ]
    assert found(_bound("required"), unknown, services=services) == []


COLOUR = profile(
    "Extension",
    {"id": "Extension.url", "fixedUri": f"{BASE}/colour", "max": "1"},
    {"id": "Extension.value[x]", "min": 1, "max": "1", "type": [{"code": "code"}]},
    name="colour",
    context=[{"type": "element", "expression": "Patient.contact"}],
)
ANY = profile("Patient")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        (
            {
                "contact": [
                    {
                        "extension": [{"url": f"{BASE}/colour", "valueCode": "b"}],
                        "name": {"text": "a"},
                    }
                ]
            },
            [],
        ),
        (
            {
                "contact": [
                    {
                        "extension": [{"url": f"{BASE}/colour", "valueString": "b"}],
                        "name": {"text": "a"},
                    }
                ]
            },
            [("error", "structure", "Patient.contact[0].extension[0].valueString")],
        ),
        (
            {"extension": [{"url": f"{BASE}/colour", "valueCode": "b"}]},
            [("error", "structure", "Patient.extension[0]")],
        ),
        (
            {"modifierExtension": [{"url": "urn:none", "valueCode": "b"}]},
            [("error", "extension", "Patient.modifierExtension[0]")],
        ),
        (
            {"extension": [{"url": "urn:none", "valueCode": "b"}]},
            [("information", "not-found", "Patient.extension[0]")],
        ),
        (
            {
                "birthDate": "2020",
                "_birthDate": {"extension": [{"url": f"{BASE}/colour", "valueCode": "b"}]},
            },
            [("error", "structure", "Patient.birthDate.extension[0]")],
        ),
    ],
)
def test_an_extension_is_what_its_definition_says_and_where(
    elements: Json, expected: list[tuple[str, str, str]]
) -> None:
    assert found(ANY, patient(**elements), COLOUR) == expected


def test_a_type_profile_that_is_not_here_is_told() -> None:
    kind = [{"code": "Address", "profile": [f"{BASE}/address"]}]
    structure = profile("Patient", {"id": "Patient.address", "type": kind})
    given = patient(address=[{"city": "Paris"}])
    assert found(structure, given) == [("warning", "not-found", "Patient.address[0]")]
    address = profile("Address", {"id": "Address.postalCode", "min": 1, "max": "1"}, name="address")
    assert found(structure, given, address) == [("error", "value", "Patient.address[0]")]


def test_what_is_declared_is_validated_and_what_is_unknown_is_a_warning() -> None:
    validator = ProfileValidator(Shelf(NAMED))
    declared = patient(active=True, meta={"profile": [NAMED["url"], "urn:other"]})
    assert [(one.severity, one.code) for one in validator(declared)] == [
        ("error", "required"),
        ("warning", "not-found"),
    ]
    (asked,) = validator(patient(active=True), ["urn:other"])
    assert (asked.severity, asked.code) == ("error", "not-found")
    assert "not installed" in asked.text


def test_contained_resources_and_entries_are_held_to_what_they_declare() -> None:
    inner = patient(active=True, meta={"profile": [NAMED["url"]]})
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:a", "resource": inner}],
    }
    (issue,) = ProfileValidator(Shelf(NAMED))(bundle)
    assert issue.expression == "Bundle.entry[0].resource.name"
    assert issue.text == "Bundle.entry[0].resource.name is required (named)."


def test_two_versions_of_a_profile_stand_side_by_side() -> None:
    old = profile("Patient", name="named", version="1.0.0")
    new = NAMED | {"version": "2.0.0"}
    validator = ProfileValidator(Shelf(old, new))
    assert validator(patient(active=True), [f"{NAMED['url']}|1.0.0"]) == ()
    assert len(validator(patient(active=True), [f"{NAMED['url']}|2.0.0"])) == 1


def test_a_profile_is_read_again_when_definitions_have_changed() -> None:
    shelf = Shelf(NAMED)
    validator = ProfileValidator(shelf)
    declared = patient(active=True, meta={"profile": [NAMED["url"]]})
    assert len(validator(declared)) == 1
    shelf.structures = [profile("Patient", name="named")]
    assert len(validator(declared)) == 1
    shelf.number = 2
    assert validator(declared) == ()


def test_a_profile_of_another_type_or_without_snapshot_is_told() -> None:
    bare = {"url": f"{BASE}/bare", "type": "Patient"}
    validator = ProfileValidator(Shelf(NAMED, bare))
    (other,) = validator(observation(), [NAMED["url"]])
    assert "not one for this type" in other.text
    (without,) = validator(patient(active=True), [f"{BASE}/bare"])
    assert "has no snapshot" in without.text


def test_a_condition_that_cannot_be_read_is_a_warning_and_no_end() -> None:
    constraint = {"key": "own-1", "severity": "error", "human": "x", "expression": "name.("}
    structure = profile("Patient", {"id": "Patient", "constraint": [constraint]})
    assert found(structure, patient(active=True)) == [("warning", "processing", "Patient")]


def test_the_faults_of_a_broken_shape_come_without_those_of_profiles() -> None:
    broken = patient(name="x", meta={"profile": [NAMED["url"]]})
    assert [one.code for one in ProfileValidator(Shelf(NAMED))(broken)] == ["structure"]


def test_what_must_be_supported_and_is_not_there_is_listed_on_request() -> None:
    structure = profile(
        "Patient",
        {"id": "Patient.name", "mustSupport": True},
        {"id": "Patient.birthDate", "mustSupport": True},
        {"id": "Patient.deceased[x]", "mustSupport": True},
    )
    validator = ProfileValidator(Shelf(structure))
    given = patient(name=[{"text": "a"}], deceasedBoolean=False)
    told = validator.must_support(given, structure["url"])
    assert [(one.severity, one.expression) for one in told] == [
        ("information", "Patient.birthDate")
    ]
