from __future__ import annotations

from typing import Any

import pytest

from gateway.dicom.json_model import items, text, texts, values
from gateway.mapping.study_uid import own_study_uid
from gateway.mapping.to_dicom.worklist import AE_TITLE, Planned, is_scheduled, worklist_entries
from gateway.mapping.to_dicom.worklist_tags import SCHEDULED_STEP_SEQUENCE

DCM = "http://dicom.nema.org/resources/ontology/DCM"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def numbered(kind: str, value: str, system: str = "urn:oid:1.2.250.1.999.2") -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": V2_0203, "code": kind}]},
        "system": system,
        "value": value,
    }


ORDER: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "o1",
    "identifier": [numbered("PLAC", "D1001"), numbered("FILL", "F1"), numbered("ACSN", "A2001")],
    "status": "active",
    "intent": "order",
    "priority": "urgent",
    "code": {
        "coding": [
            {"system": "http://loinc.org", "code": "24627-2", "display": "Scanner thoracique"}
        ]
    },
    "orderDetail": [{"coding": [{"system": DCM, "code": "CT"}]}],
    "subject": {"reference": "Patient/p1"},
    "authoredOn": "2026-07-05T22:30:00Z",
    "reasonCode": [{"text": "Toux persistante"}],
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        numbered("INS-NIR-TEST", "299999999999934", "urn:oid:1.2.250.1.213.1.4.10"),
        numbered("PI", "4711", "urn:oid:1.2.250.1.999.1"),
    ],
    "name": [
        {"use": "old", "family": "AVANT"},
        {"use": "official", "family": "LEFÈVRE", "given": ["Zoé", "Anne"], "prefix": ["Mme"]},
    ],
    "gender": "female",
    "birthDate": "1956-08-12",
}


def planned(**more: Any) -> Planned:  # noqa: ANN401 - the parts of Planned
    return Planned(**{"order": ORDER, "patient": PATIENT, **more})


def the_step(entry: dict[str, Any]) -> dict[str, Any]:
    (step,) = items(entry, SCHEDULED_STEP_SEQUENCE)
    return step


def test_an_order_alone_is_one_step_at_the_time_it_was_asked_for() -> None:
    (entry,) = worklist_entries(planned())
    step = the_step(entry)

    assert text(entry, 0x00100010) == "LEFÈVRE^Zoé^Anne^Mme"
    assert (text(entry, 0x00100020), text(entry, 0x00100021)) == ("4711", "1.2.250.1.999.1")
    assert text(items(entry, 0x00101002)[0], 0x00100020) == "299999999999934"
    assert (text(entry, 0x00100030), text(entry, 0x00100040)) == ("19560812", "F")
    assert (text(entry, 0x00080050), text(entry, 0x00401001)) == ("A2001", "F1")
    assert (text(entry, 0x00402016), text(entry, 0x00402017)) == ("D1001", "F1")
    assert text(entry, 0x00401003) == "HIGH"
    assert text(entry, 0x0020000D) == own_study_uid(ORDER)
    assert text(items(entry, 0x00321064)[0], 0x00080102) == "LN"
    assert text(entry, 0x00401002) == "Toux persistante"
    assert (text(step, 0x00080060), text(step, 0x00400007)) == ("CT", "Scanner thoracique")
    # Half past ten in the evening in Greenwich is the next day in Paris.
    assert (text(step, 0x00400002), text(step, 0x00400003)) == ("20260706", "003000")
    assert text(step, 0x00400020) == "SCHEDULED"
    assert values(step, 0x00400001) == []


def test_an_appointment_says_when_and_where() -> None:
    device = {
        "resourceType": "Device",
        "identifier": [{"system": AE_TITLE, "value": "CT1"}],
        "deviceName": [{"name": "Scanner 1", "type": "user-friendly-name"}],
    }
    appointment = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "arrived",
        "start": "2026-07-08T09:15:00+02:00",
        "participant": [{"actor": {"reference": "Device/d1"}}],
    }
    (entry,) = worklist_entries(planned(appointments=[appointment], actors={"Device/d1": device}))
    step = the_step(entry)

    assert (text(step, 0x00400002), text(step, 0x00400003)) == ("20260708", "091500")
    assert (texts(step, 0x00400001), text(step, 0x00400010)) == (("CT1",), "Scanner 1")
    assert text(step, 0x00400020) == "ARRIVED"


def task(name: str, modality: str, status: str = "requested") -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": name,
        "identifier": [{"value": f"SPS-{name}"}],
        "status": status,
        "code": {"text": f"Étape {name}"},
        "restriction": {"period": {"start": "2026-07-09T08:00:00+02:00"}},
        "input": [
            {
                "type": {"text": "modality"},
                "valueCoding": {"system": DCM, "code": modality},
            }
        ],
    }


def test_each_open_task_is_a_step() -> None:
    tasks = [task("1", "CT"), task("2", "PT"), task("3", "MR", "completed")]
    found = [the_step(one) for one in worklist_entries(planned(tasks=tasks))]

    assert [text(one, 0x00080060) for one in found] == ["CT", "PT"]
    assert [text(one, 0x00400009) for one in found] == ["SPS-1", "SPS-2"]
    assert [text(one, 0x00400007) for one in found] == ["Étape 1", "Étape 2"]


def test_what_has_been_started_says_so_and_what_is_done_is_gone() -> None:
    (started,) = worklist_entries(planned(tasks=[task("1", "CT", "in-progress")]))

    assert text(the_step(started), 0x00400020) == "STARTED"
    assert worklist_entries(planned(tasks=[task("1", "CT", "completed")])) == []
    # What was broken off is to be done again.
    assert len(worklist_entries(planned(tasks=[task("1", "CT", "failed")]))) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"status": "revoked"}, False),
        ({"status": "completed"}, False),
        ({"intent": "plan"}, False),
        ({"doNotPerform": True}, False),
        (
            {"category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}]},
            False,
        ),
    ],
)
def test_only_what_is_asked_of_a_radiology_centre_is_planned(
    more: dict[str, Any], *, expected: bool
) -> None:
    assert is_scheduled({**ORDER, **more}) is expected


def test_a_number_that_dicom_cannot_hold_is_left_out() -> None:
    order = {**ORDER, "identifier": [numbered("ACSN", "A" * 17)], "orderDetail": []}
    (entry,) = worklist_entries(planned(order=order, modalities={"24627-2": "CT"}))

    assert text(entry, 0x00080050) == ""
    assert len(text(entry, 0x00401001)) == 16
    assert text(the_step(entry), 0x00080060) == "CT"


def test_what_is_an_extension_alone_or_at_the_end_of_time_is_left_out() -> None:
    name = {"family": "LEFEVRE", "given": [None, "Zoe"], "prefix": [None], "suffix": [None, "II"]}
    (entry,) = worklist_entries(
        planned(
            order={**ORDER, "authoredOn": "0001-01-01T00:00:00+14:00"},
            patient={**PATIENT, "name": [name]},
        )
    )
    assert entry["00100010"]["Value"] == [{"Alphabetic": "LEFEVRE^Zoe^^^II"}]
    assert "Value" not in entry["00402005"]
