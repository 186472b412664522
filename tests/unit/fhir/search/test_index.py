from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.dates import date_range
from gateway.fhir.search.index import IndexRows, index_rows
from gateway.fhir.search.parameters import parameter

_BASE = "https://passerelle.example/fhir"


def _id(name: str) -> int:
    resource_type, _, code = name.partition(".")
    found = parameter(resource_type, code)
    assert found is not None
    return found.id


def _rows(**kinds: set[tuple[Any, ...]]) -> IndexRows:
    def named(kind: str) -> Any:  # noqa: ANN401 - rows of any kind
        return frozenset((_id(row[0]), *row[1:]) for row in kinds.get(kind, set()))

    return IndexRows(
        *(named(kind) for kind in ("tokens", "strings", "dates", "references", "uris"))
    )


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


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "identifier", "system", "value", "coding", "code", "reference"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["name", "identifier", "birthDate", "telecom"]), _JSON))
def test_any_shape_is_indexed_without_a_fault(elements: dict[str, Any]) -> None:
    assert isinstance(index_rows({"resourceType": "Patient", **elements}), IndexRows)
