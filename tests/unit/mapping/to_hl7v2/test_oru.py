from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.entry import Recipient
from gateway.mapping.to_hl7v2 import Target
from gateway.mapping.to_hl7v2.report_text import Section, text_sections
from tests.unit.mapping.to_hl7v2.conftest import (
    CABINET,
    GARNIER,
    LECOEUR,
    ORDER,
    PATIENT,
    ROLE,
    V2_0203,
    World,
    back,
    lines,
    read_back,
)

GP = Target(application="LGC", facility="CABINET")
TEXT = "Technique\nFace et profil.\n\nRésultats\nPas d'anomalie.\n\nConclusion\nPas de fracture."
UCUM = "http://unitsofmeasure.org"
HEIGHT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "height",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Taille"}]},
    "valueQuantity": {"value": 170, "unit": "cm", "system": UCUM, "code": "cm"},
}
REPORT: dict[str, Any] = {
    "resourceType": "DiagnosticReport",
    "id": "r1",
    "identifier": [
        {
            "type": {"coding": [{"system": V2_0203, "code": "FILL"}]},
            "system": "urn:oid:1.2.250.1.999.3",
            "value": "CR9",
        }
    ],
    "basedOn": [{"reference": "ServiceRequest/o1"}],
    "status": "final",
    "category": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}
    ],
    "code": ORDER["code"],
    "subject": {"reference": "Patient/pat-trois"},
    "effectiveDateTime": "2026-03-05T09:00:00+01:00",
    "issued": "2026-03-05T10:00:00.123+01:00",
    "resultsInterpreter": [{"reference": "Practitioner/garnier"}],
    "result": [{"reference": "Observation/height"}],
    "conclusion": "Pas de fracture.",
    "presentedForm": [
        {"contentType": "text/plain", "data": b64encode(TEXT.encode()).decode()},
        {"contentType": "application/pdf", "url": "Binary/pdf"},
        {"contentType": "text/html", "url": "https://pacs.example/v?a=1&b=2", "title": "Images"},
    ],
}
ESSENTIALS = ("status", "code", "effectiveDateTime", "issued", "conclusion")


@pytest.fixture
def reported(world: World) -> World:
    world.objects["Binary/pdf"] = b"%PDF-1.4"
    study = {
        "resourceType": "ImagingStudy",
        "id": "s1",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.250.1.999.3.21"}],
        "status": "available",
        "subject": {"reference": "Patient/pat-trois"},
        "basedOn": [{"reference": "ServiceRequest/o1"}],
    }
    return world.put(HEIGHT, study)


def test_a_report_is_written_with_its_text_its_pdf_and_its_study(reported: World) -> None:
    written = lines(reported.write("R01", REPORT, GP))
    assert [line[:3] for line in written[:5]] == ["MSH", "PID", "PV1", "ORC", "OBR"]
    obr = written[4].split("|")
    assert (obr[3], obr[4], obr[22], obr[24], obr[25]) == (
        "CR9^^1.2.250.1.999.3^ISO",
        "24806-2^RX genou^LN",
        "20260305100000.123+0100",
        "RAD",
        "F",
    )
    assert obr[28].startswith("810000023084^Lecœur")
    assert obr[32].startswith("810002909371&GARNIER&LUC")
    assert written[5:] == [
        "OBX|1|FT|18748-4^Technique^LN||Face et profil.||||||F",
        "OBX|2|FT|18748-4^Résultats^LN||Pas d'anomalie.||||||F",
        "OBX|3|FT|19005-8^Conclusion^LN||Pas de fracture.||||||F",
        "OBX|4|ED|18748-4^CR d'imagerie médicale^LN||^application^pdf^Base64^JVBERi0xLjQ=||||||F",
        r"OBX|5|RP|URL_VIEWER^Images^L||https://pacs.example/v?a=1\T\b=2^^^HTML||||||F",
        "OBX|6|NM|8302-2^Taille^LN||170|cm^^UCUM|||||F",
        "OBX|7|ST|113014^DICOM Study^DCM||1.2.250.1.999.3.21||||||O",
    ]


@pytest.mark.parametrize(
    ("status", "read_as"),
    [("final", "final"), ("corrected", "corrected"), ("appended", "corrected")],
)
def test_a_report_is_read_back_as_it_was(reported: World, status: str, read_as: str) -> None:
    raw = reported.write("R01", {**REPORT, "status": status}, GP)
    (read,) = back(raw, "DiagnosticReport")
    expected = {name: REPORT[name] for name in ESSENTIALS} | {"status": read_as}
    assert {name: read[name] for name in ESSENTIALS} == expected
    assert [form["contentType"] for form in read["presentedForm"]] == [
        "text/plain",
        "application/pdf",
        "text/html",
    ]
    objects = {one.content_type: one.content for one in read_back(raw).objects}
    assert objects == {"text/plain": TEXT.encode(), "application/pdf": b"%PDF-1.4"}
    assert read["presentedForm"][2]["url"] == "https://pacs.example/v?a=1&b=2"
    (study,) = back(raw, "ImagingStudy")
    assert study["identifier"][0]["value"] == "urn:oid:1.2.250.1.999.3.21"
    (order,) = back(raw, "ServiceRequest")
    assert order["identifier"][0] == ORDER["identifier"][0]
    assert [one.kind for one in read_back(raw).recipients] == ["practitioner"]


def test_a_withdrawn_report_says_so_and_nothing_else(reported: World) -> None:
    raw = reported.write("R01", {**REPORT, "status": "entered-in-error"}, GP)
    assert not [line for line in lines(raw) if line.startswith("OBX")]
    assert b"fracture" not in raw
    (read,) = back(raw, "DiagnosticReport")
    assert read["status"] == "cancelled"


def test_recipients_are_participations_where_the_receiver_knows_them(reported: World) -> None:
    raw = reported.write("R01", REPORT, Target(application="LGC", version="2.8"))
    (prt,) = [line for line in lines(raw) if line.startswith("PRT")]
    assert prt.split("|")[4] == "RCT^^participation"
    assert prt.split("|")[15] == "^NET^X.400^h.lecoeur@medecin.mssante.fr"
    (recipient,) = read_back(raw).recipients
    assert (recipient.address, recipient.kind) == ("h.lecoeur@medecin.mssante.fr", "practitioner")
    assert isinstance(recipient, Recipient)


def test_a_report_that_nobody_has_numbered_goes_by_its_id(reported: World) -> None:
    report = {**REPORT, "identifier": [], "basedOn": []}
    raw = reported.write("R01", report, GP)
    assert lines(raw)[4].split("|")[3] == "r1^PASSERELLE"
    (read,) = back(raw, "DiagnosticReport")
    assert read["identifier"][0]["system"] == "urn:passerelle:namespace:PASSERELLE"


VALUES = [
    {"valueQuantity": {"value": 3, "comparator": "<", "unit": "mm", "system": UCUM, "code": "mm"}},
    {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA6576-8"}]}},
    {"valueDateTime": "2026-03-05T09:00:00+01:00"},
    {
        "valueRange": {
            "low": {"value": 1, "unit": "mm", "system": UCUM, "code": "mm"},
            "high": {"value": 2, "unit": "mm", "system": UCUM, "code": "mm"},
        }
    },
    {"valueTime": "14:30:00"},
    {"valuePeriod": {"start": "2026-03-05", "end": "2026-03-06"}},
]


@pytest.mark.parametrize("value", VALUES)
def test_a_measurement_is_read_back_whatever_its_value(
    reported: World, value: dict[str, Any]
) -> None:
    plain = {name: part for name, part in HEIGHT.items() if name != "valueQuantity"}
    reported.put({**plain, **value})
    (read,) = back(reported.write("R01", REPORT, GP), "Observation")
    assert _numbers({name: read[name] for name in value}) == _numbers(value)


def test_range_interpretation_notes_and_method_of_a_measurement_are_read_back(
    reported: World,
) -> None:
    more = {
        "interpretation": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/"
                        "v3-ObservationInterpretation",
                        "code": "H",
                    }
                ]
            }
        ],
        "referenceRange": [{"text": "150-190"}],
        "note": [{"text": "Mesurée debout"}],
        "method": {"text": "Toise"},
    }
    reported.put({**HEIGHT, **more})
    (read,) = back(reported.write("R01", REPORT, GP), "Observation")
    assert read["interpretation"] == more["interpretation"]
    assert read["referenceRange"][0]["text"] == "150-190"
    assert (read["note"], read["method"]) == (more["note"], more["method"])


def test_a_text_is_taken_apart_at_its_headings() -> None:
    assert text_sections(TEXT, "Pas de fracture.") == (
        [Section("Technique", "Face et profil."), Section("Résultats", "Pas d'anomalie.")],
        Section("Conclusion", "Pas de fracture."),
    )
    assert text_sections("Une phrase.\nUne autre.", "") == (
        [Section("", "Une phrase.\nUne autre.")],
        None,
    )
    assert text_sections("Rien.", "Rien.") == ([], Section("", "Rien."))


words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(str.strip)


@given(texts=st.lists(words.filter(bool), min_size=1, max_size=4), conclusion=words.filter(bool))
def test_whatever_a_report_says_is_read_back(texts: list[str], conclusion: str) -> None:
    world = World().put(PATIENT, LECOEUR, GARNIER, CABINET, ROLE, ORDER, HEIGHT)
    whole = "\n\n".join(texts)
    form = {"contentType": "text/plain", "data": b64encode(whole.encode()).decode()}
    report = {**REPORT, "presentedForm": [form], "conclusion": conclusion}
    raw = world.write("R01", report, GP)
    (read,) = back(raw, "DiagnosticReport")
    assert read["conclusion"] == conclusion
    (held,) = [one.content for one in read_back(raw).objects]
    said = "".join(held.decode().split())
    assert all("".join(text.split()) in said for text in texts)


def _numbers(value: Any) -> Any:  # noqa: ANN401 - any FHIR element
    """Compare digits, however they are held."""
    if isinstance(value, dict):
        return {
            name: str(part) if name == "value" else _numbers(part) for name, part in value.items()
        }
    return value
