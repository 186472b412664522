"""Orders written by FHIR reach a RIS as HL7 v2: in order, once, whatever happens on the way."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from gateway.hl7v2.message import Message
from tests.conftest import free_port
from tests.e2e.process import GatewayProcess
from tests.e2e.receiver import Arrived, Receiver, accept
from tests.e2e.wire import deliveries, journal, run_here, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOML = """
[[destinations]]
name = "ris"
host = "127.0.0.1"
port = {port}
application = "RIS"
facility = "CENTRE"
timeout = 2.0

[[routes]]
to = "ris"
send = ["orders"]
"""
PATIENT = {
    "resourceType": "Patient",
    "id": "zoe",
    "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "IPP1"}],
    "name": [{"use": "official", "family": "DURAND", "given": ["Zoé"]}],
    "gender": "female",
    "birthDate": "1980-01-01",
}


class House:
    """A gateway with one destination, and the port of the RIS that may listen there."""

    def __init__(self, gateway: GatewayProcess, port: int) -> None:
        self.gateway = gateway
        self.port = port

    def order(self, name: str, **changes: Any) -> None:  # noqa: ANN401 - parts of a resource
        order = {
            "resourceType": "ServiceRequest",
            "id": name,
            "status": "active",
            "intent": "order",
            "code": {"text": f"RX genou {name}"},
            "subject": {"reference": "Patient/zoe"},
        }
        status, body = self.gateway.send("PUT", f"/fhir/ServiceRequest/{name}", order | changes)
        assert status in (200, 201), body

    def states(self) -> list[tuple[str, str, str]]:
        """Return reason, state and receipt of the messages, oldest first."""
        found = [one for one in deliveries(self.gateway) if one["channel"] == "mllp"]
        return [(one["reason"], one["state"], one["receipt"]) for one in reversed(found)]

    def settled(self, number: int, seconds: float = 20) -> list[tuple[str, str, str]]:
        """Wait until so many messages have come to their end."""
        end = time.monotonic() + seconds
        while True:
            states = self.states()
            done = [one for one in states if one[1] in ("sent", "refused")]
            if len(done) >= number:
                return states
            assert time.monotonic() < end, states
            time.sleep(0.1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    port = free_port()
    data = tmp_path / "data"
    data.mkdir()
    (data / "gateway.toml").write_text(TOML.format(port=port), "utf-8")
    gateway = GatewayProcess(data)
    gateway.start()
    assert gateway.send("PUT", "/fhir/Patient/zoe", PATIENT)[0] == 201
    yield House(gateway, port)
    gateway.kill()


def test_an_order_is_placed_changed_and_cancelled(house: House) -> None:
    with Receiver(port=house.port) as ris:
        house.order("o1")
        ris.wait(1)
        held = house.gateway.get("/fhir/ServiceRequest/o1")
        house.order("o1", identifier=held["identifier"], priority="stat")
        house.order("o1", identifier=held["identifier"], priority="stat", status="revoked")
        ris.wait(3)
        states = house.settled(3)
    number = held["identifier"][0]["value"]
    assert [(one.kind, one.control, one.number) for one in ris.arrived] == [
        ("ORM^O01^ORM_O01", "NW", number),
        ("ORM^O01^ORM_O01", "XO", number),
        ("ORM^O01^ORM_O01", "CA", number),
    ]
    assert ris.connections == 1
    assert states == [("NW", "sent", "AA"), ("XO", "sent", "AA"), ("CA", "sent", "AA")]
    first = Message.parse(ris.arrived[0].raw)
    assert first.msh().text(5) == "RIS"
    assert [one.text(5) for one in first.all("PID")] == ["DURAND"]
    # The journal has what went out and what came back.
    lines = journal(house.gateway, "--door", "mllp-out")
    assert [(one["kind"], one["answer"], one["control id"]) for one in reversed(lines)] == [
        ("ORM^O01", "AA", one.control_id) for one in ris.arrived
    ]


def test_the_number_that_the_gateway_gives_goes_out_with_the_order(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    data.mkdir()
    giving = 'accession_numbers = "gateway"\naccession_prefix = "CENTRE"\n'
    (data / "gateway.toml").write_text(giving + TOML.format(port=port), "utf-8")
    gateway = GatewayProcess(data)
    try:
        gateway.start()
        assert gateway.send("PUT", "/fhir/Patient/zoe", PATIENT)[0] == 201
        order = {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "code": {"text": "RX genou"},
            "subject": {"reference": "Patient/zoe"},
        }
        with Receiver(port=port) as ris:
            status, posted = gateway.send("POST", "/fhir/ServiceRequest", order)
            ris.wait(1)
            House(gateway, port).settled(1)
            identifiers = _number(House(gateway, port), posted["id"])
    finally:
        gateway.kill()

    assert status == 201
    (arrived,) = ris.arrived
    (obr,) = Message.parse(arrived.raw).all("OBR")
    numbers = {one["type"]["coding"][0]["code"]: one["value"] for one in identifiers}
    assert arrived.control == "NW"
    assert numbers["ACSN"] == "CENTRE0000000001"
    assert obr.text(18) == numbers["ACSN"]
    assert arrived.number == numbers["PLAC"]


def test_while_the_ris_is_down_orders_wait_in_their_order(house: House) -> None:
    for name in ("a", "b", "c"):
        house.order(name)
    house.order("b", status="revoked", identifier=_number(house, "b"))
    time.sleep(1)
    assert {one[1] for one in house.states()} == {"waiting"}
    with Receiver(port=house.port) as ris:
        ris.wait(4)
        house.settled(4)
    told = [(one.control, one.number) for one in ris.arrived]
    numbers = {name: _number(house, name)[0]["value"] for name in "abc"}
    assert told == [
        ("NW", numbers["a"]),
        ("NW", numbers["b"]),
        ("NW", numbers["c"]),
        ("CA", numbers["b"]),
    ]


def test_a_slow_ris_gets_the_same_message_again_and_nothing_out_of_order(house: House) -> None:
    slow = iter([True, False, False])

    def behave(arrived: Arrived) -> bytes:
        if next(slow, False):
            time.sleep(3)
        return accept(arrived)

    with Receiver(behave, port=house.port) as ris:
        house.order("a")
        house.order("b")
        ris.wait(3)
        house.settled(2)
    first, again, second = ris.arrived
    assert first.raw == again.raw
    assert second.number != first.number
    # The late answer was never taken for that to the next message.
    assert ris.connections == 2
    assert house.states() == [("NW", "sent", "AA"), ("NW", "sent", "AA")]


def test_the_answer_to_another_message_is_no_answer(house: House) -> None:
    wrong = iter([True])

    def behave(arrived: Arrived) -> bytes:
        return arrived.answer("AA", about="OTHER") if next(wrong, False) else accept(arrived)

    with Receiver(behave, port=house.port) as ris:
        house.order("a")
        ris.wait(2)
        house.settled(1)
    assert len({one.raw for one in ris.arrived}) == 1
    assert ris.connections == 2


def test_what_cannot_be_taken_now_is_sent_again_and_what_is_refused_is_not(house: House) -> None:
    answers = iter(["AR", "AA", "AE", "AA"])

    def behave(arrived: Arrived) -> bytes:
        code = next(answers)
        return arrived.answer(code, error="101" if code == "AE" else "")

    with Receiver(behave, port=house.port) as ris:
        for name in ("a", "b", "c"):
            house.order(name)
        ris.wait(4)
        states = house.settled(3)
    numbers = [one.number for one in ris.arrived]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3
    assert states == [("NW", "sent", "AA"), ("NW", "refused", "AE"), ("NW", "sent", "AA")]
    why = [one["why"] for one in deliveries(house.gateway) if one["state"] == "refused"]
    assert why == ["The receiver answered AE, error 101."]


def test_a_gateway_killed_while_it_waits_for_an_answer_sends_the_same_again(house: House) -> None:
    with Receiver(lambda _: None, port=house.port) as deaf:
        house.order("a")
        house.order("b")
        deaf.wait(1)
        house.gateway.kill()
    with Receiver(port=house.port) as ris:
        house.gateway.start()
        ris.wait(2)
        house.settled(2)
        time.sleep(0.5)
    assert ris.arrived[0].raw == deaf.arrived[0].raw
    assert len(ris.arrived) == 2
    assert ris.arrived[1].number == _number(house, "b")[0]["value"]


def test_killed_again_and_again_it_loses_nothing_doubles_nothing_and_keeps_the_order(
    house: House,
) -> None:
    # Every fifth message is taken without a word.
    def behave(arrived: Arrived) -> bytes | None:
        return None if len(ris.arrived) % 5 == 0 else accept(arrived)

    with Receiver(behave, port=house.port) as ris:
        for turn in range(3):
            for number in range(10):
                house.order(f"k{turn}-{number}")
            ris.wait(len(ris.arrived) + 2)
            house.gateway.kill()
            house.gateway.start()
        states = house.settled(30, seconds=60)
    assert {one[1] for one in states} == {"sent"}
    first: dict[str, bytes] = {}
    for arrived in ris.arrived:
        # The same control id is the same message: a receiver knows it again.
        assert first.setdefault(arrived.control_id, arrived.raw) == arrived.raw
    numbers = [_number(house, f"k{turn}-{n}")[0]["value"] for turn in range(3) for n in range(10)]
    assert [Message.parse(raw).all("ORC")[0].text(2) for raw in first.values()] == numbers


def test_what_comes_from_the_ris_is_not_said_back_to_it(house: House) -> None:
    with Receiver(port=house.port) as ris:
        message = (
            "MSH|^~\\&|RIS|CENTRE|GW|GW|20260305143000||ORM^O01^ORM_O01|R1|P|2.5"
            "|||||FRA|UNICODE UTF-8\r"
            "PID|1||IPP1^^^&1.2.250.1.999.1&ISO^PI||DURAND^Zoé^^^^^L||19800101|F\r"
            "ORC|NW|PL1^RIS|FI1^RIS\r"
            "OBR|1|PL1^RIS|FI1^RIS|24806-2^RX genou^LN\r"
        )
        assert tell(house.gateway.mllp, message.encode()).code == "AA"
        found = house.gateway.get("/fhir/ServiceRequest?identifier=PL1")["entry"][0]["resource"]
        house.order("mine")
        ris.wait(1)
        assert ris.controls() == ["NW"]
        # Known to the RIS though nothing was sent there: a change is a change.
        found["priority"] = "stat"
        path = f"/fhir/ServiceRequest/{found['id']}"
        assert house.gateway.send("PUT", path, found)[0] == 200
        ris.wait(2)
        house.settled(2)
    assert [(one.control, one.number) for one in ris.arrived[1:]] == [("XO", "PL1")]


def test_the_ris_finds_the_order_again_by_the_number_that_it_was_given(house: House) -> None:
    with Receiver(port=house.port) as ris:
        house.order("o1")
        (placed,) = ris.wait(1)
        message = (
            "MSH|^~\\&|RIS|CENTRE|GW|GW|20260305150000||ORM^O01^ORM_O01|R2|P|2.5"
            "|||||FRA|UNICODE UTF-8\r"
            "PID|1||IPP1^^^&1.2.250.1.999.1&ISO^PI||DURAND^Zoé^^^^^L||19800101|F\r"
            f"ORC|SC|{placed.number}^PASSERELLE|FI9^RIS||CM\r"
            f"OBR|1|{placed.number}^PASSERELLE|FI9^RIS|24806-2^RX genou^LN\r"
        )
        assert tell(house.gateway.mllp, message.encode()).code == "AA"
        time.sleep(1)
        order = house.gateway.get("/fhir/ServiceRequest/o1")
    assert order["status"] == "completed"
    assert [one["value"] for one in order["identifier"]] == [placed.number, "FI9"]
    assert len(ris.arrived) == 1


def test_a_paused_destination_gets_nothing_until_it_is_resumed(house: House) -> None:
    with Receiver(port=house.port) as ris:
        assert run_here(house.gateway, "deliveries", "pause", "ris")[0] == 0
        time.sleep(1)
        house.order("a")
        time.sleep(1)
        assert (ris.arrived, [one[1] for one in house.states()]) == ([], ["waiting"])
        status, printed = run_here(house.gateway, "deliveries", "destinations", "--json")
        assert status == 0
        assert json.loads(printed) == {
            "name": "ris",
            "address": f"127.0.0.1:{house.port}",
            "state": "paused",
            "waiting": 1,
            "refused": 0,
        }
        assert run_here(house.gateway, "deliveries", "resume", "ris")[0] == 0
        ris.wait(1)
        house.settled(1)


def test_a_very_restricted_order_does_not_leave(house: House) -> None:
    confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    with Receiver(port=house.port) as ris:
        house.order("a", meta={"security": [{"system": confidentiality, "code": "V"}]})
        house.order("b")
        ris.wait(1)
        states = house.settled(2)
    assert states == [("NW", "refused", "none"), ("NW", "sent", "AA")]
    assert len(ris.arrived) == 1


def _number(house: House, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.gateway.get(f"/fhir/ServiceRequest/{name}")["identifier"]
    return found
