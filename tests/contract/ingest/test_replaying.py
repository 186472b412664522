"""A message that is processed again changes nothing that came after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.ingest import story
from tests.contract.ingest.story import CENTRE_PID, Gateway, header, message

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

CENTRE = "CENTRE&1.2.250.1.999.2&ISO"
VISIT = f"PV1|1|O{'|' * 17}V1^^^{CENTRE}^VN"


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def appointment(event: str, state: str, start: str, control_id: str) -> bytes:
    return message(
        header(f"SIU^{event}^SIU_S12", control_id, "LGC"),
        f"SCH|PA1^LGC|||||||NORMAL|20|min|^^20^{start}||||||||||||||{state}",
        CENTRE_PID,
        "RGS|1",
        "AIL|1||SALLE1",
    )


def document(event: str, number: str, parent: str, control_id: str) -> bytes:
    return message(
        header(f"MDM^{event}", control_id),
        CENTRE_PID,
        f"TXA|1|DS|TX|202603051400||||||||{number}^CENTRE|{parent}||||AU",
        f"OBX|1|TX|DS^Lettre^L||{number}.||||||F",
    )


def order(control: str, exam: str, control_id: str, *more: str) -> bytes:
    return message(
        header("ORM^O01^ORM_O01", control_id, "LGC"),
        CENTRE_PID,
        f"ORC|{control}|PL1^LGC",
        f"OBR|1|PL1^LGC||{exam}",
        *more,
    )


def patient(number: str) -> str:
    return f"PID|1||{number}^^^{CENTRE}^PI||{story.PERSON}"


def arrived(number: str, control_id: str) -> bytes:
    kind = header("ADT^A04^ADT_A01", control_id)
    return message(kind, "EVN||20260110090000", patient(number), VISIT)


def known(number: str, control_id: str) -> bytes:
    kind = header("ADT^A28^ADT_A05", control_id)
    return message(kind, "EVN||20260110090000", patient(number), "PV1|1|N")


def moved(was: str, now: str, control_id: str) -> bytes:
    return message(
        header("ADT^A44^ADT_A43", control_id),
        "EVN||20260110100000",
        patient(now),
        f"MRG|{was}^^^{CENTRE}^PI||||V1^^^{CENTRE}^VN",
    )


SCANNER = "24627-2^Scanner^LN"
CONTRAST = "24628-0^Scanner avec contraste^LN"
STORIES = {
    "appointment": [
        appointment("S12", "Booked", "20260401090000", "1"),
        appointment("S13", "Booked", "20260402090000", "2"),
        appointment("S15", "Cancelled", "20260402090000", "3"),
    ],
    "document": [
        document("T02", "D1", "", "1"),
        document("T10", "D2", "D1^CENTRE", "2"),
        document("T11", "D2", "", "3"),
    ],
    "order": [
        order("NW", SCANNER, "1"),
        order("XO", CONTRAST, "2"),
        order("CA", CONTRAST, "3"),
    ],
    "visit": [
        arrived("A1", "1"),
        known("B1", "2"),
        moved("A1", "B1", "3"),
        moved("B1", "A1", "4"),
    ],
    "report": [
        story.ORDER,
        story.report("P", control_id="2"),
        story.report("F", control_id="3", issued="20260110111400"),
        story.report("C", control_id="4", issued="20260110121400"),
    ],
}


def again(gateway: Gateway, number: int) -> bytes:
    entry = gateway.store.journal_entry(number)
    assert entry is not None
    assert entry.raw is not None
    return gateway.messages.receive(entry.raw, "operator", replay_of=number, always=True)


@pytest.mark.parametrize("name", STORIES)
def test_no_message_alone_takes_back_what_came_after_it(name: str, gateway: Gateway) -> None:
    for raw in STORIES[name]:
        assert b"MSA|AA" in gateway.send(raw)
    before = [one.seq for one in gateway.store.history(limit=1000)]

    for number in range(1, len(STORIES[name]) + 1):
        assert b"MSA|AA" in again(gateway, number)

    assert [one.seq for one in gateway.store.history(limit=1000)] == before


def test_what_others_wrote_by_fhir_since_stays(gateway: Gateway) -> None:
    gateway.send(order("NW", SCANNER, "1"))
    (held,) = gateway.all("ServiceRequest")
    with gateway.store.transaction() as tx:
        tx.put({**held, "priority": "stat", "code": {"text": "IRM"}})

    again(gateway, 1)

    (found,) = gateway.all("ServiceRequest")
    assert (found["priority"], found["code"]) == ("stat", {"text": "IRM"})


def test_a_label_that_came_since_stays(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    for control_id, label in (("2", "N"), ("3", "V")):
        raw = story.report(control_id=control_id)
        gateway.send(
            raw.replace(b"ORC|RE||FI1^RIS", b"ORC|RE||FI1^RIS" + b"|" * 25 + label.encode())
        )

    again(gateway, 2)

    (found,) = gateway.all("DiagnosticReport")
    assert [one["code"] for one in found["meta"]["security"]] == ["V"]


def test_a_message_that_was_refused_says_what_nobody_has_said_since(gateway: Gateway) -> None:
    assert b"MSA|AE" in gateway.send(order("NW", SCANNER, "1").replace(b"PID|1", b"PIX|1"))
    gateway.send(order("NW", SCANNER, "2"))
    repaired = order("XO", CONTRAST, "1", "NTE|1||Agitée")
    gateway.messages.receive(repaired, "operator", replay_of=1, always=True)

    (found,) = gateway.all("ServiceRequest")
    assert found["code"]["coding"][0]["code"] == "24627-2"
    assert found["note"] == [{"text": "Agitée"}]


def test_a_second_replay_may_change_what_the_first_one_wrote(gateway: Gateway) -> None:
    gateway.send(order("NW", SCANNER, "1"))
    codes = []
    for exam in (CONTRAST, "24629-8^Scanner sans contraste^LN"):
        raw = order("NW", exam, "1")
        gateway.messages.receive(raw, "operator", replay_of=1, always=True)
        codes.append(gateway.all("ServiceRequest")[0]["code"]["coding"][0]["code"])
    assert codes == ["24628-0", "24629-8"]
