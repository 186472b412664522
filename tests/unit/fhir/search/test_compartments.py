from __future__ import annotations

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.compartments import compartment_parameters, compartments
from gateway.fhir.search.parameters import Kind, parameter


def test_the_compartments_of_the_specification_are_there() -> None:
    assert compartments() == ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")


def test_a_compartment_names_the_parameters_that_lead_to_it() -> None:
    asked = [
        ("Patient", "AllergyIntolerance"),
        ("Patient", "Patient"),
        ("Encounter", "Observation"),
        ("Encounter", "Encounter"),
        ("Practitioner", "DiagnosticReport"),
        ("RelatedPerson", "Patient"),
        ("Device", "DeviceRequest"),
        ("Patient", "Location"),
        ("Location", "Patient"),
    ]
    assert [compartment_parameters(*each) for each in asked] == [
        ("patient", "recorder", "asserter"),
        ("link",),
        ("encounter",),
        (),
        ("performer",),
        ("link",),
        ("device", "subject", "requester", "performer"),
        (),
        (),
    ]


def test_every_parameter_of_a_compartment_is_a_reference_that_is_served() -> None:
    found = [
        parameter(name, code)
        for owner in compartments()
        for name in resource_types()
        for code in compartment_parameters(owner, name)
    ]
    assert len(found) == 299
    assert {None if one is None else one.kind for one in found} == {Kind.REFERENCE}
