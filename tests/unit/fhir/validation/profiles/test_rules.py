"""One rule each: a resource that keeps it, and one that does not."""

from __future__ import annotations

import pytest

from tests.unit.fhir.validation.profiles.made import (
    BASE,
    Json,
    coded,
    found,
    observation,
    patient,
    profile,
)
from tests.unit.fhir.validation.profiles.slices import (
    AT_END,
    BY_EXISTENCE,
    BY_EXTENSION,
    BY_PATTERN,
    BY_PROFILE,
    BY_RESOLVE,
    BY_SYSTEM,
    BY_TYPE,
    CLOSED,
    INS,
    IPP,
    KIN,
    NAMED,
    NESTED,
    ORDERED,
    RESLICED,
)

WRONG = ("error", "structure")
REQUIRED = ("error", "required")
VALUE = ("error", "value")
RULES: list[tuple[str, tuple[Json, ...], Json, Json, list[tuple[str, str, str]]]] = [
    (
        "an element is required",
        ({"id": "Patient.name", "min": 1},),
        patient(name=[{"text": "a"}]),
        patient(active=True),
        [(*REQUIRED, "Patient.name")],
    ),
    (
        "an element is needed twice",
        ({"id": "Patient.name", "min": 2},),
        patient(name=[{"text": "a"}, {"text": "b"}]),
        patient(name=[{"text": "a"}]),
        [(*REQUIRED, "Patient.name")],
    ),
    (
        "an element is there once at most",
        ({"id": "Patient.name", "max": "1"},),
        patient(name=[{"text": "a"}]),
        patient(name=[{"text": "a"}, {"text": "b"}]),
        [(*WRONG, "Patient.name")],
    ),
    (
        "an element must not be there",
        ({"id": "Patient.photo", "max": "0"},),
        patient(active=True),
        patient(photo=[{"url": "http://a"}]),
        [(*WRONG, "Patient.photo")],
    ),
    (
        "an element of an element is required",
        ({"id": "Patient.contact"}, {"id": "Patient.contact.name", "min": 1, "max": "1"}),
        patient(contact=[{"name": {"text": "a"}}]),
        patient(
            contact=[
                {"name": {"text": "a"}},
                {"gender": "male", "telecom": [{"value": "1", "system": "phone"}]},
            ]
        ),
        [(*REQUIRED, "Patient.contact[1].name")],
    ),
    (
        "a value is fixed",
        ({"id": "Patient.gender", "fixedCode": "female", "max": "1"},),
        patient(gender="female"),
        patient(gender="male"),
        [(*VALUE, "Patient.gender")],
    ),
    (
        "a fixed value has nothing more",
        ({"id": "Patient.maritalStatus", "fixedCodeableConcept": {"text": "m"}, "max": "1"},),
        patient(maritalStatus={"text": "m"}),
        patient(maritalStatus={"text": "m", "coding": [{"code": "M"}]}),
        [(*VALUE, "Patient.maritalStatus")],
    ),
    (
        "a pattern may have more",
        ({"id": "Observation.code", "patternCodeableConcept": coded("1-8"), "max": "1"},),
        observation(code=coded("2-6", "1-8") | {"text": "y"}),
        observation(code=coded("2-6")),
        [(*VALUE, "Observation.code")],
    ),
    (
        "a value has a least",
        ({"id": "Patient.birthDate", "minValueDate": "1900-01-01", "max": "1"},),
        patient(birthDate="1900-01-01"),
        patient(birthDate="1899-12-31"),
        [(*VALUE, "Patient.birthDate")],
    ),
    (
        "a value has a most",
        ({"id": "Patient.multipleBirth[x]", "maxValueInteger": 5, "max": "1"},),
        patient(multipleBirthInteger=5),
        patient(multipleBirthInteger=6),
        [(*VALUE, "Patient.multipleBirthInteger")],
    ),
    (
        "a quantity has a most in its own unit",
        (
            {
                "id": "Observation.value[x]",
                "max": "1",
                "maxValueQuantity": {
                    "value": 300,
                    "system": "http://unitsofmeasure.org",
                    "code": "kg",
                },
            },
        ),
        observation(
            valueQuantity={"value": 299000, "system": "http://unitsofmeasure.org", "code": "g"}
        ),
        observation(
            valueQuantity={"value": 301000, "system": "http://unitsofmeasure.org", "code": "g"}
        ),
        [(*VALUE, "Observation.valueQuantity")],
    ),
    (
        "a text has a length",
        ({"id": "Patient.name"}, {"id": "Patient.name.family", "maxLength": 3, "max": "1"}),
        patient(name=[{"family": "abc"}]),
        patient(name=[{"family": "abcd"}]),
        [("error", "too-long", "Patient.name[0].family")],
    ),
    (
        "a choice has fewer types",
        ({"id": "Patient.deceased[x]", "type": [{"code": "boolean"}], "max": "1"},),
        patient(deceasedBoolean=False),
        patient(deceasedDateTime="2020"),
        [(*WRONG, "Patient.deceasedDateTime")],
    ),
    (
        "a reference has fewer types",
        (
            {
                "id": "Patient.generalPractitioner",
                "type": [
                    {
                        "code": "Reference",
                        "targetProfile": [
                            f"{BASE.replace('example.org', 'hl7.org/fhir')}/Practitioner"
                        ],
                    }
                ],
            },
        ),
        patient(generalPractitioner=[{"reference": "Practitioner/1"}, {"display": "Dr"}]),
        patient(generalPractitioner=[{"reference": "Organization/1"}]),
        [(*VALUE, "Patient.generalPractitioner[0]")],
    ),
    (
        "an invariant holds",
        (
            {
                "id": "Patient",
                "constraint": [
                    {
                        "key": "own-1",
                        "severity": "error",
                        "human": "One official.",
                        "expression": "identifier.where(use = 'official').count() <= 1",
                    },
                    {
                        "key": "own-2",
                        "severity": "warning",
                        "human": "A name.",
                        "expression": "name.exists()",
                    },
                ],
            },
        ),
        patient(name=[{"text": "a"}], identifier=[{"use": "official", "value": "1"}]),
        patient(identifier=[{"use": "official", "value": "1"}, {"use": "official", "value": "2"}]),
        [("error", "invariant", "Patient"), ("warning", "invariant", "Patient")],
    ),
    (
        "a slice by value is required",
        BY_SYSTEM,
        patient(identifier=[INS, IPP]),
        patient(identifier=[INS]),
        [(*REQUIRED, "Patient.identifier")],
    ),
    (
        "a slice by value has its own rules",
        BY_SYSTEM,
        patient(identifier=[IPP, {"system": "urn:other", "value": "12345"}]),
        patient(identifier=[IPP | {"value": "12345"}]),
        [("error", "too-long", "Patient.identifier[0].value")],
    ),
    (
        "a slice is there once",
        BY_SYSTEM,
        patient(identifier=[IPP, INS]),
        patient(identifier=[IPP, IPP | {"value": "9"}]),
        [(*WRONG, "Patient.identifier")],
    ),
    (
        "closed slicing takes nothing else",
        CLOSED,
        patient(identifier=[IPP, INS]),
        patient(identifier=[IPP, {"system": "urn:x"}]),
        [(*WRONG, "Patient.identifier[1]")],
    ),
    (
        "ordered slices stand in order",
        ORDERED,
        patient(identifier=[IPP, INS]),
        patient(identifier=[INS, IPP]),
        [(*WRONG, "Patient.identifier[1]")],
    ),
    (
        "openAtEnd takes others behind",
        AT_END,
        patient(identifier=[IPP, {"system": "urn:x"}]),
        patient(identifier=[{"system": "urn:x"}, IPP]),
        [(*WRONG, "Patient.identifier[1]")],
    ),
    (
        "a slice is sliced again",
        RESLICED,
        patient(identifier=[IPP, INS | {"use": "official"}]),
        patient(identifier=[IPP, INS]),
        [(*REQUIRED, "Patient.identifier")],
    ),
    (
        "a slice by pattern",
        BY_PATTERN,
        observation(category=[{"coding": [{"code": "imaging"}], "text": "x"}]),
        observation(category=[{"text": "imaging"}]),
        [(*REQUIRED, "Observation.category")],
    ),
    (
        "a slice by type",
        BY_TYPE,
        observation(valueQuantity={"value": 1, "code": "kg", "system": "urn:u"}),
        observation(valueQuantity={"value": 1}),
        [(*REQUIRED, "Observation.valueQuantity.code")],
    ),
    (
        "a slice by existence",
        BY_EXISTENCE,
        patient(telecom=[{"value": "1", "system": "phone"}]),
        patient(telecom=[{"value": "1", "system": "phone"}, {"value": "2", "system": "phone"}]),
        [(*WRONG, "Patient.telecom")],
    ),
    (
        "a slice by existence has its own rules",
        BY_EXISTENCE,
        patient(telecom=[{"use": "old", "period": {"end": "2020"}}]),
        patient(telecom=[{"use": "home", "period": {"end": "2020"}}]),
        [(*VALUE, "Patient.telecom[0].use")],
    ),
    (
        "a slice by profile",
        BY_PROFILE,
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "urn:a", "resource": patient(name=[{"text": "a"}])}],
        },
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "urn:a", "resource": patient(active=True)}],
        },
        [(*WRONG, "Bundle.entry[0]"), (*REQUIRED, "Bundle.entry")],
    ),
    (
        "a slice by the type of what is referred to",
        BY_RESOLVE,
        {
            "resourceType": "CareTeam",
            "contained": [patient(id="p", name=[{"text": "a"}])],
            "participant": [{"member": {"reference": "#p"}}],
        },
        {
            "resourceType": "CareTeam",
            "contained": [{"resourceType": "Practitioner", "id": "p"}],
            "participant": [{"member": {"reference": "#p"}}],
        },
        [(*REQUIRED, "CareTeam.participant")],
    ),
    (
        "a contained resource that is referred to has its profile",
        BY_RESOLVE,
        {
            "resourceType": "CareTeam",
            "contained": [patient(id="p", name=[{"text": "a"}])],
            "participant": [{"member": {"reference": "#p"}}],
        },
        {
            "resourceType": "CareTeam",
            "contained": [patient(id="p", active=True)],
            "participant": [{"member": {"reference": "#p"}}],
        },
        [(*VALUE, "CareTeam.participant[0].member")],
    ),
    (
        "a slice by an extension",
        BY_EXTENSION,
        patient(contact=[KIN | {"gender": "male", "name": {"text": "a"}}, {"name": {"text": "b"}}]),
        patient(contact=[KIN | {"name": {"text": "a"}}, KIN | {"name": {"text": "b"}}]),
        [(*WRONG, "Patient.contact")],
    ),
    (
        "a slice by what its own slices say",
        NESTED,
        observation(component=[{"code": coded("8480-6"), "valueString": "x"}]),
        observation(component=[{"code": coded("8462-4"), "valueString": "x"}]),
        [(*REQUIRED, "Observation.component")],
    ),
    (
        "a reference to other elements brings their rules along",
        (
            {"id": "Questionnaire.item"},
            {"id": "Questionnaire.item.text", "min": 1, "max": "1"},
            {"id": "Questionnaire.item.item", "contentReference": "#Questionnaire.item"},
        ),
        {
            "resourceType": "Questionnaire",
            "status": "draft",
            "item": [
                {
                    "linkId": "1",
                    "type": "group",
                    "text": "a",
                    "item": [{"linkId": "2", "type": "string", "text": "b"}],
                }
            ],
        },
        {
            "resourceType": "Questionnaire",
            "status": "draft",
            "item": [
                {
                    "linkId": "1",
                    "type": "group",
                    "text": "a",
                    "item": [{"linkId": "2", "type": "string"}],
                }
            ],
        },
        [(*REQUIRED, "Questionnaire.item[0].item[0].text")],
    ),
]


@pytest.mark.parametrize(
    ("elements", "good", "bad", "expected"),
    [row[1:] for row in RULES],
    ids=[row[0] for row in RULES],
)
def test_a_rule_is_kept_or_told(
    elements: tuple[Json, ...], good: Json, bad: Json, expected: list[tuple[str, str, str]]
) -> None:
    structure = profile(elements[0]["id"].partition(".")[0], *elements)
    kept = [one for one in found(structure, good, NAMED) if one[0] != "information"]
    assert kept == []
    told = [one for one in found(structure, bad, NAMED) if one[0] != "information"]
    assert told == expected
