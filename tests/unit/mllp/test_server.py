from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.access.decision import Decision, Request
from gateway.hl7v2.acknowledgement import AckError, build_ack
from gateway.hl7v2.framing import Deframer, Frame, frame
from gateway.hl7v2.message import Message
from gateway.mllp.client import MllpClient
from gateway.mllp.server import Limits, MllpServer, Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 3, 5, 13, 30, 8, tzinfo=UTC)


def message(control_id: str, text: str = "RAS") -> bytes:
    header = f"MSH|^~\\&|RIS|PORT|PASSERELLE|CPTS|20260305||ORU^R01|{control_id}|P|2.5"
    return f"{header}\rOBX|1|TX|||{text}\r".encode()


def answered(raw: bytes, code: str = "AA") -> bytes:
    return build_ack(Message.parse(raw), code, control_id="A", now=NOW)


class Journal:
    """A receiver that keeps what came and accepts it."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.oversized: list[tuple[int, int]] = []
        self.noises: list[bytes] = []
        self.noise_came = threading.Event()

    def receive(self, raw: bytes, _peer: str) -> bytes:
        self.received.append(raw)
        return answered(raw)

    def forbidden(self, raw: bytes, _peer: str, reason: str) -> bytes:
        errors = [AckError("207", reason)]
        return build_ack(Message.parse(raw), "AE", control_id="A", now=NOW, errors=errors)

    def oversize(self, head: bytes, size: int, _peer: str) -> bytes:
        self.oversized.append((len(head), size))
        return answered(head, "AE")

    def noise(self, data: bytes, _peer: str) -> bytes | None:
        self.noises.append(data)
        self.noise_came.set()
        return build_ack(None, "AE", control_id="A", now=NOW, errors=[AckError("100", "noise")])


def ports(
    journal: Journal,
    receive: Callable[[bytes, str], bytes] | None = None,
    decide: Callable[[Request], Decision] = lambda _: Decision(permitted=True, reason=""),
) -> Ports:
    return Ports(
        receive=receive or journal.receive,
        oversize=journal.oversize,
        noise=journal.noise,
        forbidden=journal.forbidden,
        decide=decide,
    )


@contextmanager
def serving(
    given: Ports, limits: Limits | None = None, host: str = "127.0.0.1"
) -> Iterator[tuple[MllpServer, tuple[str, int]]]:
    stop = threading.Event()
    with MllpServer(host, 0, given, limits) as server:
        address = server.bind_address
        thread = threading.Thread(target=server.serve_until, args=(stop,))
        thread.start()
        try:
            yield server, address
        finally:
            stop.set()
            thread.join()


@contextmanager
def calling(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, 5) as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield caller


def answers(caller: socket.socket, count: int) -> list[bytes]:
    deframer = Deframer()
    heard: list[bytes] = []
    while len(heard) < count:
        chunk = caller.recv(65_536)
        if not chunk:
            break
        heard += [event.data for event in deframer.feed(chunk) if isinstance(event, Frame)]
    return heard


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def test_many_messages_on_one_connection_are_answered_in_order() -> None:
    journal = Journal()
    with serving(ports(journal)) as (_, address), MllpClient(*address) as client:
        sent = [message(str(number)) for number in range(200)]
        assert [client.send(raw) for raw in sent] == [answered(raw) for raw in sent]
    assert journal.received == sent


def test_messages_sent_without_waiting_are_answered_in_order() -> None:
    sent = [message(str(number)) for number in range(100)]
    with serving(ports(Journal())) as (_, address), calling(address) as caller:
        caller.sendall(b"".join(map(frame, sent)))
        assert answers(caller, 100) == [answered(raw) for raw in sent]


def test_a_message_may_come_byte_by_byte() -> None:
    with serving(ports(Journal())) as (_, address), calling(address) as caller:
        for byte in frame(message("1")):
            caller.sendall(bytes([byte]))
        assert answers(caller, 1) == [answered(message("1"))]


def test_a_large_message_arrives_whole() -> None:
    journal = Journal()
    raw = message("1", "A" * 5_000_000)
    with serving(ports(journal)) as (_, address), MllpClient(*address) as client:
        client.send(raw)
    assert journal.received == [raw]


def test_an_oversized_message_is_refused_and_the_next_one_accepted() -> None:
    journal = Journal()
    big = message("1", "A" * 3_000_000)
    limits = Limits(message_bytes=1_000_000)
    with serving(ports(journal), limits) as (_, address), MllpClient(*address) as client:
        assert client.send(big) == answered(big, "AE")
        assert client.send(message("2")) == answered(message("2"))
    assert (journal.oversized, journal.received) == ([(65_536, len(big))], [message("2")])


def test_a_truncated_message_is_noise_and_the_next_one_accepted() -> None:
    journal = Journal()
    with serving(ports(journal)) as (_, address), calling(address) as caller:
        caller.sendall(b"\x0b" + message("1")[:40] + frame(message("2")))
        refusal, accepted = answers(caller, 2)
    assert journal.noises == [message("1")[:40]]
    assert b"MSA|AE" in refusal
    assert accepted == answered(message("2"))


def test_garbage_is_answered_without_waiting_for_a_frame() -> None:
    journal = Journal()
    limits = Limits(noise_seconds=0.05)
    with serving(ports(journal), limits) as (_, address), calling(address) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"MSA|AE" in answers(caller, 1)[0]
        caller.sendall(frame(message("1")))
        assert answers(caller, 1) == [answered(message("1"))]
    assert journal.noises == [b"GET / HTTP/1.1\r\n\r\n"]


def test_a_peer_that_vanishes_in_the_middle_of_a_message_leaves_it_in_the_journal() -> None:
    journal = Journal()
    with serving(ports(journal)) as (server, address):
        with calling(address) as caller:
            caller.sendall(b"\x0b" + message("1")[:40])
            assert until(lambda: server.connections == 1)
            # A reset instead of a goodbye.
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            time.sleep(0.05)
        assert journal.noise_came.wait(5)
        with MllpClient(*address) as client:
            assert client.send(message("2")) == answered(message("2"))
        assert until(lambda: server.connections == 0)
    assert journal.noises == [message("1")[:40]]


def test_a_peer_that_leaves_before_its_answer_harms_nobody() -> None:
    journal = Journal()
    with serving(ports(journal)) as (server, address):
        for number in range(20):
            with calling(address) as caller:
                caller.sendall(frame(message(str(number))) * 3)
        with MllpClient(*address) as client:
            client.send(message("end"))
        assert until(lambda: server.connections == 0)


def test_one_connection_does_not_wait_for_another() -> None:
    release = threading.Event()

    def receive(raw: bytes, _peer: str) -> bytes:
        if Message.parse(raw).control_id == "slow":
            release.wait(5)
        return answered(raw)

    with serving(ports(Journal(), receive)) as (_, address), calling(address) as slow:
        slow.sendall(frame(message("slow")))
        with MllpClient(*address) as client:
            assert client.send(message("fast")) == answered(message("fast"))
        release.set()
        assert answers(slow, 1) == [answered(message("slow"))]


def test_draining_answers_the_message_in_hand_and_begins_no_other() -> None:
    begun, release = threading.Event(), threading.Event()
    journal = Journal()

    def receive(raw: bytes, peer: str) -> bytes:
        begun.set()
        release.wait(5)
        return journal.receive(raw, peer)

    with serving(ports(journal, receive)) as (server, address), calling(address) as caller:
        with calling(address) as quiet:
            caller.sendall(frame(message("1")) + frame(message("2")))
            begun.wait(5)
            assert until(lambda: server.connections == 2)
            drained: list[bool] = []
            drain = threading.Thread(target=lambda: drained.append(server.drain(5)))
            drain.start()
            assert quiet.recv(1) == b""
        release.set()
        assert answers(caller, 2) == [answered(message("1"))]
        caller.close()
        drain.join()
        assert (drained, server.connections) == ([True], 0)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(address, 1)
    assert journal.received == [message("1")]


def test_draining_cuts_who_does_not_finish_in_time() -> None:
    begun, release = threading.Event(), threading.Event()

    def receive(raw: bytes, _peer: str) -> bytes:
        begun.set()
        release.wait(5)
        return answered(raw)

    with serving(ports(Journal(), receive)) as (server, address), calling(address) as caller:
        caller.sendall(frame(message("1")))
        begun.wait(5)
        assert server.drain(0.05) is False
        assert answers(caller, 1) == []
        release.set()
        assert until(lambda: server.connections == 0)


def test_one_connection_too_many_is_closed_and_its_place_given_back_later() -> None:
    with serving(ports(Journal()), Limits(connections=1)) as (server, address):
        with MllpClient(*address) as client:
            client.send(message("1"))
            with calling(address) as second:
                assert second.recv(1) == b""
        assert until(lambda: server.connections == 0)
        with MllpClient(*address) as client:
            assert client.send(message("2")) == answered(message("2"))


def test_an_idle_connection_is_closed() -> None:
    journal = Journal()
    limits = Limits(idle_seconds=0.05)
    with serving(ports(journal), limits) as (_, address), calling(address) as caller:
        caller.sendall(b"\x0b" + message("1")[:40])
        assert b"MSA|AE" in answers(caller, 2)[0]
    assert journal.noises == [message("1")[:40]]


def test_a_sender_that_may_not_is_told_why_and_its_message_goes_nowhere() -> None:
    journal = Journal()
    asked: list[Request] = []

    def decide(request: Request) -> Decision:
        asked.append(request)
        return Decision(permitted=request.action == "connect", reason="not on the list")

    with serving(ports(journal, decide=decide)) as (_, address), MllpClient(*address) as client:
        refusal = client.send(message("1"))
    expected = [AckError("207", "not on the list")]
    assert refusal == build_ack(
        Message.parse(message("1")), "AE", control_id="A", now=NOW, errors=expected
    )
    assert journal.received == []
    assert [(each.door, each.action, each.caller) for each in asked] == [
        ("mllp", "connect", ""),
        ("mllp", "ORU^R01", "RIS|PORT"),
    ]


def test_a_peer_that_may_not_connect_is_closed() -> None:
    def decide(_: Request) -> Decision:
        return Decision(permitted=False, reason="not on the list")

    with serving(ports(Journal(), decide=decide)) as (_, address), calling(address) as caller:
        assert caller.recv(1) == b""


def test_a_fault_in_the_receiver_is_an_event_without_patient_data(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "gateway.mllp")

    def receive(raw: bytes, _peer: str) -> bytes:
        raise ValueError(raw)

    with serving(ports(Journal(), receive)) as (_, address), calling(address) as caller:
        caller.sendall(frame(message("1", "MOREAU")))
        assert caller.recv(1) == b""
        assert until(lambda: "mllp.closed" in caplog.messages)
    assert "mllp.failed" in caplog.messages
    assert "MOREAU" not in caplog.text + str([record.__dict__ for record in caplog.records])


def test_no_answer_is_sent_when_the_sender_wants_none() -> None:
    def receive(raw: bytes, _peer: str) -> bytes:
        return answered(raw) if b"|2|P|" in raw else b""

    with serving(ports(Journal(), receive)) as (_, address), calling(address) as caller:
        caller.sendall(frame(message("1")) + frame(message("2")))
        assert answers(caller, 1) == [answered(message("2"))]


def test_the_door_listens_on_ipv6() -> None:
    if not _has_ipv6():
        pytest.skip("no IPv6 loopback on this machine")
    with serving(ports(Journal()), host="::1") as (_, address), MllpClient(*address) as client:
        assert client.send(message("1")) == answered(message("1"))


def test_a_port_in_use_is_an_error_at_once() -> None:
    with (
        MllpServer("127.0.0.1", 0, ports(Journal())) as first,
        pytest.raises(OSError, match="in use"),
        MllpServer("127.0.0.1", first.bind_address[1], ports(Journal())),
    ):
        pass


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
