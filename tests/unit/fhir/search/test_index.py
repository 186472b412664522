from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.index import INSIDE, OTHER_REFERENCE, IndexRows, index_rows
from gateway.fhir.search.parameters import parameter, parameter_id
from gateway.fhir.search.quantities import OPEN
from gateway.fhir.search.text import exact_of
from gateway.fhir.wire import Digits

_BASE = "https://passerelle.example/fhir"
_UCUM = "http://unitsofmeasure.org"


def _id(name: str) -> int:
    if name == "other":
        return OTHER_REFERENCE
    resource_type, _, code = name.partition(".")
    found = parameter(resource_type, code)
    # What follows a colon is a row of a modifier, or one number of two.
    assert found is not None or ":" in code
    return found.id if found is not None else parameter_id(resource_type, code)


_KINDS = ("tokens", "strings", "dates", "references", "uris", "quantities", "composites")


def _rows(**kinds: set[tuple[Any, ...]]) -> IndexRows:
    def named(kind: str) -> Any:  # noqa: ANN401 - rows of any kind
        return frozenset((_id(row[0]), *row[1:]) for row in kinds.get(kind, set()))

    return IndexRows(*(named(kind) for kind in _KINDS))


def _concept(code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://x.example/c", "code": code, **more}]}


def test_a_patient_is_indexed_whole() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {
            "lastUpdated": "2024-01-01T00:00:00Z",
            "profile": ["http://x.example/p"],
            "source": "#m1",
            "tag": [{"system": "http://x.example/t", "code": "a"}],
            "security": [{"system": "http://x.example/s", "code": "R"}],
        },
        "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "255069999999934"}],
        "active": True,
        "name": [{"family": "Lefèvre", "given": ["Anne"], "use": "official"}],
        "telecom": [
            {"system": "phone", "value": "0102030405"},
            {"system": "email", "value": "anne@exemple.fr"},
        ],
        "gender": "female",
        "birthDate": "1955-06",
        "deceasedDateTime": "2024-05-06",
        "address": [{"line": ["1 rue de l'Église"], "city": "Béziers", "country": "FR"}],
        "generalPractitioner": [{"reference": f"{_BASE}/Practitioner/7"}, {"reference": "#gp"}],
        "managingOrganization": {"reference": "https://elsewhere.example/Organization/9"},
        "communication": [{"language": {"coding": [{"code": "fr"}], "text": "français"}}],
    }
    birth, death = date_range("1955-06"), date_range("2024-05-06")
    assert birth is not None
    assert death is not None
    assert index_rows(patient, (_BASE,)) == _rows(
        tokens={
            ("Patient._tag", "http://x.example/t", "a"),
            ("Patient._security", "http://x.example/s", "R"),
            ("Patient.identifier", "urn:oid:1.2.250.1.213.1.4.8", "255069999999934"),
            ("Patient.active", "", "true"),
            ("Patient.deceased", "", "true"),
            ("Patient.telecom", "", "0102030405"),
            ("Patient.telecom", "", "anne@exemple.fr"),
            ("Patient.phone", "", "0102030405"),
            ("Patient.email", "", "anne@exemple.fr"),
            ("Patient.gender", "http://hl7.org/fhir/administrative-gender", "female"),
            ("Patient.language", "", "fr"),
        },
        strings={
            ("Patient.name", "lefevre", "Lefèvre"),
            ("Patient.name", "anne", "Anne"),
            ("Patient.family", "lefevre", "Lefèvre"),
            ("Patient.given", "anne", "Anne"),
            ("Patient.address", "1 rue de l'eglise", "1 rue de l'Église"),
            ("Patient.address", "beziers", "Béziers"),
            ("Patient.address", "fr", "FR"),
            ("Patient.address-city", "beziers", "Béziers"),
            ("Patient.address-country", "fr", "FR"),
            ("Patient.phonetic", "LFVR.", "Lefèvre"),
            ("Patient.phonetic", "AN.", "Anne"),
            ("Patient.language", "francais", "français"),
        },
        dates={("Patient.birthdate", *birth), ("Patient.death-date", *death)},
        references={
            ("Patient.general-practitioner", "Practitioner", "7"),
            (
                "Patient.organization",
                "Organization",
                "https://elsewhere.example/Organization/9",
            ),
        },
        uris={("Patient._profile", "http://x.example/p"), ("Patient._source", "#m1")},
    )


def test_a_report_is_found_by_patient_only_when_its_subject_is_one() -> None:
    report = {"resourceType": "DiagnosticReport", "subject": {"reference": "Device/1"}}
    assert index_rows(report) == _rows(references={("DiagnosticReport.subject", "Device", "1")})


def test_a_study_is_found_by_its_series_and_instances() -> None:
    study = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "started": "2024-05-06T07:08:09+02:00",
        "series": [{"uid": "1.2.3", "modality": {"code": "CT"}, "instance": [{"uid": "1.2.3.4"}]}],
    }
    started = date_range("2024-05-06T07:08:09+02:00")
    assert started is not None
    assert index_rows(study) == _rows(
        tokens={
            ("ImagingStudy.status", "http://hl7.org/fhir/imagingstudy-status", "available"),
            ("ImagingStudy.series", "", "1.2.3"),
            ("ImagingStudy.modality", "", "CT"),
            ("ImagingStudy.instance", "", "1.2.3.4"),
        },
        dates={("ImagingStudy.started", *started)},
    )


def test_periods_and_timings_are_their_outer_limits() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "occurrenceTiming": {"event": ["2024-05-06", "2024-05-01"]},
    }
    first, last = date_range("2024-05-01"), date_range("2024-05-06")
    assert first is not None
    assert last is not None
    assert index_rows(order) == _rows(dates={("ServiceRequest.occurrence", first[0], last[1])})


def test_related_artifacts_are_told_apart_by_their_type() -> None:
    measure = {
        "resourceType": "Measure",
        "relatedArtifact": [
            {"type": "depends-on", "resource": "http://x.example/a"},
            {"type": "citation", "resource": "http://x.example/b"},
        ],
    }
    assert index_rows(measure) == _rows(
        references={("Measure.depends-on", "", "http://x.example/a")}
    )


def test_an_identifier_is_found_by_its_type_and_by_the_text_of_that() -> None:
    patient = {
        "resourceType": "Patient",
        "identifier": [
            {
                "type": {
                    "coding": [
                        {"system": "http://x.example/t", "code": "MR"},
                        {"code": "PI"},
                    ],
                    "text": "Numéro de dossier",
                },
                "system": "http://x.example/i",
                "value": "12|3",
            }
        ],
    }
    assert index_rows(patient) == _rows(
        tokens={
            ("Patient.identifier", "http://x.example/i", "12|3"),
            ("Patient.identifier:of-type", "http://x.example/t", "MR|12|3"),
            ("Patient.identifier:of-type", "", "PI|12|3"),
            ("Patient.deceased", "", "false"),
        },
        strings={("Patient.identifier", "numero de dossier", "Numéro de dossier")},
    )


def test_a_code_is_found_by_its_texts() -> None:
    observation = {
        "resourceType": "Condition",
        "code": _concept("1", display="Fièvre") | {"text": "Température élevée"},
    }
    assert index_rows(observation) == _rows(
        tokens={("Condition.code", "http://x.example/c", "1")},
        strings={
            ("Condition.code", "fievre", "Fièvre"),
            ("Condition.code", "temperature elevee", "Température élevée"),
        },
    )


def test_a_logical_reference_is_found_by_its_identifier() -> None:
    def report(**subject: object) -> dict[str, Any]:
        subject["identifier"] = {"system": "http://x.example/i", "value": "7"}
        return {"resourceType": "DiagnosticReport", "subject": subject}

    subject = ("DiagnosticReport.subject", "http://x.example/i", "7")
    patient = ("DiagnosticReport.patient", "http://x.example/i", "7")
    assert index_rows(report()) == _rows(tokens={subject, patient})
    assert index_rows(report(type="Group")) == _rows(tokens={subject})


def test_references_that_no_parameter_reads_are_kept_apart() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"assigner": {"reference": "Organization/1"}}],
        "imagingStudy": [{"reference": f"{_BASE}/ImagingStudy/2/_history/3"}],
        "extension": [
            {"url": "http://x.example/e", "valueReference": {"reference": "Device/4"}},
            {"url": "http://x.example/e", "valueReference": {"reference": "ImagingStudy/2"}},
            {"url": "http://x.example/e", "valueReference": {"reference": "urn:uuid:5"}},
            {"url": "http://x.example/e", "valueReference": {"reference": "#c"}},
            {"url": "http://x.example/e", "valueReference": {"reference": "https://y/Device/6"}},
        ],
        "contained": [
            {"resourceType": "Patient", "id": "c", "managingOrganization": {"reference": "#"}},
            {"resourceType": "Observation", "subject": {"reference": "Patient/8"}},
        ],
        "presentedForm": [
            {"url": "Binary/9"},
            {"url": f"{_BASE}/Binary/10"},
            {"url": "https://elsewhere.example/fhir/Binary/11"},
        ],
        "conclusion": 'a text with "reference":"Patient/12" in it',
    }
    assert index_rows(report, (_BASE,)) == _rows(
        references={
            ("DiagnosticReport.imaging-study", "ImagingStudy", "2"),
            ("other", "Organization", "1"),
            ("other", "Device", "4"),
            ("other", "Patient", "8"),
            ("other", "Binary", "9"),
            ("other", "Binary", "10"),
        }
    )


def test_letters_that_are_none_do_not_hide_a_reference() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "conclusion": "\ud800",
        "identifier": [{"assigner": {"reference": "Organization/1"}}],
        "presentedForm": [{"url": f"{_BASE}/Binary/10"}, {"url": "Binary/9"}],
    }
    assert index_rows(report, (_BASE,)) == _rows(
        references={
            ("other", "Organization", "1"),
            ("other", "Binary", "9"),
            ("other", "Binary", "10"),
        }
    )


def test_a_bundle_keeps_to_its_own_world() -> None:
    bundle = {
        "resourceType": "Bundle",
        "identifier": {"value": "1"},
        "entry": [
            {
                "resource": {
                    "resourceType": "Composition",
                    "id": "2",
                    "subject": {"reference": "Patient/3"},
                }
            },
            {"resource": {"resourceType": "MessageHeader", "id": "4"}},
        ],
    }
    rows = index_rows(bundle)
    assert rows == _rows(
        tokens={("Bundle.identifier", "", "1")},
        references={("Bundle.composition", "Composition", "2")},
    )
    assert {row[0] for row in rows.references} <= INSIDE


@pytest.mark.parametrize(
    ("quantity", "rows"),
    [
        (
            {"value": 5, "unit": "mg", "code": "mg", "system": "http://unitsofmeasure.org"},
            {(5.0, 5.0, "mg", "http://unitsofmeasure.org")},
        ),
        (
            {"value": Digits("5.40"), "unit": "mm Hg", "code": "mm[Hg]", "system": "http://u"},
            {(5.4, 5.4, "mm[Hg]", "http://u"), (5.4, 5.4, "mm Hg", "")},
        ),
        ({"value": 5, "comparator": "<"}, {(-OPEN, 5.0, "", "")}),
        ({"value": 5, "comparator": ">=", "unit": "l"}, {(5.0, OPEN, "l", "")}),
        ({"value": Digits("1e999")}, {(OPEN, OPEN, "", "")}),
        ({"value": 10**400}, set()),
        ({"value": True}, set()),
        ({"value": "5"}, set()),
        ({"unit": "mg"}, set()),
        ("5 mg", set()),
    ],
)
def test_a_quantity_is_found_by_its_code_and_its_unit(
    quantity: object, rows: set[tuple[Any, ...]]
) -> None:
    item = {"resourceType": "ChargeItem", "quantity": quantity}
    found = index_rows(item).quantities
    as_given = parameter_id("ChargeItem", "quantity")
    assert {row for row in found if row[0] == as_given} == {(as_given, *row) for row in rows}


def test_a_quantity_is_found_in_the_common_unit_of_its_dimension_too() -> None:
    given = {"value": Digits("7.20"), "unit": "g/100 ml", "code": "g/dL", "system": _UCUM}
    observation = {
        "resourceType": "Observation",
        "code": {"coding": [{"code": "hb"}]},
        "valueQuantity": {**given, "comparator": ">"},
    }
    rows = index_rows(observation)
    common = parameter_id("Observation", "value-quantity:common")
    assert [row[1:] for row in rows.quantities if row[0] == common] == [(72.0, OPEN, "g/L", _UCUM)]
    common = parameter_id("Observation", "code-value-quantity:common")
    assert [row[1:] for row in rows.composites if row[0] == common] == [
        ("hb", "", "g/L", _UCUM, 72.0, OPEN, 0.0, 0.0)
    ]


def test_a_range_is_open_where_it_has_no_end() -> None:
    years = {"unit": "ans", "code": "a", "system": "http://u"}
    condition = {
        "resourceType": "Condition",
        "onsetRange": {"low": {"value": 40, **years}, "high": {"value": 50, **years}},
        "abatementRange": {"high": {"value": 60}},
    }
    assert index_rows(condition) == _rows(
        quantities={
            ("Condition.onset-age", 40.0, 50.0, "a", "http://u"),
            ("Condition.onset-age", 40.0, 50.0, "ans", ""),
            ("Condition.abatement-age", -OPEN, 60.0, "", ""),
        }
    )


def test_an_amount_is_found_by_its_currency() -> None:
    invoice = {"resourceType": "Invoice", "totalNet": {"value": Digits("12.50"), "currency": "EUR"}}
    assert index_rows(invoice) == _rows(
        quantities={("Invoice.totalnet", 12.5, 12.5, "EUR", "urn:iso:std:iso:4217")}
    )


def test_sampled_data_are_found_by_their_bounds() -> None:
    observation = {
        "resourceType": "Observation",
        "valueSampledData": {
            "origin": {"value": 100, "code": "mV", "system": "http://u"},
            "factor": Digits("0.5"),
            "lowerLimit": -10,
            "data": "E 2 4 L nan 6",
        },
    }
    assert index_rows(observation) == _rows(
        quantities={
            ("Observation.value-quantity", 95.0, 103.0, "mV", "http://u"),
            ("Observation.combo-value-quantity", 95.0, 103.0, "mV", "http://u"),
        }
    )


def test_numbers_have_no_unit() -> None:
    risk = {
        "resourceType": "RiskAssessment",
        "prediction": [
            {"probabilityDecimal": Digits("0.02")},
            {"probabilityRange": {"low": {"value": 1, "unit": "%"}, "high": {"value": 2}}},
        ],
    }
    assert index_rows(risk) == _rows(
        quantities={
            ("RiskAssessment.probability", 0.02, 0.02, "", ""),
            ("RiskAssessment.probability", 1.0, 2.0, "", ""),
        }
    )


def test_a_place_has_two_numbers() -> None:
    place = {
        "resourceType": "Location",
        "position": {"longitude": Digits("-0.57"), "latitude": Digits("44.83")},
    }
    assert index_rows(place) == _rows(
        quantities={
            ("Location.near:latitude", 44.83, 44.83, "", ""),
            ("Location.near:longitude", -0.57, -0.57, "", ""),
        }
    )


def test_a_composite_holds_what_stands_together() -> None:
    observation = {
        "resourceType": "Observation",
        "component": [
            {"code": _concept("sys"), "valueQuantity": {"value": 120, "code": "mm[Hg]"}},
            {"code": _concept("dia"), "valueQuantity": {"value": 80, "code": "mm[Hg]"}},
            {"code": _concept("pos"), "valueCodeableConcept": _concept("sitting")},
        ],
    }
    system = "http://x.example/c"
    assert (
        index_rows(observation).composites
        == _rows(
            composites={
                (f"Observation.{prefix}code-value-{suffix}", *row)
                for prefix in ("combo-", "component-")
                for suffix, row in (
                    ("quantity", ("sys", system, "mm[Hg]", "", 120.0, 120.0, 0.0, 0.0)),
                    ("quantity", ("dia", system, "mm[Hg]", "", 80.0, 80.0, 0.0, 0.0)),
                    ("concept", ("pos", system, "sitting", system, 0.0, 0.0, 0.0, 0.0)),
                )
            }
        ).composites
    )


def test_each_kind_of_component_has_its_place_in_the_row() -> None:
    day = date_range("2024-05-06")
    assert day is not None
    dated = {
        "resourceType": "Observation",
        "code": _concept("1"),
        "valueDateTime": "2024-05-06",
    }
    spelled = {"resourceType": "Observation", "code": _concept("1"), "valueString": "Élevé"}
    successor = {
        "resourceType": "DocumentReference",
        "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/1"}}],
    }
    sequence = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": _concept("21")},
        "variant": [{"start": 5, "end": 7}],
    }
    zeros, system = (0.0, 0.0), "http://x.example/c"
    relation = "http://hl7.org/fhir/document-relationship-type"
    numbers = (*map(float, day), *zeros)
    found = [index_rows(each).composites for each in (dated, spelled, successor, sequence)]
    assert found == [
        _rows(composites={row}).composites
        for row in (
            ("Observation.code-value-date", "1", system, "", "", *numbers),
            ("Observation.code-value-string", "1", system, "eleve", "Élevé", *zeros, *zeros),
            (
                *("DocumentReference.relationship", "1", "DocumentReference"),
                *("replaces", relation, *zeros, *zeros),
            ),
            (
                *("MolecularSequence.chromosome-variant-coordinate", "21", system, "", ""),
                *(5.0, 5.0, 7.0, 7.0),
            ),
        )
    ]


def test_what_multiplies_has_an_end() -> None:
    many = {"coding": [{"code": str(number)} for number in range(100)]}
    observation = {"resourceType": "Observation", "code": many, "valueCodeableConcept": many}
    composites = [
        row
        for row in index_rows(observation).composites
        if row[0] == _id("Observation.code-value-concept")
    ]
    assert len(composites) == 1000


def test_long_texts_and_codes_are_compared_whole() -> None:
    text, code = "é" * 250, "c" * 500
    patient = {
        "resourceType": "Patient",
        "name": [{"family": text}],
        "identifier": [{"system": "s", "value": code}],
    }
    rows = index_rows(patient)
    assert rows.tokens == {
        (_id("Patient.identifier"), "s", exact_of(code)),
        (_id("Patient.deceased"), "", "false"),
    }
    assert {row for row in rows.strings if row[0] == _id("Patient.family")} == {
        (_id("Patient.family"), "e" * 200, exact_of(text))
    }
    assert exact_of(text) != exact_of(text + "é")


_NAMES = st.sampled_from(
    [
        *("name", "identifier", "system", "value", "coding", "code", "reference", "url", "text"),
        *("valueQuantity", "valueSampledData", "origin", "data", "component", "relatesTo"),
        *("target", "entry", "resource", "resourceType", "id", "type", "family", "low", "high"),
        *("extension", "contained", "position", "latitude", "useContext", "valueRange", "meta"),
        *("birthDate", "telecom", "event", "repeat", "period", "occurrenceTiming", "div"),
    ]
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.just(Digits("1.50"))
    | st.text()
    | st.sampled_from(["Patient/1", "#a", "2024-01", "Binary/1", "Composition"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(resource_types())), st.dictionaries(_NAMES, _JSON, max_size=6))
def test_any_shape_is_indexed_without_a_fault(kind: str, elements: dict[str, Any]) -> None:
    rows = index_rows({**elements, "resourceType": kind})
    assert all(isinstance(row[0], int) for row in rows.tokens | rows.strings | rows.references)
