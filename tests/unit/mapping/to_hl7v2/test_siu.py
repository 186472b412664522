from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.to_hl7v2 import Target
from tests.unit.mapping.to_hl7v2.conftest import ORDER, V2_0203, World, back, lines

RIS = Target(application="RIS", facility="CENTRE")
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "id": "a1",
    "identifier": [
        {
            "type": {"coding": [{"system": V2_0203, "code": "FILL"}]},
            "system": "urn:oid:1.2.250.1.999.8",
            "value": "RDV1",
        }
    ],
    "status": "booked",
    "serviceType": [
        {"coding": [{"system": "http://loinc.org", "code": "24590-2", "display": "IRM cerveau"}]}
    ],
    "reasonCode": [{"text": "Céphalées"}],
    "start": "2026-03-10T08:00:00+01:00",
    "end": "2026-03-10T08:30:00+01:00",
    "minutesDuration": 30,
    "comment": "À jeun",
    "basedOn": [{"reference": "ServiceRequest/o1"}],
    "participant": [
        {"actor": {"reference": "Patient/pat-trois"}, "status": "accepted"},
        {"actor": {"reference": "Location/irm1"}, "status": "accepted"},
        {"actor": {"reference": "Device/scan1"}, "status": "accepted"},
        {"actor": {"reference": "PractitionerRole/garnier-cabinet"}, "status": "accepted"},
        {
            "type": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                            "code": "CALLBCK",
                        }
                    ]
                }
            ],
            "actor": {"reference": "Practitioner/lecoeur"},
            "status": "accepted",
        },
    ],
}
ESSENTIALS = (
    "identifier",
    "status",
    "serviceType",
    "reasonCode",
    "start",
    "end",
    "minutesDuration",
    "comment",
)


@pytest.fixture
def booked(world: World) -> World:
    return world.put(
        {
            "resourceType": "Location",
            "id": "irm1",
            "identifier": [{"system": "urn:oid:1.2.250.1.999.6", "value": "RAD^IRM1"}],
            "name": "IRM 1",
        },
        {
            "resourceType": "Device",
            "id": "scan1",
            "identifier": [{"system": "urn:passerelle:sender:RIS:CENTRE:resource", "value": "S1"}],
            "deviceName": [{"name": "Scanner", "type": "user-friendly-name"}],
        },
    )


def test_a_booked_appointment_is_written_segment_by_segment(booked: World) -> None:
    written = lines(booked.write("S12", APPOINTMENT, RIS))
    assert written[0].split("|")[8] == "SIU^S12^SIU_S12"
    assert [written[1], *written[4:]] == [
        (
            'SCH||RDV1^^1.2.250.1.999.8^ISO||||""|^Céphalées||30|min'
            "|^^M30^20260310080000+0100^20260310083000+0100"
            "|||||810000023084^Lecœur^Hélène^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
            '||||""|||||Booked|P17^^1.2.250.1.999.2^ISO'
        ),
        "PV1|1|O",
        "RGS|1|A",
        "AIS|1|A|24590-2^IRM cerveau^LN|20260310080000+0100",
        "AIL|1|A|RAD^IRM1^^&1.2.250.1.999.6&ISO^^^^^IRM 1|||20260310080000+0100",
        'AIG|1|A|S1^Scanner|""||||20260310080000+0100',
        (
            "AIP|1|A|810002909371^GARNIER^LUC^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
            "|||20260310080000+0100"
        ),
    ]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("S12", "booked"),
        ("S13", "booked"),
        ("S14", "booked"),
        ("S15", "cancelled"),
        ("S17", "entered-in-error"),
        ("S26", "noshow"),
    ],
)
def test_an_appointment_is_read_back_as_it_was(booked: World, event: str, status: str) -> None:
    appointment = {**APPOINTMENT, "status": status}
    raw = booked.write(event, appointment, RIS)
    (read,) = back(raw, "Appointment")
    assert {name: read[name] for name in ESSENTIALS} == {
        name: appointment[name] for name in ESSENTIALS
    }
    (order,) = back(raw, "ServiceRequest")
    assert order["identifier"] == ORDER["identifier"]
    shown = [one["actor"].get("display") for one in read["participant"][1:]]
    assert shown == ["IRM 1", "Scanner", "LUC GARNIER", "Hélène Lecœur"]


def test_why_it_was_cancelled_is_said(booked: World) -> None:
    reason = {"text": "Panne"}
    appointment = {**APPOINTMENT, "status": "cancelled", "cancelationReason": reason}
    (read,) = back(booked.write("S15", appointment, RIS), "Appointment")
    assert read["cancelationReason"] == reason


def test_what_is_done_is_taken_from_the_order_when_the_appointment_does_not_say(
    booked: World,
) -> None:
    appointment = {name: part for name, part in APPOINTMENT.items() if name != "serviceType"}
    (read,) = back(booked.write("S12", appointment, RIS), "Appointment")
    assert read["serviceType"] == [ORDER["code"]]


def test_an_appointment_without_a_number_is_refused(booked: World) -> None:
    appointment = {name: part for name, part in APPOINTMENT.items() if name != "identifier"}
    with pytest.raises(RequiredMissing):
        booked.write("S12", appointment, RIS)
