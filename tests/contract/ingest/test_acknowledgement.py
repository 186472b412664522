"""Which answers a sender gets, after the commit, by what its message asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Unavailable
from gateway.hl7v2.batch import split_messages
from gateway.hl7v2.message import Message
from gateway.store.records import JournalState
from tests.contract.ingest import story
from tests.contract.ingest.story import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def asking(raw: bytes, accept: str, application: str) -> bytes:
    header, rest = raw.split(b"\r", 1)
    fields = header.decode().split("|")
    fields[14], fields[15] = accept, application
    return "|".join(fields).encode() + b"\r" + rest


def told(answer: bytes) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return MSA-1, MSA-2 and the codes of ERR-3 of each answer."""
    found = []
    for raw in split_messages(answer):
        message = Message.parse(raw)
        msa = message.first("MSA")
        assert msa is not None
        codes = tuple(err.text(3) for err in message.all("ERR"))
        found.append((msa.text(1), msa.text(2), codes))
    return found


NO_PID = story.message(*story.report().decode().rstrip("\r").split("\r")[:1])
UNKNOWN = story.report().replace(b"ORU^R01^ORU_R01", b"ZZZ^Z99")


def test_who_asks_for_both_hears_of_the_commit_and_of_the_application(gateway: Gateway) -> None:
    answer = gateway.send(asking(story.IDENTITY, "AL", "AL"))
    assert [one[:2] for one in told(answer)] == [("CA", "ADT1"), ("AA", "ADT1")]
    commit, application = map(Message.parse, split_messages(answer))
    # Nobody acknowledges an acknowledgement.
    assert [commit.msh().text(15), commit.msh().text(16)] == ["", ""]
    assert [application.msh().text(15), application.msh().text(16)] == ["NE", "NE"]


def test_what_is_refused_for_its_content_is_committed_to_the_journal(gateway: Gateway) -> None:
    assert told(gateway.send(asking(NO_PID, "AL", "AL"))) == [
        ("CA", "ORU1", ()),
        ("AE", "ORU1", ("101",)),
    ]
    assert [entry.state for entry in gateway.store.journal()] == [JournalState.REFUSED]


def test_who_hears_of_the_commit_alone_hears_of_a_refusal_too(gateway: Gateway) -> None:
    assert told(gateway.send(asking(NO_PID, "AL", "NE"))) == [("CE", "ORU1", ("101",))]


def test_a_header_that_is_not_taken_here_is_rejected_at_once(gateway: Gateway) -> None:
    assert told(gateway.send(asking(UNKNOWN, "AL", "AL"))) == [("CR", "ORU1", ("200",))]


def test_who_wants_no_answer_gets_none_and_the_journal_knows(gateway: Gateway) -> None:
    assert gateway.send(asking(story.IDENTITY, "NE", "NE")) == b""
    entry = gateway.store.journal()[0]
    assert (entry.state, entry.answer, entry.reply) == (JournalState.PROCESSED, "AA", b"")
    # Again, and again without answer.
    assert gateway.send(asking(story.IDENTITY, "NE", "NE")) == b""


def test_the_same_message_gets_both_its_answers_again(gateway: Gateway) -> None:
    raw = asking(story.IDENTITY, "AL", "AL")
    assert gateway.send(raw) == gateway.send(raw)
    states = [entry.state for entry in gateway.store.journal()]
    assert states == [JournalState.DUPLICATE, JournalState.PROCESSED]


def test_files_are_answered_whatever_they_say(gateway: Gateway) -> None:
    raw = asking(story.IDENTITY, "NE", "NE")
    answer = gateway.messages.receive(raw, "file:depot", always=True)
    assert [one[:2] for one in told(answer)] == [("AA", "ADT1")]


def test_what_cannot_be_kept_is_not_committed(gateway: Gateway) -> None:
    raw = asking(story.IDENTITY, "AL", "AL")
    refusal = Unavailable("The store cannot commit now.")
    assert told(gateway.messages.postpone(raw, refusal)) == [("CE", "ADT1", ("207",))]
    assert told(gateway.messages.postpone(story.IDENTITY, refusal)) == [("AR", "ADT1", ("207",))]


@pytest.mark.parametrize(
    ("answered", "told_back"), [("G18EA83AA84BEFAC3", []), ("P0009", [("AE", "9", ("200",))])]
)
def test_who_acknowledges_an_answer_gets_none_so_that_it_ends(
    answered: str, told_back: list[object], gateway: Gateway
) -> None:
    late = f"MSH|^~\\&|RIS|CENTRE|GW|GW|20260110||ACK^R01^ACK|9|P|2.5\rMSA|AA|{answered}\r"
    assert told(gateway.send(late.encode())) == told_back
    entry = gateway.store.journal()[0]
    assert (entry.state, entry.control_id) == (JournalState.REFUSED, "9")
