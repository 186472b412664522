from __future__ import annotations

from zlib import crc32

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.parameters import Kind, SearchParameter, parameter, parameters


def test_a_row_is_the_parameter_of_the_specification() -> None:
    checksum = crc32(b"Patient.general-practitioner")
    assert parameter("Patient", "general-practitioner") == SearchParameter(
        type="Patient",
        code="general-practitioner",
        kind=Kind.REFERENCE,
        paths=("generalPractitioner:Reference",),
        targets=("Organization", "Practitioner", "PractitionerRole"),
        definition="http://hl7.org/fhir/SearchParameter/Patient-general-practitioner",
        id=checksum - (1 << 32) if checksum >= 1 << 31 else checksum,
    )


def test_every_type_has_the_parameters_of_every_resource() -> None:
    common = {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"}
    assert all(common <= {one.code for one in parameters(name)} for name in resource_types())


def test_the_ids_of_one_type_never_collide() -> None:
    everything = [one.id for name in resource_types() for one in parameters(name)]
    assert len(everything) == len(set(everything))
    assert all(-(2**31) <= one < 2**31 for one in everything)


def test_the_reports_of_a_study_have_a_parameter_of_our_own() -> None:
    found = parameter("DiagnosticReport", "imaging-study")
    assert found is not None
    assert (found.paths, found.targets) == (("imagingStudy:Reference",), ("ImagingStudy",))


def test_an_unknown_type_or_code_has_no_parameter() -> None:
    assert (parameter("Nothing", "_id"), parameter("Patient", "shoe-size")) == (None, None)
