from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Issue
from gateway.fhir.validation import validate
from gateway.fhir.wire import Resource, loads

_XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'

PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"lastUpdated": "2024-05-06T07:08:09.123+02:00", "source": "#m1"},
    "text": {"status": "generated", "div": f"<div {_XHTML}>Anne&nbsp;Lefèvre<br/></div>"},
    "contained": [{"resourceType": "Practitioner", "id": "gp", "name": [{"family": "Roux"}]}],
    "identifier": [
        {"use": "official", "system": "urn:oid:1.2.250.1.213.1.4.8", "value": "255069999999934"}
    ],
    "active": True,
    "name": [
        {
            "family": "Lefèvre",
            "given": ["Anne", None],
            "_given": [None, {"extension": [{"url": "http://x.example/e", "valueCode": "masked"}]}],
            "period": {"start": "2020", "end": "2020-06-01"},
        }
    ],
    "telecom": [{"system": "phone", "value": "0102030405"}],
    "gender": "female",
    "birthDate": "1955-06-02",
    "_birthDate": {"extension": [{"url": "http://x.example/t", "valueTime": "10:00:00"}]},
    "deceasedBoolean": False,
    "contact": [{"name": {"text": "Paul"}}],
    "photo": [{"contentType": "image/png", "data": "iVBORw0K"}],
    "communication": [{"language": {"text": "français"}}],
    "generalPractitioner": [{"reference": "#gp"}, {"reference": "Practitioner/7"}],
    "managingOrganization": {"reference": "https://elsewhere.example/Organization/9"},
}
OBSERVATION: Resource = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2024-05-06T07:08:09Z",
    "valueQuantity": {"value": 72, "system": "http://unitsofmeasure.org", "code": "kg"},
    "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}}],
}
BUNDLE: Resource = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:0d7e6d0e-0000-4000-8000-000000000000",
            "resource": {"resourceType": "Patient"},
            "request": {"method": "POST", "url": "Patient"},
        }
    ],
}
SAMPLES = {"Patient": PATIENT, "Observation": OBSERVATION, "Bundle": BUNDLE}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_valid_resource_has_no_fault(name: str) -> None:
    assert validate(SAMPLES[name], expected_type=name) == ()


# (path to change, new value, expression, code, end of the sentence)
_MISSING = object()
_AND = "and nowhere else"
DEFECTS: list[tuple[str, Any, str, str, str]] = [
    ("Patient.active", "true", "Patient.active", "value", "must be true or false, without quotes"),
    ("Patient.active", None, "Patient.active", "structure", "is null: leave it out"),
    ("Patient.active", [True], "Patient.active", "structure", "must not be an array"),
    ("Patient.gender", "femme", "Patient.gender", "code-invalid",
     "is not a code of http://hl7.org/fhir/ValueSet/administrative-gender"),
    ("Patient.gender", "", "Patient.gender", "value", "is empty: leave it out"),
    ("Patient.gender", 1, "Patient.gender", "value", "must be a string"),
    ("Patient.telecom", [], "Patient.telecom", "structure", "is an empty array: leave it out"),
    ("Patient.telecom", {"value": "1"}, "Patient.telecom", "structure", "must be an array"),
    ("Patient.telecom.0", {}, "Patient.telecom[0]", "structure", "is empty: leave it out (ele-1)"),
    ("Patient.telecom.0", None, "Patient.telecom[0]", "structure", "is null: leave it out"),
    ("Patient.telecom.0", "x", "Patient.telecom[0]", "structure", "must be an object"),
    ("Patient.telecom.0.system", _MISSING, "Patient.telecom[0]", "invariant",
     "needs system beside value (cpt-2)"),
    ("Patient.birthDate", "1955-06-31", "Patient.birthDate", "value", "is no day of any year"),
    ("Patient.birthDate", "02/06/1955", "Patient.birthDate", "value",
     "is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    ("Patient.deceasedDateTime", "2024", "Patient", "structure", "has more than one deceased[x]"),
    ("Patient.shoeSize", 42, "Patient.shoeSize", "structure", "is not an element of R4"),
    ("Patient.id", "not an id", "Patient.id", "value",
     "is not an id: 1 to 64 letters, digits, dots and dashes"),
    ("Patient.meta.lastUpdated", "2024-05-06", "Patient.meta.lastUpdated", "value",
     "is not an instant: a time with seconds and zone"),
    ("Patient.meta.project", "x", "Patient.meta.project", "structure", "is not an element of R4"),
    ("Patient.text.div", f"<div {_XHTML}><script>x</script></div>", "Patient.text.div", "value",
     "holds an element that a narrative cannot (txt-1)"),
    ("Patient.text.div", _MISSING, "Patient.text.div", "required", "is required"),
    ("Patient.contact.0", {"gender": "male"}, "Patient.contact[0]", "invariant",
     "needs one of name, telecom, address, organization (pat-1)"),
    ("Patient.photo.0.data", "not base64!", "Patient.photo[0].data", "value", "is not base64"),
    ("Patient.communication.0.language", _MISSING, "Patient.communication[0].language", "required",
     "is required"),
    ("Patient.generalPractitioner.0.reference", "#nobody", "Patient.generalPractitioner[0]",
     "invariant", "names nothing that is contained (ref-1)"),
    ("Patient.generalPractitioner.1.reference", "Patient/7", "Patient.generalPractitioner[1]",
     "invariant",
     "cannot point to a Patient: only to Organization, Practitioner or PractitionerRole"),
    ("Patient.generalPractitioner.1.reference", "Doctor/7", "Patient.generalPractitioner[1]",
     "invariant", "names no resource type of FHIR R4"),
    ("Patient.generalPractitioner.0", {"type": "Device", "display": "x"},
     "Patient.generalPractitioner[0]", "invariant",
     "cannot point to a Device: only to Organization, Practitioner or PractitionerRole"),
    ("Patient.contained.0.contained", [{"resourceType": "Patient", "id": "x"}],
     "Patient.contained[0]", "invariant", "contains resources of its own (dom-2)"),
    ("Patient.contained.0.id", _MISSING, "Patient.contained[0]", "invariant",
     "needs an id to be referred to (dom-3)"),
    ("Patient.contained.0.meta", {"versionId": "1"}, "Patient.contained[0]", "invariant",
     "has a version or a time of its own (dom-4)"),
    ("Patient.contained.0.resourceType", "Doctor", "Patient.contained[0]", "structure",
     "must be an object with a resourceType of FHIR R4"),
    ("Patient.name.0._given", [None], "Patient.name[0].given", "structure",
     "and _given must be arrays of one length"),
    ("Patient.name.0.given.0", None, "Patient.name[0].given[0]", "structure",
     "is null: leave it out"),
    ("Patient.name.0.period.end", "2019-12-31", "Patient.name[0].period", "invariant",
     "ends before it starts (per-1)"),
    ("Patient._birthDate.extension.0.url", _MISSING, "Patient._birthDate.extension[0].url",
     "required", "is required"),
    ("Patient._birthDate.extension.0.extension", [{"url": "http://x.example", "valueCode": "a"}],
     "Patient._birthDate.extension[0]", "invariant",
     "needs either extension or value[x], and not both (ext-1)"),
    ("Patient._birthDate.extension.0.valueTime", _MISSING, "Patient._birthDate.extension[0]",
     "invariant", "needs either extension or value[x], and not both (ext-1)"),
    ("Patient._birthDate.extension.0.valueTime", "25:00:00",
     "Patient._birthDate.extension[0].valueTime", "value", "is not a time: hh:mm:ss"),
    ("Patient._birthDate.value", "x", "Patient._birthDate.value", "structure",
     "is not an element of R4"),
    ("Patient.multipleBirthInteger", 2**31, "Patient.multipleBirthInteger", "value",
     "must be from -2147483648 to 2147483647"),
    ("Patient.multipleBirthInteger", 1.5, "Patient.multipleBirthInteger", "value",
     "must be a whole number, without quotes"),
    ("Patient.multipleBirthInteger", True, "Patient.multipleBirthInteger", "value",
     "must be a whole number, without quotes"),
    ("Patient.telecom.0.rank", 0, "Patient.telecom[0].rank", "value",
     "must be from 1 to 2147483647"),
    ("Patient.identifier.0.system", "with space", "Patient.identifier[0].system", "value",
     "holds white space, which a URI cannot"),
    ("Patient.name.0.text", "a\0b", "Patient.name[0].text", "value", "holds control characters"),
    ("Patient.not an element", "x", "Patient", "structure",
     "has an element whose name cannot be one"),
    ("Observation.status", _MISSING, "Observation.status", "required", "is required"),
    ("Observation.status", " final", "Observation.status", "value",
     "is not a code: no white space at its ends, and single spaces within"),
    ("Observation.valueQuantity.value", "72.50", "Observation.valueQuantity.value", "value",
     "must be a number, without quotes"),
    ("Observation.valueQuantity.system", _MISSING, "Observation.valueQuantity", "invariant",
     "needs system beside code (qty-3)"),
    ("Observation.dataAbsentReason", {"text": "x"}, "Observation", "invariant",
     "cannot have both dataAbsentReason and value[x] (obs-6)"),
    ("Observation.component.0.code.coding.0.code", "29463-7", "Observation", "invariant",
     "has a value, and a component with the same code (obs-7)"),
    ("Observation.referenceRange", [{"appliesTo": [{"text": "x"}]}],
     "Observation.referenceRange[0]", "invariant", "needs one of low, high, text (obs-3)"),
    ("Observation.effectiveDateTime", "2024-05-06T07:08", "Observation.effectiveDateTime", "value",
     "is not a dateTime: a date, or a time with seconds and zone"),
    ("Observation.subject.reference", "Practitioner/1", "Observation.subject", "invariant",
     "cannot point to a Practitioner: only to Device, Group, Location or Patient"),
    ("Bundle.entry.0.request", _MISSING, "Bundle", "invariant",
     f"must have request in every entry of a batch, transaction or history, {_AND} (bdl-3)"),
    ("Bundle.entry.0.request.method", "FETCH", "Bundle.entry[0].request.method", "code-invalid",
     "is not a code of http://hl7.org/fhir/ValueSet/http-verb"),
    ("Bundle.entry.0.resource.name", "x", "Bundle.entry[0].resource.name", "structure",
     "must be an array"),
    ("Bundle.entry.0.fullUrl", "http://x.example/Patient/1/_history/1", "Bundle.entry[0]",
     "invariant", "has a version in its fullUrl (bdl-8)"),
    ("Bundle.total", 1, "Bundle", "invariant",
     "has total, which needs type searchset or history (bdl-1)"),
]  # fmt: skip


def _changed(path: str, value: Any) -> Resource:  # noqa: ANN401 - any JSON
    name, *steps = path.split(".")
    whole = copy.deepcopy(SAMPLES[name])
    place: Any = whole
    for step in steps[:-1]:
        place = place[int(step) if step.isdigit() else step]
    last = int(steps[-1]) if steps[-1].isdigit() else steps[-1]
    if value is _MISSING:
        del place[last]
    else:
        place[last] = value
    return whole


@pytest.mark.parametrize(("path", "value", "expression", "code", "sentence"), DEFECTS)
def test_a_defect_is_told_where_it_is(
    path: str, value: object, expression: str, code: str, sentence: str
) -> None:
    wanted = Issue(f"{expression} {sentence}.", expression, code=code)
    assert wanted in validate(_changed(path, value))


def test_a_fault_does_not_repeat_what_it_found() -> None:
    private = "Lefevre 0102030405"
    faulty = {"resourceType": "Patient", "gender": private, "birthDate": private, private: private}
    assert validate(faulty) == (
        Issue(
            "Patient.gender is not a code of http://hl7.org/fhir/ValueSet/administrative-gender.",
            "Patient.gender",
            code="code-invalid",
        ),
        Issue(
            "Patient.birthDate is not a date: YYYY, YYYY-MM or YYYY-MM-DD.",
            "Patient.birthDate",
            code="value",
        ),
        Issue("Patient has an element whose name cannot be one.", "Patient", code="structure"),
    )


def test_all_faults_are_told_at_once() -> None:
    faulty = {"resourceType": "Patient", "active": "yes", "gender": "x", "name": [{"given": []}]}
    assert [issue.expression for issue in validate(faulty)] == [
        "Patient.active",
        "Patient.gender",
        "Patient.name[0].given",
    ]


def test_another_type_than_expected_is_a_fault() -> None:
    assert validate(BUNDLE, expected_type="Patient") == (
        Issue("Bundle is not the Patient that was expected.", "Bundle", code="invalid"),
    )


@pytest.mark.parametrize("body", [None, [], "x", 1, {}, {"resourceType": 1}, {"resourceType": "X"}])
def test_what_is_no_resource_is_one_fault(body: object) -> None:
    text = "The resource must be an object with a resourceType of FHIR R4."
    assert validate(body) == (Issue(text, None, code="structure"),)


def test_decimals_are_accepted_with_their_digits() -> None:
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"x"}'
    assert validate(loads(body + b',"valueQuantity":{"value":72.50}}')) == ()


def test_deep_nesting_is_told_and_not_followed() -> None:
    extension: dict[str, Any] = {"url": "http://x.example", "valueCode": "a"}
    for _ in range(500):
        extension = {"url": "http://x.example", "extension": [extension]}
    issues = validate({"resourceType": "Patient", "extension": [extension]})
    assert [issue.code for issue in issues] == ["too-long"]


def test_at_most_a_hundred_faults_are_listed() -> None:
    issues = validate({"resourceType": "Patient", "name": [1] * 1000})
    assert len(issues) == 101
    assert issues[-1].code == "too-costly"


def test_a_primitive_with_a_value_may_have_an_id_alone_beside_it() -> None:
    given = [None, {"id": "b"}]
    patient = {
        "resourceType": "Patient",
        "name": [{"given": ["A", "B"], "_given": given}],
        "birthDate": "1970-03-30",
        "_birthDate": {"id": "bd"},
    }
    assert validate(patient) == ()
    empty = {**patient, "name": [{"given": ["A", None], "_given": given}], "_gender": {"id": "g"}}
    found = [issue.expression for issue in validate({**empty, "_birthDate": {"id": "no id!"}})]
    assert found == [
        *("Patient.name[0]._given[1]", "Patient._birthDate.id", "Patient._gender"),
    ]


def test_a_primitive_that_has_only_extensions_counts_as_present() -> None:
    absent = {"extension": [{"url": "http://x.example/absent", "valueCode": "unknown"}]}
    observation = {"resourceType": "Observation", "_status": absent, "code": {"text": "x"}}
    assert validate(observation) == ()


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("#")
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *PATIENT,
                    *OBSERVATION,
                    *BUNDLE,
                    "extension",
                    "url",
                    "reference",
                    "_gender",
                    "resource",
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(st.sampled_from(["Patient", "Observation", "Bundle", "Questionnaire", "List"]), _JSON)
def test_any_json_is_judged_without_an_error(name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    assert isinstance(validate(value), tuple)
    if isinstance(value, dict):
        assert isinstance(validate({**value, "resourceType": name}), tuple)
        assert isinstance(validate(SAMPLES["Patient"] | value), tuple)
