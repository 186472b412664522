"""Writers that share a commit see one another's work, and none of what was undone."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Conflict
from gateway.fhir.search.query import parse_search
from gateway.store.records import JournalEntry, JournalState, NewDelivery

if TYPE_CHECKING:
    from gateway.store.api import Store

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_SYSTEM = "urn:oid:1.2.3"


def patient(number: int, value: str, **more: object) -> dict[str, Any]:
    identifier = [{"system": _SYSTEM, "value": value}]
    return {"resourceType": "Patient", "id": f"p{number}", "identifier": identifier, **more}


def report(number: int, subject: str, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": f"r{number}",
        "status": "final",
        "code": {"text": "IRM"},
        "subject": {"reference": subject},
        **more,
    }


def message(control_id: str) -> JournalEntry:
    raw = control_id.encode()
    digest = hashlib.sha256(raw).digest()
    return JournalEntry(
        _NOW,
        "mllp",
        "127.0.0.1",
        "ADT^A28",
        JournalState.PROCESSED,
        digest,
        len(raw),
        sender="RIS|CENTRE",
        control_id=control_id,
        raw=raw,
    )  # fmt: skip - one line a row


def delivery(name: str, focus: str) -> NewDelivery:
    return NewDelivery(name, "Practitioner/g", "Patient/p1", focus, 1, "mail", "treating", _NOW)


def ids(store: Store, value: str) -> list[str]:
    query = parse_search("Patient", [("identifier", f"{_SYSTEM}|{value}")])
    return [one.id for one in store.search(query).matches]


def test_a_writer_finds_what_the_one_before_it_in_the_same_commit_wrote(store: Store) -> None:
    with store.together():
        with store.transaction() as tx:
            tx.put(patient(1, "A"))
            tx.put(report(1, "Patient/p1"))
        with store.transaction() as tx:
            read = tx.read("Patient", "p1")
            found = [one.id for one in tx.find("Patient", [(_SYSTEM, "A")])]
            referring = [
                one.id for one in tx.find_referring("DiagnosticReport", "subject", "Patient/p1")
            ]
            query = parse_search("Patient", [("identifier", "A")])
            searched = tx.search_ids(query, limit=5)
            referrers = tx.referrers("Patient/p1")
    assert read is not None
    assert (read.id, found, referring, searched, referrers) == (
        "p1",
        ["p1"],
        ["r1"],
        ["p1"],
        ["DiagnosticReport/r1"],
    )  # fmt: skip - one line a row


def _change_and_give_up(store: Store, *, asks: bool) -> None:
    with store.transaction() as tx:
        tx.put(patient(2, "A"))
        tx.put(patient(1, "B"))
        if asks:
            assert [one.id for one in tx.find("Patient", [(_SYSTEM, "A")])] == ["p2"]
        message = "no"
        raise Conflict(message)


@pytest.mark.parametrize("asks", [False, True])
def test_what_a_writer_undid_is_nowhere_and_its_neighbours_stay(
    store: Store, *, asks: bool
) -> None:
    with store.together():
        with store.transaction() as tx:
            tx.put(patient(1, "A"))
        with pytest.raises(Conflict):
            _change_and_give_up(store, asks=asks)
        with store.transaction() as tx:
            tx.put(patient(3, "A"))
    assert ids(store, "A") == ["p1", "p3"]
    assert ids(store, "B") == []
    assert [(one.id, one.version) for one in store.history()] == [("p3", 1), ("p1", 1)]
    assert store.read("Patient", "p2") is None


def test_a_number_that_changes_and_changes_back_in_one_commit_is_found(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(patient(1, "A"))
    with store.together():
        for value in ("B", "A", "C", "A"):
            with store.transaction() as tx:
                tx.put(patient(1, value))
    assert (ids(store, "A"), ids(store, "B"), ids(store, "C")) == (["p1"], [], [])
    assert [one.version for one in store.history("Patient", "p1")] == [5, 4, 3, 2, 1]


def test_who_refers_is_read_as_it_was_written_last(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(patient(1, "A"))
        tx.put(report(1, "Patient/p1"))
    with store.together():
        with store.transaction() as tx:
            tx.put(report(1, "Patient/p1", conclusion="revu"))
        with store.transaction() as tx:
            found = tx.find_referring("DiagnosticReport", "subject", "Patient/p1")
    assert [one.resource.get("conclusion") for one in found] == ["revu"]


def test_what_was_deleted_earlier_in_the_commit_is_not_found(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(patient(1, "A"))
        tx.put(report(1, "Patient/p1"))
    with store.together():
        with store.transaction() as tx:
            tx.delete("DiagnosticReport", "r1")
        with store.transaction() as tx:
            assert tx.referrers("Patient/p1") == []
            tx.delete("Patient", "p1")
        with store.transaction() as tx:
            assert tx.find("Patient", [(_SYSTEM, "A")]) == []
    assert ids(store, "A") == []


def test_messages_and_deliveries_of_one_commit_know_one_another(store: Store) -> None:
    with store.together():
        with store.transaction() as tx:
            tx.record(message("M1"))
            assert tx.enqueue(delivery("d1", "DiagnosticReport/r1"))
        with store.transaction() as tx:
            same = tx.same_message("RIS|CENTRE", "M1")
            again = tx.enqueue(delivery("d1", "DiagnosticReport/r1"))
            of_focus = [one.id for one in tx.deliveries_of("DiagnosticReport/r1")]
            tx.record(message("M2"))
    assert ([one.id for one in same], again, of_focus) == ([1], False, ["d1"])
    assert [(one.id, one.control_id) for one in store.journal()] == [(2, "M2"), (1, "M1")]


def test_text_that_looks_like_an_array_is_kept_as_it_is(store: Store) -> None:
    value = '{"a\\",NULL} \\x41 \'" é\\'
    with store.transaction() as tx:
        tx.put(patient(1, value))
        tx.put(patient(2, "NULL"))
    assert ids(store, value.replace("\\", "\\\\").replace(",", "\\,")) == ["p1"]
    assert ids(store, "NULL") == ["p2"]


def test_a_long_transaction_is_handed_over_in_parts(store: Store) -> None:
    names = [{"family": f"Nom{number}", "given": ["Zoé"]} for number in range(40)]
    with store.transaction() as tx:
        for number in range(300):
            tx.put(patient(number, f"V{number}", name=names))
        assert len(tx._unwritten) < 20_000
    assert ids(store, "V299") == ["p299"]
