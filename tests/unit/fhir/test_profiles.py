from __future__ import annotations

import pytest

from gateway.fhir.profiles import validate_base

_BASE = "http://hl7.org/fhir/StructureDefinition"
_PATIENT = {"resourceType": "Patient", "gender": "male"}


@pytest.mark.parametrize("name", ["Patient", "Patient|4.0.1", "DomainResource", "Resource"])
def test_the_definitions_of_the_type_and_of_what_it_is_made_from_are_its_profiles(
    name: str,
) -> None:
    assert validate_base(_PATIENT, [f"{_BASE}/{name}"]) == ()


def test_faults_against_r4_come_with_those_of_profiles() -> None:
    issues = validate_base({"resourceType": "Patient", "gender": "x"}, ["urn:mine"])
    assert [(one.code, one.expression) for one in issues] == [
        ("code-invalid", "Patient.gender"),
        ("not-found", None),
    ]
    assert issues[1].text == (
        "The profile urn:mine is not installed here: nothing was validated against it."
    )


@pytest.mark.parametrize(
    ("resource", "profile"),
    [
        (_PATIENT, f"{_BASE}/Observation"),
        ({"resourceType": "Binary", "contentType": "text/plain"}, f"{_BASE}/DomainResource"),
    ],
)
def test_a_definition_of_another_type_is_no_profile_of_this_one(
    resource: dict[str, str], profile: str
) -> None:
    (issue,) = validate_base(resource, [profile])
    assert issue.text == f"The profile {profile} is not one for this type of resource."


def test_any_json_is_judged() -> None:
    assert [one.code for one in validate_base([], [f"{_BASE}/Patient"])] == [
        "structure",
        "not-found",
    ]
