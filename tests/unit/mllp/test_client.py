from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Malformed, Unavailable
from gateway.hl7v2.framing import frame
from gateway.mllp.client import Answer, Client, NoAcknowledgement, WrongAcknowledgement

if TYPE_CHECKING:
    from collections.abc import Iterator


def message(control_id: str = "42", modes: str = "") -> bytes:
    return f"MSH|^~\\&|RIS||||||ORU^R01|{control_id}|P|2.5|||{modes}\rPID|1\r".encode()


def ack(code: str, control_id: str = "42", rest: str = "") -> bytes:
    return f"MSH|^~\\&|||RIS||||ACK|1|P|2.5\rMSA|{code}|{control_id}\r{rest}".encode()


MESSAGE = message()
RIGHT = ack("AA")
WRONG = ack("AA", "41")
ENHANCED = message(modes="AL|AL")


@contextmanager
def peer(*replies: bytes, keep: bool = False) -> Iterator[tuple[str, int]]:
    """Answer each connection with one of `replies`; hang up, or `keep` it until the end."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for reply in replies:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(reply)
                    if keep:
                        done.wait(5)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[:2]
        done.set()
        thread.join(5)


@contextmanager
def slow_peer(late: threading.Event, second: bytes) -> Iterator[tuple[str, int]]:
    """Answer the first message once `late` is set, on its connection; the second at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            first, _ = listener.accept()
            first.recv(65_536)
            late.wait(5)
            first.sendall(frame(ack("AA", "1")))
            again, _ = listener.accept()
            with first, again:
                again.recv(65_536)
                again.sendall(frame(second))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[:2]
        thread.join(5)


def test_the_acknowledgement_of_the_message_is_given() -> None:
    with peer(frame(RIGHT)) as address, Client(*address) as client:
        assert client.send(MESSAGE, "42", 5.0) == Answer("AA", RIGHT)


def test_a_connection_that_was_hung_up_meanwhile_is_made_again() -> None:
    with peer(frame(RIGHT), frame(RIGHT)) as address, Client(*address) as client:
        assert client.send(MESSAGE).accepted
        assert _settled(client).send(MESSAGE).accepted


def test_the_acknowledgement_of_another_message_is_refused_and_the_line_dropped() -> None:
    with peer(frame(WRONG), frame(RIGHT)) as address, Client(*address) as client:
        with pytest.raises(WrongAcknowledgement):
            client.send(MESSAGE)
        assert client.send(MESSAGE).raw == RIGHT


def test_an_acknowledgement_without_control_id_is_not_the_one_that_is_awaited() -> None:
    with (
        peer(frame(ack("AA", ""))) as address,
        Client(*address) as client,
        pytest.raises(WrongAcknowledgement),
    ):
        client.send(MESSAGE)


def test_an_answer_after_the_time_out_is_never_taken_for_that_of_the_next_message() -> None:
    late = threading.Event()
    with slow_peer(late, ack("AE", "2")) as address, Client(*address) as client:
        with pytest.raises(NoAcknowledgement):
            client.send(message("1"), timeout=0.1)
        late.set()
        assert client.send(message("2"), timeout=5.0).code == "AE"


def test_an_answer_that_nobody_awaits_drops_the_line_before_the_next_message() -> None:
    twice = frame(ack("AA", "1")) + frame(ack("AA", "1"))
    with peer(twice, frame(ack("AA", "2")), keep=False) as address, Client(*address) as client:
        assert client.send(message("1")).accepted
        assert client.send(message("2")).accepted


def test_silence_means_that_it_may_have_arrived() -> None:
    with (
        peer(b"", keep=True) as address,
        Client(*address, timeout=0.05) as client,
        pytest.raises(NoAcknowledgement),
    ):
        client.send(MESSAGE)


def test_hanging_up_means_that_it_may_have_arrived() -> None:
    with (
        peer(b"") as address,
        Client(*address) as client,
        pytest.raises(NoAcknowledgement),
    ):
        client.send(MESSAGE)


def test_half_an_answer_is_no_answer() -> None:
    with (
        peer(frame(RIGHT)[:20]) as address,
        Client(*address) as client,
        pytest.raises(NoAcknowledgement),
    ):
        client.send(MESSAGE)


@pytest.mark.parametrize(
    "reply", [b"nothing like HL7", RIGHT.split(b"MSA")[0], ack("OK")], ids=["text", "no MSA", "OK"]
)
def test_an_answer_that_acknowledges_nothing_is_malformed(reply: bytes) -> None:
    with (
        peer(frame(reply)) as address,
        Client(*address) as client,
        pytest.raises(Malformed),
    ):
        client.send(MESSAGE)


def test_garbage_sent_on_purpose_gets_its_refusal() -> None:
    with peer(frame(RIGHT)) as address, Client(*address) as client:
        assert client.send(b"garbage").raw == RIGHT


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with Client(*_closed_port()) as client, pytest.raises(Unavailable) as caught:
        client.send(MESSAGE)
    assert type(caught.value) is Unavailable


def test_who_does_not_answer_the_call_is_called_ever_less_often() -> None:
    now = [100.0]
    client = Client(*_closed_port(), clock=lambda: now[0])
    tried = []
    for second in range(40):
        now[0] = 100.0 + second
        with pytest.raises(Unavailable) as caught:
            client.send(MESSAGE)
        if "cannot reach" in caught.value.text:
            tried.append(second)
    assert tried == [0, 1, 2, 4, 9, 19]


def test_a_refusal_carries_its_sentence() -> None:
    refusal = ack("AE", rest="ERR||PID|101^Required^HL70357|E||||No PID.\r")
    with peer(frame(refusal)) as address, Client(*address) as client:
        answer = client.send(MESSAGE)
    assert answer == Answer("AE", refusal, text="No PID.")
    assert (answer.accepted, answer.may_be_sent_again) == (False, False)


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (Answer("AR", ack("AR")), True),
        (Answer("CE", ack("CE", rest="ERR|||207|E\r")), True),
        (Answer("CE", ack("CE", rest="ERR|||101|E\r")), False),
        (Answer("CR", ack("CR", rest="ERR|||200|E\r")), False),
    ],
    ids=["AR", "CE 207", "CE 101", "CR"],
)
def test_what_may_be_sent_again_is_told_by_the_answer(answer: Answer, *, again: bool) -> None:
    assert answer.may_be_sent_again is again


def test_in_the_enhanced_mode_the_application_answers_after_the_commit() -> None:
    both = frame(ack("CA")) + frame(ack("AE"))
    with peer(both) as address, Client(*address) as client:
        assert client.send(ENHANCED) == Answer("AE", ack("AE"), ack("CA"))


def test_a_commit_that_was_refused_is_the_end() -> None:
    with peer(frame(ack("CR"))) as address, Client(*address) as client:
        assert client.send(ENHANCED) == Answer("CR", ack("CR"), ack("CR"))


def test_a_committed_message_whose_application_is_silent_is_accepted_and_incomplete() -> None:
    with peer(frame(ack("CA")), keep=True) as address, Client(*address) as client:
        answer = client.send(ENHANCED, timeout=0.1)
    assert answer == Answer("CA", ack("CA"), ack("CA"), complete=False)
    assert answer.accepted


def test_a_peer_that_knows_only_the_original_mode_is_understood() -> None:
    with peer(frame(RIGHT)) as address, Client(*address) as client:
        assert client.send(ENHANCED) == Answer("AA", RIGHT)


def test_a_commit_answer_to_the_original_mode_is_understood() -> None:
    with peer(frame(ack("CA")), keep=True) as address, Client(*address) as client:
        assert client.send(MESSAGE) == Answer("CA", ack("CA"), ack("CA"))


def test_a_refusal_after_a_commit_answer_to_the_original_mode_is_heard() -> None:
    with peer(frame(ack("CA")) + frame(ack("AE"))) as address, Client(*address) as client:
        assert client.send(MESSAGE) == Answer("AE", ack("AE"), ack("CA"))


def test_who_asks_for_the_commit_alone_waits_for_nothing_else() -> None:
    with peer(frame(ack("CA")), keep=True) as address, Client(*address) as client:
        assert client.send(message(modes="AL|NE")) == Answer("CA", ack("CA"), ack("CA"))


def test_who_asks_for_no_answer_waits_for_none() -> None:
    with peer(b"", keep=True) as address, Client(*address) as client:
        assert client.send(message(modes="NE|NE")) == Answer("")


def test_silence_is_an_answer_where_only_errors_are_told() -> None:
    with peer(b"", keep=True) as address, Client(*address) as client:
        assert client.send(message(modes="ER|ER"), timeout=0.1).accepted


def _closed_port() -> tuple[str, int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()[:2]
    return host, port


def _settled(client: Client) -> Client:
    """Wait until the goodbye of the peer has arrived."""
    assert client._socket is not None
    client._socket.recv(1, socket.MSG_PEEK)
    return client
