from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, Link, LinkKind, LocalCode, Write
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map, Result

OWN = "urn:passerelle:sender:RIS-TEST:CENTRE"
FILLER = Key(f"{OWN}:appointment", "RDV7")
PLACER = Key(f"{OWN}:appointment:placer", "D7")
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
PERSON = "10000023084^AGNES^Isabelle^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
ROOM = "AIL|1|A|SCAN^Salle 2^^CENTRE&1.2.250.1.999.1&ISO"


def sch(
    status: str = "", *, time: str = "^^20^20260310090000", why: str = "", more: str = ""
) -> str:
    return f"SCH|D7|RDV7||||{why}|CHECKUP|NORMAL|20|min|{time}" + "|" * 14 + status + more


def booked(map_lines: Map, event: str = "S12", status: str = "") -> Result:
    return map_lines(f"SIU^{event}^SIU_S12", PATIENT, sch(status), "RGS|1", ROOM)


def test_a_booked_examination_becomes_an_appointment_with_its_slot(map_lines: Map) -> None:
    result = map_lines(
        "SIU^S12^SIU_S12",
        sch("Booked", more="|P17^^1.2.250.1.999.2^ISO|F88^^1.2.250.1.999.3^ISO"),
        "TQ1|1||||||20260310090000|20260310092000|S",
        "NTE|1||À jeun",
        PATIENT,
        "DG1|1||M54.5^Lombalgie^CIM10",
        "RGS|1",
        "AIS|1|A|30620-9^CT rachis lombaire^LN|20260310090000|||20|min||Booked",
        "AIG|1|A|CT1^Scanner 1^L|CT^Scanner^99RES",
        ROOM,
        f"AIP|1|A|{PERSON}|RAD^Radiologue^99ROLE||20260310090500|||15|min||Pending",
    )

    subject = {"reference": result.url("Patient")}
    room = {"reference": result.url("Location"), "display": "SCAN Salle 2 CENTRE"}
    reader = {"reference": result.url("Practitioner"), "display": "Isabelle AGNES"}
    (entry,) = result.entries("Appointment")
    assert (entry.write, entry.keys) == (Write.ASSERT, (FILLER, PLACER))
    assert entry.resource == {
        "resourceType": "Appointment",
        "identifier": [
            {
                "type": {"coding": [{"system": V2_0203, "code": "PLAC"}]},
                "system": PLACER.system,
                "value": "D7",
            },
            {
                "type": {"coding": [{"system": V2_0203, "code": "FILL"}]},
                "system": FILLER.system,
                "value": "RDV7",
            },
        ],
        "status": "booked",
        "appointmentType": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/v2-0277", "code": "NORMAL"}
            ]
        },
        "reasonCode": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "CHECKUP"}
                ]
            },
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/sid/icd-10",
                        "code": "M54.5",
                        "display": "Lombalgie",
                    }
                ]
            },
        ],
        "serviceType": [
            {
                "coding": [
                    {
                        "system": "http://loinc.org",
                        "code": "30620-9",
                        "display": "CT rachis lombaire",
                    }
                ]
            }
        ],
        "priority": 1,
        "start": "2026-03-10T09:00:00+01:00",
        "end": "2026-03-10T09:20:00+01:00",
        "minutesDuration": 20,
        "comment": "À jeun",
        "basedOn": [{"reference": result.url("ServiceRequest")}],
        "slot": [{"reference": result.url("Slot")}],
        "participant": [
            {"actor": subject, "required": "required", "status": "accepted"},
            {
                "type": [
                    {"coding": [{"system": f"{OWN}:99RES", "code": "CT", "display": "Scanner"}]}
                ],
                "actor": {"reference": result.url("Device"), "display": "Scanner 1"},
                "status": "accepted",
            },
            {"actor": room, "status": "accepted"},
            {
                "type": [
                    {
                        "coding": [
                            {"system": f"{OWN}:99ROLE", "code": "RAD", "display": "Radiologue"}
                        ]
                    }
                ],
                "actor": reader,
                "status": "needs-action",
                "period": {
                    "start": "2026-03-10T09:05:00+01:00",
                    "end": "2026-03-10T09:20:00+01:00",
                },
            },
        ],
    }
    slot = result.one("Slot")
    del slot["identifier"]
    assert slot == {
        "resourceType": "Slot",
        "serviceType": entry.resource["serviceType"],
        "schedule": {"reference": result.url("Schedule")},
        "status": "busy",
        "start": "2026-03-10T09:00:00+01:00",
        "end": "2026-03-10T09:20:00+01:00",
    }
    assert result.one("Schedule")["actor"] == [room]
    (order,) = result.entries("ServiceRequest")
    assert order.write is Write.MENTION
    assert order.resource["occurrencePeriod"] == {
        "start": "2026-03-10T09:00:00+01:00",
        "end": "2026-03-10T09:20:00+01:00",
    }
    assert result.mapped.links == (
        Link(LinkKind.PLACER, "urn:oid:1.2.250.1.999.2", "P17"),
        Link(LinkKind.FILLER, "urn:oid:1.2.250.1.999.3", "F88"),
    )
    assert result.mapped.unmapped_codes == (
        LocalCode("RIS-TEST|CENTRE", "AIG-4", f"{OWN}:99RES", "CT", "Scanner"),
        LocalCode("RIS-TEST|CENTRE", "AIP-4", f"{OWN}:99ROLE", "RAD", "Radiologue"),
    )
    assert result.mapped.warnings == ()


@pytest.mark.parametrize(
    ("event", "code", "status", "slot"),
    [
        ("S12", "", "booked", "busy"),
        ("S12", "Pending", "pending", "busy-tentative"),
        ("S12", "WAITLIST", "waitlist", "free"),
        ("S13", "Booked", "booked", "busy"),
        ("S14", "Started", "checked-in", "busy"),
        ("S14", "Complete", "fulfilled", "busy"),
        ("S14", "Deleted", "entered-in-error", "entered-in-error"),
        ("S12", "Blocked", "booked", "busy-unavailable"),
        ("S15", "Booked", "cancelled", "free"),
        ("S16", "", "cancelled", "free"),
        ("S17", "", "entered-in-error", "entered-in-error"),
        ("S26", "Booked", "noshow", "busy"),
    ],
)
def test_event_and_sch_25_are_the_status_of_appointment_and_slot(
    map_lines: Map, event: str, code: str, status: str, slot: str
) -> None:
    result = booked(map_lines, event, code)

    assert result.one("Appointment")["status"] == status
    assert result.one("Slot")["status"] == slot


def test_another_time_is_another_time_of_the_same_appointment(map_lines: Map) -> None:
    first, then = booked(map_lines), booked(map_lines, "S13")

    for kind in ("Appointment", "Slot"):
        assert then.entries(kind)[0].full_url == first.entries(kind)[0].full_url


def test_a_status_of_the_senders_own_is_reported_and_the_event_decides(map_lines: Map) -> None:
    result = booked(map_lines, status="CONF")

    assert result.one("Appointment")["status"] == "booked"
    assert result.mapped.unmapped_codes == (
        LocalCode("RIS-TEST|CENTRE", "SCH-25", OWN, "CONF", ""),
    )


def test_a_cancellation_says_why(map_lines: Map) -> None:
    lines = (PATIENT, sch(why="^Patient malade"), ROOM)

    cancelled = map_lines("SIU^S15", *lines).one("Appointment")
    moved = map_lines("SIU^S13", *lines).one("Appointment")

    assert cancelled["cancelationReason"] == {"text": "Patient malade"}
    assert "cancelationReason" not in moved


def test_an_appointment_without_a_time_is_proposed_and_takes_no_slot(map_lines: Map) -> None:
    result = map_lines("SIU^S12", PATIENT, sch(time=""), ROOM)

    assert result.one("Appointment")["status"] == "proposed"
    assert result.all("Slot") == []
    assert result.texts("warning") == ["The appointment has no time: it is taken as proposed."]


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("SCH||RDV7|||||||||^^M30^20260310090000", "09:00", "09:30"),
        ("SCH||RDV7|||||||1|h|^^^20260310090000", "09:00", "10:00"),
        ("SCH||RDV7|||||||||^^^20260310090000", "09:00", "09:00"),
    ],
)
def test_the_end_is_the_start_and_how_long_it_takes(
    map_lines: Map, line: str, start: str, end: str
) -> None:
    appointment = map_lines("SIU^S12", PATIENT, line).one("Appointment")

    times = (appointment["start"], appointment["end"])
    assert times == tuple(f"2026-03-10T{time}:00+01:00" for time in (start, end))


def test_the_time_of_a_resource_stands_for_that_of_the_appointment(map_lines: Map) -> None:
    ais = "AIS|1|A|30620-9^CT^LN|20260310090000|||15|min"

    appointment = map_lines("SIU^S12", PATIENT, "SCH||RDV7", ais).one("Appointment")

    assert (appointment["start"], appointment["minutesDuration"]) == (
        "2026-03-10T09:00:00+01:00",
        15,
    )


def test_a_resource_that_is_taken_away_does_not_take_part(map_lines: Map) -> None:
    gone = ROOM.replace("|A|", "|D|")

    assert map_lines("SIU^S14", PATIENT, sch(), gone).all("Location") == []


@pytest.mark.parametrize(
    ("lines", "location"), [((), "SCH"), (("SCH|||||||||||^^20^20260310090000",), "SCH^1^2")]
)
def test_an_appointment_without_number_is_refused(
    map_lines: Map, lines: tuple[str, ...], location: str
) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines("SIU^S12", PATIENT, *lines)

    assert caught.value.issues[0].location == location


def test_an_appointment_at_the_end_of_the_calendar_ends_as_it_begins(map_lines: Map) -> None:
    line = "SCH||RDV7|||||||30000|day|^^^99991231235900"

    appointment = map_lines("SIU^S12", PATIENT, line).one("Appointment")

    assert appointment["start"] == appointment["end"]
