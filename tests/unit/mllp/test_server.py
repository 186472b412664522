from __future__ import annotations

import contextlib
import logging
import resource
import socket
import struct
import threading
import time

import pytest

from gateway.access.decision import Decision, Request
from gateway.hl7v2.acknowledgement import AckError, build_ack
from gateway.hl7v2.framing import frame
from gateway.hl7v2.message import Message
from gateway.mllp.client import Client
from gateway.mllp.server import Limits, MllpServer
from tests.unit.mllp.serving import (
    NOW,
    Journal,
    answered,
    answers,
    calling,
    message,
    ports,
    serving,
    until,
)


def test_many_messages_on_one_connection_are_answered_in_order() -> None:
    journal = Journal()
    with serving(ports(journal)) as (_, address), Client(*address) as client:
        sent = [message(str(number)) for number in range(200)]
        assert [client.send(raw).raw for raw in sent] == [answered(raw) for raw in sent]
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
    with serving(ports(journal)) as (_, address), Client(*address) as client:
        client.send(raw)
    assert journal.received == [raw]


def test_an_oversized_message_is_refused_and_the_next_one_accepted() -> None:
    journal = Journal()
    big = message("1", "A" * 3_000_000)
    limits = Limits(message_bytes=1_000_000)
    with serving(ports(journal), limits) as (_, address), Client(*address) as client:
        assert client.send(big).raw == answered(big, "AE")
        assert client.send(message("2")).raw == answered(message("2"))
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
        with Client(*address) as client:
            assert client.send(message("2")).raw == answered(message("2"))
        assert until(lambda: server.connections == 0)
    assert journal.noises == [message("1")[:40]]


def test_a_peer_that_leaves_before_its_answer_harms_nobody() -> None:
    journal = Journal()
    with serving(ports(journal)) as (server, address):
        for number in range(20):
            with calling(address) as caller:
                caller.sendall(frame(message(str(number))) * 3)
        with Client(*address) as client:
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
        with Client(*address) as client:
            assert client.send(message("fast")).raw == answered(message("fast"))
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
            drain = threading.Thread(target=lambda: drained.append(server.drain(5)), daemon=True)
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
        with Client(*address) as client:
            client.send(message("1"))
            with calling(address) as second:
                assert second.recv(1) == b""
        assert until(lambda: server.connections == 0)
        with Client(*address) as client:
            assert client.send(message("2")).raw == answered(message("2"))


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

    with serving(ports(journal, decide=decide)) as (_, address), Client(*address) as client:
        refusal = client.send(message("1")).raw
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
    with serving(ports(Journal()), host="::1") as (_, address), Client(*address) as client:
        assert client.send(message("1")).raw == answered(message("1"))


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


def test_both_answers_of_the_enhanced_mode_come_in_blocks_of_their_own() -> None:
    def receive(raw: bytes, _peer: str) -> bytes:
        return answered(raw, "CA") + answered(raw, "AA")

    with serving(ports(Journal(), receive)) as (_, address), calling(address) as caller:
        caller.sendall(frame(message("1")))
        assert answers(caller, 2) == [answered(message("1"), "CA"), answered(message("1"))]


def test_a_message_that_drips_is_cut_and_the_next_sender_served() -> None:
    journal = Journal()
    limits = Limits(slow_seconds=0.2, bytes_per_second=1000)
    with serving(ports(journal), limits) as (server, address):
        with calling(address) as caller:
            begun = time.monotonic()
            caller.sendall(b"\x0bMSH|^~\\&")
            refused: list[bytes] = []
            caller.settimeout(0.02)
            while not refused and time.monotonic() < begun + 5:
                with contextlib.suppress(TimeoutError):
                    refused = answers(caller, 1)
                    break
                caller.sendall(b"A")
            assert b"MSA|AE" in refused[0]
            assert 0.15 < time.monotonic() - begun < 2
        assert until(lambda: server.connections == 0)
        with Client(*address) as client:
            assert client.send(message("2")).accepted
    assert journal.noises[0].startswith(b"MSH|^~\\&A")


def test_a_message_has_a_time_to_be_whole_however_fast_it_comes() -> None:
    journal = Journal()
    limits = Limits(block_seconds=0.2)
    with serving(ports(journal), limits) as (_, address), calling(address) as caller:
        caller.sendall(b"\x0b" + message("1"))
        begun = time.monotonic()
        assert b"MSA|AE" in answers(caller, 1)[0]
        assert time.monotonic() - begun < 2


def test_a_slow_answer_does_not_make_the_next_message_slow() -> None:
    def receive(raw: bytes, _peer: str) -> bytes:
        time.sleep(0.3)
        return answered(raw)

    limits = Limits(block_seconds=0.2, slow_seconds=0.2, idle_seconds=0.2)
    with serving(ports(Journal(), receive), limits) as (_, address), calling(address) as caller:
        second = frame(message("2"))
        caller.sendall(frame(message("1")) + second[:20])
        assert answers(caller, 1) == [answered(message("1"))]
        caller.sendall(second[20:])
        assert answers(caller, 1) == [answered(message("2"))]


def test_what_would_take_too_much_memory_is_cut_and_the_small_ones_go_on() -> None:
    journal = Journal()
    limits = Limits(memory_bytes=3_000_000)
    with serving(ports(journal), limits) as (server, address), calling(address) as greedy:
        greedy.sendall(b"\x0b" + message("1", "A" * 2_500_000))
        assert until(lambda: server._memory._held > 2_500_000)
        with Client(*address) as client:
            assert client.send(message("2")).accepted
        with calling(address) as other:
            other.sendall(b"\x0b" + message("3", "A" * 2_500_000))
            assert b"MSA|AE" in answers(other, 1)[0]
        assert until(lambda: server.connections == 1)
        greedy.sendall(b"\x1c\r")
        assert answers(greedy, 1) == [answered(message("1", "A" * 2_500_000))]
    assert len(journal.received) == 2


def test_one_address_does_not_take_every_place() -> None:
    limits = Limits(connections=3, connections_per_address=1)
    with serving(ports(Journal()), limits) as (_, address), Client(*address) as client:
        client.send(message("1"))
        with calling(address) as second:
            assert second.recv(1) == b""
        with socket.create_connection(address, 5, ("127.0.0.2", 0)) as elsewhere:
            elsewhere.sendall(frame(message("2")))
            assert answers(elsewhere, 1) == [answered(message("2"))]


def test_a_thousand_senders_at_a_time_are_all_answered() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2500:
        pytest.skip("this machine does not let a process open enough sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
    journal = Journal()
    with serving(ports(journal)) as (server, address), contextlib.ExitStack() as senders:
        callers = [senders.enter_context(calling(address)) for _ in range(1000)]
        assert until(lambda: server.connections == 1000)
        for number, caller in enumerate(callers):
            caller.sendall(frame(message(str(number))))
        for number, caller in enumerate(callers):
            assert answers(caller, 1) == [answered(message(str(number)))]
        assert server.drain(20) is True
    assert len(journal.received) == 1000
