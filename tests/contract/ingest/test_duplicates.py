"""A message that comes again is answered as before, whoever asks at the same time or later."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gateway.ingest.message_queue import MessageQueue
from gateway.ingest.repetition import FREE, Repetitions
from gateway.store.api import open_store
from gateway.store.records import JournalState
from tests.contract.ingest import story
from tests.contract.ingest.story import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

PROCESSED, DUPLICATE = JournalState.PROCESSED, JournalState.DUPLICATE


def states(store: Store) -> Counter[JournalState]:
    return Counter(entry.state for entry in store.journal(limit=5000))


def test_the_same_message_from_many_connections_is_processed_once(
    store: Store, tmp_path: Path
) -> None:
    queue = MessageQueue(store, Gateway(store, tmp_path).messages)
    with ThreadPoolExecutor(FREE) as pool:
        answers = set(pool.map(lambda _: queue.receive(story.IDENTITY, "test"), range(FREE)))
    assert len(answers) == 1
    assert states(store) == {PROCESSED: 1, DUPLICATE: FREE - 1}
    assert len(store.history("Patient")) == 1


def test_two_processes_that_get_the_same_message_process_it_once(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    other = open_store(database_url)
    queues = [MessageQueue(one, Gateway(one, tmp_path).messages) for one in (store, other)]
    with ThreadPoolExecutor(8) as pool:
        answers = set(
            pool.map(lambda number: queues[number % 2].receive(story.IDENTITY, "test"), range(8))
        )
    assert len(answers) == 1
    assert states(store) == {PROCESSED: 1, DUPLICATE: 7}
    other.close()


def test_a_duplicate_is_known_after_a_restart(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    first = Gateway(store, tmp_path).send(story.IDENTITY)
    restarted = open_store(database_url)
    assert Gateway(restarted, tmp_path).send(story.IDENTITY) == first
    assert states(restarted) == {PROCESSED: 1, DUPLICATE: 1}
    restarted.close()


def test_a_reused_control_id_is_processed_with_a_warning_by_whoever_comes_first(
    store: Store, tmp_path: Path
) -> None:
    queue = MessageQueue(store, Gateway(store, tmp_path).messages)
    texts = [story.IDENTITY, story.IDENTITY.replace(b"75015", b"75016")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda raw: queue.receive(raw, "test"), texts))
    warned = [b"This control id has been used" in answer for answer in answers]
    assert sorted(warned) == [False, True]
    assert all(b"MSA|AA|ADT1" in answer for answer in answers)
    assert states(store) == {PROCESSED: 2}


def test_a_flood_of_one_message_does_not_fill_the_journal(store: Store, tmp_path: Path) -> None:
    now = [0.0]
    messages = Gateway(store, tmp_path).messages
    queue = MessageQueue(store, messages, Repetitions(clock=lambda: now[0]))
    answers = {queue.receive(story.IDENTITY, "test") for _ in range(2000)}
    assert len(answers) == 1
    assert states(store) == {PROCESSED: 1, DUPLICATE: FREE - 1}
    now[0] = 61.0
    assert queue.receive(story.IDENTITY, "test") in answers
    assert states(store)[DUPLICATE] == FREE


def test_messages_of_one_patient_are_processed_in_the_order_of_their_coming(
    store: Store, tmp_path: Path
) -> None:
    queue = MessageQueue(store, Gateway(store, tmp_path).messages)
    versions = [
        story.IDENTITY.replace(b"|ADT1|", b"|V%d|" % number).replace(b"75015", b"%05d" % number)
        for number in range(30)
    ]
    # Each waits for its answer, as a connection does; the connections change.
    for raw in versions:
        with ThreadPoolExecutor(1) as connection:
            connection.submit(queue.receive, raw, "test").result()
    codes = [
        stored.resource["address"][0]["postalCode"] for stored in store.history("Patient", limit=99)
    ]
    assert codes == [f"{number:05}" for number in reversed(range(30))]
