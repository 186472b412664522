"""The terminology of R4 as compiled."""

from __future__ import annotations

import pytest

from gateway.errors import NotFound
from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.canonical import Canonical
from gateway.fhir.terminology.terminology import Terminology

R4 = Terminology(BaseTerminology())


def test_value_sets_of_r4_are_known() -> None:
    gender = "http://hl7.org/fhir/administrative-gender"
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    codes = [(gender, code) for code in ("male", "female", "other", "unknown")]
    assert list(R4.members(url)) == list(R4.members(f"{url}|4.0.1")) == codes
    with pytest.raises(NotFound):
        R4.members(f"{url}|3.0.1")


def test_the_hierarchy_of_v3_is_kept() -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    assert R4.descendants(system, "IMP") == ["ACUTE", "IMP", "NONAC"]
    assert R4.ancestors(system, "ACUTE") == [
        *("ACUTE", "IMP", "_ActCareProvisionCode", "_ActEncounterCode"),
    ]
    with pytest.raises(NotFound):
        R4.descendants("urn:none", "x")


def test_a_code_system_may_name_the_value_set_of_all_its_codes() -> None:
    implied = R4.value_set("http://snomed.info/sct?fhir_vs")
    assert [one.system for one in implied.includes] == [Canonical("http://snomed.info/sct")]


def test_maps_are_found_by_the_system_they_start_from_or_lead_to() -> None:
    gender = "http://hl7.org/fhir/administrative-gender"
    found = [one.canonical.url for one in R4.resolver.concept_maps(gender)]
    assert "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3" in found
    v3 = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"
    back = [one.canonical.url for one in R4.resolver.concept_maps(v3, reverse=True)]
    assert back == ["http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3"]
    with pytest.raises(NotFound):
        R4.concept_map("urn:none")
