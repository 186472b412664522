"""The journal on each database: found by every axis, answered later, forgotten by rule."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Issue
from gateway.store.journal import JOURNAL_SYSTEM, JournalFilter
from gateway.store.objects import FileObjects
from gateway.store.pruning import Pruned, Pruning, Rule, compact, seen
from gateway.store.records import (
    Acknowledged,
    AnswerNote,
    JournalEntry,
    JournalState,
    NewDelivery,
    SeenCode,
    to_micros,
)

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
PROCESSED, REFUSED = JournalState.PROCESSED, JournalState.REFUSED


def entry(control_id: str, **more: object) -> JournalEntry:
    raw = f"MSH|{control_id}".encode()
    made = JournalEntry(
        NOW,
        "mllp",
        "127.0.0.1:1",
        "ADT^A28",
        PROCESSED,
        hashlib.sha256(raw).digest(),
        len(raw),
        sender="RIS|CENTRE",
        control_id=control_id,
        reply=b"MSA|AA",
        raw=raw,
    )  # fmt: skip - one line a row
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def record(store: Store, *entries: JournalEntry) -> None:
    with store.transaction() as tx:
        for one in entries:
            tx.record(one)


def found(store: Store, wanted: JournalFilter) -> list[str]:
    return [one.control_id for one in store.journal(wanted)]


@pytest.fixture
def full(store: Store) -> Store:
    record(
        store,
        entry("first"),
        entry("second", kind="ORU^R01", sender="LAB|CENTRE", received=NOW + timedelta(days=1)),
        entry("third", state=REFUSED, received=NOW + timedelta(days=2)),
        entry("fourth", door="dimse", kind="C-STORE", sender="RISX|CENTRE", reply=b""),
        entry("again", replay_of=1, raw=None),
    )
    return store


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (JournalFilter(), ["again", "fourth", "third", "second", "first"]),
        (JournalFilter(states=(REFUSED,)), ["third"]),
        (JournalFilter(kind="ORU"), ["second"]),
        (JournalFilter(kind="ADT^A28", replays=False), ["third", "first"]),
        (JournalFilter(sender="RIS"), ["again", "third", "first"]),
        (JournalFilter(sender="LAB|CENTRE"), ["second"]),
        (JournalFilter(control_id="first"), ["first"]),
        (JournalFilter(door="dimse"), ["fourth"]),
        (JournalFilter(text="eco"), ["second"]),
        (JournalFilter(since=NOW + timedelta(days=1)), ["third", "second"]),
        (JournalFilter(since=NOW, until=NOW + timedelta(days=1)), ["again", "fourth", "first"]),
        (JournalFilter(before=2), ["first"]),
        (JournalFilter(numbers=(1, 3)), ["third", "first"]),
        (JournalFilter(numbers=()), []),
        (JournalFilter(unseen=True), ["third"]),
        (JournalFilter(patients=()), []),
        (JournalFilter(acknowledged=Acknowledged.PENDING), ["third", "second", "first"]),
        (JournalFilter(acknowledged=Acknowledged.NONE), ["again", "fourth"]),
    ],
    ids=str,
)
def test_every_axis_of_the_filter(wanted: JournalFilter, names: list[str], full: Store) -> None:
    assert found(full, wanted) == names
    assert [one.control_id for one in full.journal_whole(wanted)] == names


def test_a_list_has_no_originals_and_one_entry_has_its_own(full: Store) -> None:
    assert {one.raw for one in full.journal()} == {None}
    first = full.journal_entry(1)
    assert first == replace(entry("first"), id=1, acknowledged=Acknowledged.PENDING)
    assert full.journal_entry(99) is None


def test_numbers_come_in_the_order_of_reception(store: Store) -> None:
    record(store, entry("late", received=NOW + timedelta(hours=1)), entry("early"))
    assert store.journal_numbers(JournalFilter()) == [2, 1]


def test_more_entries_than_are_read_at_once_all_come(store: Store) -> None:
    record(store, *(entry(f"m{number}") for number in range(203)))
    names = [one.control_id for one in store.journal_whole(JournalFilter())]
    assert names == [f"m{number}" for number in reversed(range(203))]


def test_an_answer_that_has_left_is_known_with_the_next_commit(full: Store) -> None:
    moment = to_micros(NOW) + 5_000
    full.note_answer(AnswerNote(1, Acknowledged.SENT, moment, moment + 2_000))
    full.note_answer(AnswerNote(2, Acknowledged.LOST, moment, moment))
    assert found(full, JournalFilter(acknowledged=Acknowledged.SENT)) == []
    full.flush_answers()
    assert found(full, JournalFilter(acknowledged=Acknowledged.SENT)) == ["first"]
    assert found(full, JournalFilter(acknowledged=Acknowledged.LOST)) == ["second"]
    first = full.journal_entry(1)
    assert first is not None
    assert first.acknowledged is Acknowledged.SENT
    assert first.committed == NOW + timedelta(milliseconds=5)
    assert first.answered == NOW + timedelta(milliseconds=7)


def test_entries_of_a_patient_are_those_that_its_provenances_name(full: Store) -> None:
    with full.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": "p1"})
        tx.put(
            {
                "resourceType": "Provenance",
                "id": "v1",
                "target": [{"reference": "Patient/p1"}],
                "recorded": "2026-03-12T10:00:00Z",
                "agent": [{"who": {"display": "RIS"}}],
                "entity": [
                    {
                        "role": "source",
                        "what": {"identifier": {"system": JOURNAL_SYSTEM, "value": "1"}},
                    }
                ],
            }
        )
    assert found(full, JournalFilter(patients=("p1",))) == ["again", "first"]
    assert found(full, JournalFilter(patients=("p2",))) == []


def test_codes_are_counted_over_transactions_and_within_one(store: Store) -> None:
    for times in (2, 1):
        with store.transaction() as tx:
            for _ in range(times):
                tx.note_code("RIS|CENTRE", "OBR-4", "urn:local", "GENOU", "Genou")
    with store.together():
        for display in ("Genou", "Genou G"):
            with store.transaction() as tx:
                tx.note_code("RIS|CENTRE", "OBR-4", "urn:local", "GENOU", display)
    (code,) = store.local_codes()
    assert code == SeenCode(
        "RIS|CENTRE", "OBR-4", "urn:local", "GENOU", "Genou G", 5, code.first_seen, code.last_seen
    )
    assert code.first_seen < code.last_seen
    with store.transaction() as tx:
        # Written alike: a NUL is kept as its picture.
        for text in ("A\0", "A\u2400"):
            tx.note_code("CR|LABO", "OBX-3", "", text, "")
    assert [(one.code, one.count) for one in store.local_codes("CR")] == [("A\u2400", 2)]
    assert store.local_codes("RIS") == [code]
    assert store.local_codes("RI") == []


# Forgetting


# A few of a hundred come between a look and a deletion that are not one.
ROUNDS = 100
OLD = NOW - timedelta(days=100)


@pytest.fixture
def objects(tmp_path: Path) -> FileObjects:
    return FileObjects(tmp_path / "objects")


def prune(store: Store, objects: FileObjects, *rules: Rule) -> Pruned:
    pruning = Pruning(store, objects, rules)
    total = pruning.would(NOW)
    while pruning.step(NOW):
        pass
    assert pruning.would(NOW) == Pruned()
    return total


def test_originals_go_first_and_entries_later(store: Store, objects: FileObjects) -> None:
    month = NOW - timedelta(days=40)
    record(store, entry("old", received=OLD), entry("month", received=month), entry("new"))
    told = prune(store, objects, Rule(30, 90))
    assert (told.originals, told.entries) == (1, 1)
    assert [(one.control_id, one.raw) for one in store.journal_whole(JournalFilter())] == [
        ("new", b"MSH|new"),
        ("month", None),
    ]


def test_what_failed_stays_until_somebody_has_seen_to_it(
    store: Store, objects: FileObjects
) -> None:
    record(store, entry("wrong", received=OLD, state=REFUSED), entry("new"))
    prune(store, objects, Rule(1, 1))
    assert found(store, JournalFilter()) == ["new", "wrong"]
    seen(store, 1, "alice")
    held = store.journal_entry(1)
    assert held is not None
    assert held.seen_by == "alice"
    assert found(store, JournalFilter(unseen=True)) == []
    prune(store, objects, Rule(1, 1))
    assert found(store, JournalFilter()) == ["new"]


def test_an_attempt_to_send_that_failed_waits_for_nobody(
    store: Store, objects: FileObjects
) -> None:
    out = {"door": "mllp-out", "received": OLD}
    record(store, entry("sent again", **out, state=JournalState.FAILED))
    record(store, entry("refused there", **out, state=JournalState.REFUSED))

    assert found(store, JournalFilter(unseen=True)) == ["refused there"]
    prune(store, objects, Rule(1, 1))
    assert found(store, JournalFilter()) == ["refused there"]


def test_the_first_rule_that_matches_decides(store: Store, objects: FileObjects) -> None:
    record(
        store,
        entry("order", kind="ORM^O01", received=OLD),
        entry("identity", received=OLD),
        entry("lab", sender="LAB|CENTRE", received=OLD),
    )
    rules = (Rule(9999, 9999, types=("ORM",)), Rule(9999, 9999, senders=("LAB",)), Rule(1, 1))
    prune(store, objects, *rules)
    assert found(store, JournalFilter()) == ["lab", "order"]


def test_without_rules_nothing_is_forgotten(store: Store, objects: FileObjects) -> None:
    record(store, entry("old", received=OLD))
    assert prune(store, objects) == Pruned()
    assert found(store, JournalFilter()) == ["old"]


def test_an_object_goes_when_nobody_names_it_any_more(store: Store, objects: FileObjects) -> None:
    contents = (b"alone", b"shared", b"named", b"before", b"gone")
    alone, shared, named, before, gone = map(objects.put, contents)
    for path in (objects.spool.parent).glob("??/*"):
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    record(
        store,
        entry("alone", received=OLD, raw=None, object=alone),
        entry("shared", received=OLD, raw=None, object=shared),
        entry("named", received=OLD, raw=None, object=named),
        entry("before", received=OLD, raw=None, object=before),
        entry("gone", received=OLD, raw=None, object=gone),
        entry("new", raw=None, object=shared),
    )
    with store.transaction() as tx:
        binary = {"resourceType": "Binary", "contentType": "text/plain"}
        # Earlier versions are read by their numbers, and so is what was deleted.
        for identity, name in (("b1", before), ("b1", named), ("b2", gone)):
            tx.put({**binary, "id": identity, "meta": {"source": f"urn:sha256:{name}"}})
        tx.delete("Binary", "b2")
    prune(store, objects, Rule(30, 9999))
    held = {path.name for path in objects.spool.parent.glob("??/*")}
    assert held == {shared, named, before, gone}


def test_a_message_that_still_has_to_go_is_kept_however_late(
    store: Store, objects: FileObjects
) -> None:
    name = objects.put(b"MSH|out")
    out = {"door": "mllp-out", "received": OLD, "state": JournalState.FAILED}
    record(store, entry("out", **out, raw=None, object=name))
    waiting = NewDelivery("d", "Endpoint/ris", "", "Patient/p", 1, "mllp", "A28", NOW)
    with store.transaction() as tx:
        tx.enqueue(waiting)
        held = tx.delivery("d")
        assert held is not None
        tx.update_delivery(replace(held, message_id=f"P1@{name}"))
    os.utime(objects._path(name), (0, 0))
    record(store, entry("new"))
    prune(store, objects, Rule(1, 1))
    assert found(store, JournalFilter()) == ["new"]
    assert objects.read(name) == b"MSH|out"


def test_no_number_is_given_twice(store: Store, objects: FileObjects) -> None:
    record(store, entry("first", received=OLD), entry("second", received=OLD))
    done = prune(store, objects, Rule(1, 1))
    with store.transaction() as tx:
        number = tx.record(entry("third"))

    # Of the last one the number is left, and no original.
    assert (done.entries, done.originals, number) == (1, 1, 3)
    assert store.journal(JournalFilter())[-1].raw is None


def test_an_object_that_was_put_a_moment_ago_stays(objects: FileObjects) -> None:
    name = objects.put(b"again")
    os.utime(next(objects.spool.parent.glob("??/*")), (OLD.timestamp(), OLD.timestamp()))
    assert objects.put(b"again") == name
    assert objects.delete(name, before=NOW.timestamp() - 3600) is False
    assert objects.delete("f" * 64, before=NOW.timestamp()) is False


def test_an_object_that_is_put_while_it_is_deleted_is_there(objects: FileObjects) -> None:
    name = objects.put(b"again")
    start = Barrier(2)

    def delete() -> None:
        start.wait()
        objects.delete(name, before=NOW.timestamp())

    with ThreadPoolExecutor(1) as pool:
        for _ in range(ROUNDS):
            os.utime(objects._path(name), (0, 0))
            deleting = pool.submit(delete)
            start.wait()
            objects.put(b"again")
            deleting.result()
            assert objects.read(name) == b"again"


def test_the_space_is_given_back(sqlite_store: Store, objects: FileObjects) -> None:
    path = sqlite_store.database.path  # type: ignore[attr-defined]  # SQLite's own
    large = entry("large", received=OLD, raw=b"x" * 200_000)
    for number in range(60):
        record(sqlite_store, replace(large, control_id=f"m{number}"))
    compact(sqlite_store)
    before = path.stat().st_size
    pruning = Pruning(sqlite_store, objects, [Rule(30, 9999)])
    steps = 0
    while pruning.step(NOW):
        steps += 1
    # Hundreds of pages a step: 3 000 are free.
    assert steps < 50
    with sqlite_store.database.reading() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < before / 4


def test_a_database_can_be_compacted(full: Store) -> None:
    compact(full)
    assert len(full.journal()) == 5


def test_issues_come_back_as_they_were(store: Store) -> None:
    issue = Issue("A sentence.", None, "PID^1^3", "required", "warning")
    record(store, entry("warned", issues=(issue,)))
    assert store.journal()[0].issues == (issue,)


def test_a_new_database_of_sqlite_can_give_pages_back(sqlite_store: Store) -> None:
    with sqlite_store.database.reading() as cursor:
        cursor.execute("PRAGMA auto_vacuum")
        # https://www.sqlite.org/pragma.html#pragma_auto_vacuum: 2 is incremental.
        assert cursor.fetchone()[0] == 2
