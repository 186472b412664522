"""What the journal, the Provenance and the list of codes say of a message that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.datatypes import LOINC
from gateway.ingest.answering import Answering
from gateway.ingest.local_codes import Given, map_code
from gateway.ingest.message import MessageIngest
from gateway.ingest.message_queue import MessageQueue
from gateway.ingest.recording import NOT_MAPPED, has_code
from gateway.ingest.resource import ResourceIngest
from gateway.mapping.hl7v2 import Context
from gateway.store.journal import JournalFilter
from gateway.store.objects import FileObjects
from gateway.store.records import Acknowledged, JournalEntry, JournalState
from gateway.store.translations import Translations, concept_map_url
from tests.contract.ingest import story
from tests.contract.ingest.story import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

SENDER = "LGC|CENTRE"
LOCAL = "urn:passerelle:sender:LGC:CENTRE:L"
KNEE = Given(SENDER, LOCAL, "GENOU", LOINC, "24806-2", "RX genou")
ORDER = story.ORDER.replace(b"30620-9^CT rachis lombaire^LN", b"GENOU^Radio du genou^L")


class Known(Gateway):
    """A gateway that knows what operators say of codes, and hears what becomes of its answers."""

    def __init__(self, store: Store, place: Path) -> None:
        super().__init__(store, place)
        self.moments = iter(range(1_000_000))
        translations = Translations(store, clock=lambda: float(next(self.moments)))
        self.answering = Answering(store, self.clock)
        self.messages = MessageIngest(
            store,
            FileObjects(place / "objects"),
            self.linking,
            context=Context(translate=translations.translate),
            charsets={},
            clock=self.clock,
            new_id=lambda: f"G{next(self.ticks)}",
            answering=self.answering,
        )
        self.resources = ResourceIngest(store, validation="base", new_id=lambda: "new")


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Known:
    return Known(store, tmp_path)


def entry(gateway: Known, number: int) -> JournalEntry:
    found = gateway.store.journal_entry(number)
    assert found is not None
    return found


def codes(gateway: Known) -> list[dict[str, Any]]:
    (request,) = gateway.all("ServiceRequest")
    found: list[dict[str, Any]] = request["code"]["coding"]
    return found


def test_the_provenance_names_the_entry_and_what_is_only_there(gateway: Known) -> None:
    gateway.send(story.IDENTITY.replace(b"PV1|1|N", b"PV1|1|N\rZFM|8|"))
    (provenance,) = gateway.all("Provenance")
    named = [one["what"]["identifier"] for one in provenance["entity"]]
    assert named[1] == {"system": "urn:passerelle:journal", "value": "1"}
    assert {"url": NOT_MAPPED, "valueString": "ZFM: ZFM is kept in the journal, not mapped."} in (
        provenance["extension"]
    )
    patient = gateway.all("Patient")[0]["id"]
    assert [one.id for one in gateway.store.journal(JournalFilter(patients=(patient,)))] == [1]


def test_a_replay_is_audited_and_changes_nothing(gateway: Known) -> None:
    gateway.send(story.IDENTITY)
    before = gateway.store.history(limit=1000)
    answer = gateway.messages.receive(
        story.IDENTITY, "operator:alice", replay_of=1, always=True, reason="after the repair"
    )
    assert b"MSA|AA|ADT1" in answer
    assert gateway.store.history(limit=1000) == before
    replayed = entry(gateway, 2)
    assert (replayed.replay_of, replayed.raw, replayed.acknowledged) == (1, None, Acknowledged.NONE)
    assert replayed.issues[0].text == "Entry 1 replayed by operator:alice: after the repair"


def test_a_code_of_the_senders_own_is_listed_given_a_standard_one_and_replayed(
    gateway: Known,
) -> None:
    gateway.send(ORDER)
    (code,) = gateway.store.local_codes()
    assert (code.sender, code.field, code.system, code.code, code.display, code.count) == (
        SENDER,
        "OBR-4",
        LOCAL,
        "GENOU",
        "Radio du genou",
        1,
    )
    assert has_code(entry(gateway, 1).issues, "GENOU")
    assert [one["code"] for one in codes(gateway)] == ["GENOU"]

    map_code(gateway.store, gateway.resources, KNEE)
    gateway.messages.receive(ORDER, "operator:alice", replay_of=1)

    standard = {"system": LOINC, "code": "24806-2", "display": "RX genou"}
    assert codes(gateway)[0] == standard
    assert codes(gateway)[1]["code"] == "GENOU"
    assert gateway.store.local_codes()[0].count == 1


def test_a_concept_map_is_completed_and_corrected(gateway: Known) -> None:
    map_code(gateway.store, gateway.resources, KNEE)
    map_code(gateway.store, gateway.resources, KNEE._replace(code="RACHIS", target_code="30620-9"))
    other = KNEE._replace(target_system="urn:other", target_code="X")
    map_code(gateway.store, gateway.resources, other)
    (held,) = gateway.all("ConceptMap")
    assert held["url"] == concept_map_url(SENDER)
    assert [
        (group["target"], [(one["code"], one["target"][0]["code"]) for one in group["element"]])
        for group in held["group"]
    ] == [(LOINC, [("RACHIS", "30620-9")]), ("urn:other", [("GENOU", "X")])]
    translations = Translations(gateway.store)
    assert translations.translate(SENDER, LOCAL, "GENOU") == {
        "system": "urn:other",
        "code": "X",
        "display": "RX genou",
    }
    assert translations.translate("RIS|CENTRE", LOCAL, "GENOU") is None


def test_a_concept_map_that_another_process_changes_is_noticed(gateway: Known) -> None:
    moments = iter((0.0, 0.1, 1.0))
    translations = Translations(gateway.store, clock=lambda: next(moments))
    assert translations.translate(SENDER, LOCAL, "GENOU") is None
    map_code(gateway.store, gateway.resources, KNEE)
    # Not asked again for half a second.
    assert translations.translate(SENDER, LOCAL, "GENOU") is None
    assert translations.translate(SENDER, LOCAL, "GENOU") is not None


def test_a_retired_map_and_targets_that_are_none_do_not_count(gateway: Known) -> None:
    map_code(gateway.store, gateway.resources, KNEE)
    (held,) = gateway.all("ConceptMap")
    with gateway.store.transaction() as tx:
        tx.put({**held, "status": "retired"})
    assert Translations(gateway.store).translate(SENDER, LOCAL, "GENOU") is None
    held["group"][0]["element"][0]["target"][0]["equivalence"] = "unmatched"
    with gateway.store.transaction() as tx:
        tx.put(held)
    assert Translations(gateway.store).translate(SENDER, LOCAL, "GENOU") is None


def test_the_second_axis_says_what_became_of_the_answer(gateway: Known) -> None:
    queue = MessageQueue(gateway.store, gateway.messages, answering=gateway.answering)
    first = queue.receive(story.IDENTITY, "test")
    assert entry(gateway, 1).acknowledged is Acknowledged.PENDING
    gateway.answering.answered(first, sent=True)
    # The same message again gets the same answer, and its sender has gone.
    again = queue.receive(story.IDENTITY, "test")
    assert again == first
    gateway.answering.answered(again, sent=False)
    # What nobody expects is nobody's.
    gateway.answering.answered(b"unknown", sent=True)
    gateway.answering.flush()
    one, two = entry(gateway, 1), entry(gateway, 2)
    assert (one.acknowledged, two.acknowledged) == (Acknowledged.SENT, Acknowledged.LOST)
    assert one.committed is not None
    assert one.answered is not None
    assert one.received < one.committed < one.answered
    assert one.mapped > 0
    assert two.state is JournalState.DUPLICATE


def test_who_wants_no_answer_and_who_sends_files_are_told_apart(gateway: Known) -> None:
    gateway.messages.receive(story.IDENTITY, "file:in", always=True)
    assert entry(gateway, 1).acknowledged is Acknowledged.SENT
    silent = story.report().replace(b"P|2.5|||||", b"P|2.5|||NE|NE|", 1)
    assert gateway.send(silent) == b""
    assert entry(gateway, 2).acknowledged is Acknowledged.NONE
