from __future__ import annotations

from gateway.fhir.definitions import (
    code_system,
    elements,
    mandatory_names,
    resource_types,
    summary_names,
)


def test_the_elements_of_a_summary_are_those_that_the_specification_marks() -> None:
    assert summary_names("Patient") == {
        *("id", "meta", "implicitRules", "identifier", "active", "name", "telecom", "gender"),
        *("birthDate", "deceasedBoolean", "deceasedDateTime", "address", "managingOrganization"),
        "link",
    }
    assert summary_names("Patient.link") == {"other", "type", "modifierExtension"}
    assert summary_names("Nothing") == frozenset()


def test_every_type_is_known_by_its_id_in_a_summary() -> None:
    assert all("id" in summary_names(name) for name in resource_types())


def test_what_must_be_there_is_told_with_its_choices() -> None:
    assert mandatory_names("Observation") == {"status", "code"}
    assert mandatory_names("MedicationRequest") == {
        *("status", "intent", "subject", "medicationCodeableConcept", "medicationReference"),
    }
    assert mandatory_names("Nothing") == frozenset()


def test_elements_are_rows_by_their_name_in_json() -> None:
    assert elements("Patient.link") == {
        **{name: elements("Patient.link")[name] for name in ("id", "extension")},
        "modifierExtension": ["Extension", 0, 0],
        "other": ["Reference", 1, 1, None, None, ["Patient", "RelatedPerson"]],
        "type": ["code", 1, 1, None, "link-type"],
    }


def test_a_binding_has_one_system_or_none() -> None:
    assert [code_system(name) for name in ("administrative-gender", "nothing")] == [
        "http://hl7.org/fhir/administrative-gender",
        "",
    ]
