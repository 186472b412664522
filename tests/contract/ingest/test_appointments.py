"""Appointments, answers, referrals and documents, message after message, in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.ingest import story
from tests.contract.ingest.story import CENTRE_PID, Gateway, header, message

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

ROOM = "AIL|1|A|SCAN^Salle {room}^^CENTRE&1.2.250.1.999.2&ISO"


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def tell(gateway: Gateway, kind: str, *lines: str, pid: str = CENTRE_PID) -> None:
    number = next(gateway.ticks)
    answer = gateway.send(message(header(kind, f"M{number}"), *lines, pid))
    assert b"MSA|AA" in answer, answer


def siu(gateway: Gateway, event: str, start: str, room: str = "1", why: str = "") -> None:
    sch = f"SCH||RDV7||||{why}|||20|min|^^20^{start}" + "|" * 15 + "PL1^LGC^1.2.250.1.999.10^ISO"
    tell(gateway, f"SIU^{event}", sch, ROOM.format(room=room))


def only(gateway: Gateway, kind: str) -> dict[str, Any]:
    (resource,) = gateway.all(kind)
    return resource


def test_an_appointment_is_booked_moved_and_cancelled_as_one(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    siu(gateway, "S12", "20260310090000")
    first = only(gateway, "Appointment")
    order = only(gateway, "ServiceRequest")
    assert first["basedOn"] == [{"reference": f"ServiceRequest/{order['id']}"}]
    assert order["status"] == "active"

    siu(gateway, "S13", "20260311100000", room="2")
    moved, slot = only(gateway, "Appointment"), only(gateway, "Slot")
    assert (moved["id"], moved["start"]) == (first["id"], "2026-03-11T10:00:00+01:00")
    assert (slot["start"], slot["status"]) == ("2026-03-11T10:00:00+01:00", "busy")
    assert len(gateway.all("Schedule")) == 2
    assert moved["slot"] == [{"reference": f"Slot/{slot['id']}"}]

    siu(gateway, "S15", "20260311100000", room="2", why="^Patient malade")
    assert only(gateway, "Appointment")["status"] == "cancelled"
    assert only(gateway, "Slot")["status"] == "free"

    siu(gateway, "S13", "20260312100000", room="2")
    again = only(gateway, "Appointment")
    assert again["status"] == "booked"
    assert "cancelationReason" not in again

    siu(gateway, "S17", "20260312100000", room="2")
    siu(gateway, "S12", "20260312100000", room="2")
    assert only(gateway, "Appointment")["status"] == "entered-in-error"


def test_the_answer_of_the_filler_reaches_the_order_without_a_patient(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    orc = "ORC|UA|PL1^LGC^1.2.250.1.999.10^ISO" + "|" * 14 + "^Appareil en panne"
    answer = gateway.send(message(header("ORR^O02", "R1"), "MSA|AA|X", orc))
    assert b"MSA|AA" in answer, answer

    order, task = only(gateway, "ServiceRequest"), only(gateway, "Task")
    assert order["status"] == "revoked"
    assert order["code"]["coding"][0]["code"] == "30620-9"
    assert order["subject"]["reference"] == f"Patient/{only(gateway, 'Patient')['id']}"
    assert (task["status"], task["focus"]) == (
        "rejected",
        {"reference": f"ServiceRequest/{order['id']}"},
    )


def test_a_referral_is_asked_for_answered_and_not_asked_for_again(gateway: Gateway) -> None:
    rf1 = "RF1|{}|R|RAD||O|R5^^1.2.250.1.999.6^ISO"
    tell(gateway, "REF^I12", rf1.format("P"))
    tell(gateway, "RRI^I12", "MSA|AA|X", rf1.format("A"))
    tell(gateway, "REF^I13", rf1.format("P"))

    assert only(gateway, "Task")["status"] == "accepted"
    assert only(gateway, "ServiceRequest")["status"] == "active"


def test_a_document_is_sent_completed_replaced_and_cancelled(gateway: Gateway) -> None:
    def mdm(event: str, number: str, text: str = "", parent: str = "") -> None:
        txa = f"TXA|1|18748-4|TX|||||||||{number}^CENTRE|{parent}||||AU"
        obx = (f"OBX|1|TX|GDT^Texte^L||{text}||||||F",) if text else ()
        tell(gateway, f"MDM^{event}", txa, *obx)

    def states() -> dict[str, str]:
        return {
            one["masterIdentifier"]["value"]: one["status"]
            for one in gateway.all("DocumentReference")
        }

    mdm("T02", "D1", "Normal.")
    content = only(gateway, "DocumentReference")["content"]
    mdm("T03", "D1")
    assert only(gateway, "DocumentReference")["content"] == content

    mdm("T06", "D2", "Complément.", "D1^CENTRE")
    report = only(gateway, "DiagnosticReport")
    assert (report["status"], len(report["presentedForm"])) == ("appended", 2)
    assert states() == {"D1": "current", "D2": "current"}

    mdm("T10", "D3", "Tout autre.", "D1^CENTRE")
    report = only(gateway, "DiagnosticReport")
    assert (report["status"], len(report["presentedForm"])) == ("corrected", 1)
    assert states() == {"D1": "superseded", "D2": "current", "D3": "current"}

    mdm("T11", "D3")
    assert states()["D3"] == "entered-in-error"
    assert only(gateway, "DiagnosticReport")["status"] == "entered-in-error"
