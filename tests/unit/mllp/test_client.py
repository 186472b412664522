from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Malformed, Unavailable
from gateway.hl7v2.framing import frame
from gateway.mllp.client import MllpClient, NoAcknowledgement, WrongAcknowledgement

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = b"MSH|^~\\&|RIS||||||ORU^R01|42|P|2.5\rPID|1\r"
RIGHT = b"MSH|^~\\&|||RIS||||ACK|1|P|2.5\rMSA|AA|42\r"
WRONG = b"MSH|^~\\&|||RIS||||ACK|1|P|2.5\rMSA|AA|41\r"


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


def test_the_acknowledgement_of_the_message_is_given() -> None:
    with peer(frame(RIGHT)) as address, MllpClient(*address) as client:
        assert client.send(MESSAGE) == RIGHT


def test_a_connection_that_was_hung_up_meanwhile_is_made_again() -> None:
    with peer(frame(RIGHT), frame(RIGHT)) as address, MllpClient(*address) as client:
        assert [client.send(MESSAGE), _settled(client).send(MESSAGE)] == [RIGHT, RIGHT]


def test_the_acknowledgement_of_another_message_is_refused_and_the_line_dropped() -> None:
    with peer(frame(WRONG), frame(RIGHT)) as address, MllpClient(*address) as client:
        with pytest.raises(WrongAcknowledgement):
            client.send(MESSAGE)
        assert client.send(MESSAGE) == RIGHT


def test_silence_means_that_it_may_have_arrived() -> None:
    with (
        peer(b"", keep=True) as address,
        MllpClient(*address, timeout=0.05) as client,
        pytest.raises(NoAcknowledgement),
    ):
        client.send(MESSAGE)


def test_hanging_up_means_that_it_may_have_arrived() -> None:
    with (
        peer(b"") as address,
        MllpClient(*address) as client,
        pytest.raises(NoAcknowledgement),
    ):
        client.send(MESSAGE)


@pytest.mark.parametrize("reply", [b"nothing like HL7", RIGHT.split(b"MSA")[0]])
def test_an_answer_that_acknowledges_nothing_is_malformed(reply: bytes) -> None:
    with (
        peer(frame(reply)) as address,
        MllpClient(*address) as client,
        pytest.raises(Malformed),
    ):
        client.send(MESSAGE)


def test_garbage_sent_on_purpose_gets_its_refusal() -> None:
    with peer(frame(RIGHT)) as address, MllpClient(*address) as client:
        assert client.send(b"garbage") == RIGHT


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()[:2]
    with MllpClient(*address) as client, pytest.raises(Unavailable) as caught:
        client.send(MESSAGE)
    assert type(caught.value) is Unavailable


def _settled(client: MllpClient) -> MllpClient:
    """Wait until the goodbye of the peer has arrived."""
    assert client._socket is not None
    client._socket.recv(1, socket.MSG_PEEK)
    return client
