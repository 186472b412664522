"""Objects held and not rejected, and the metadata kept of their series, on each database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Conflict
from gateway.fhir.wire import dumps
from gateway.store.catalogue.catalogue import reject
from gateway.store.instances import (
    SeriesMetadata,
    held_instances,
    keep_metadata,
    kept_metadata,
    rejected_in,
    settled_studies,
)
from gateway.store.records import Instance, to_micros

if TYPE_CHECKING:
    from gateway.store.api import Store

AT = datetime(2026, 9, 15, 10, tzinfo=UTC)
MADE = SeriesMetadata("1.1", "1.1.1", "a" * 64, 0xFFFFFFFF, 1 << 33, bytes(range(256)))


def an_object(sop_uid: str, *, aside: bool = False) -> Instance:
    """Return an object whose UID begins with those of its series and study."""
    study_uid, series_uid = sop_uid[:3], sop_uid[:5]
    return Instance(
        sop_uid=sop_uid,
        study_uid=study_uid,
        series_uid=series_uid,
        sop_class="1.2.840.10008.5.1.4.1.1.2",
        transfer_syntax="1.2.840.10008.1.2.1",
        object=(sop_uid + "aside" * aside).encode().hex(),
        size=100,
        received=AT,
        calling_ae="CT1",
        header=dumps({}),
        aside=aside,
    )


@pytest.fixture
def held(store: Store) -> Store:
    with store.transaction() as tx:
        for name in ("1.1.2.1", "1.1.1.2", "1.1.1.1", "1.2.1.1"):
            tx.add_instance(an_object(name))
        tx.add_instance(an_object("1.1.1.1", aside=True))
    return store


def names(store: Store, study_uid: str, sop_uid: str = "") -> list[str]:
    return [one.sop_uid for one in held_instances(store, study_uid, sop_uid)]


def test_objects_come_by_series_without_those_kept_aside(held: Store) -> None:
    assert names(held, "1.1") == ["1.1.1.1", "1.1.1.2", "1.1.2.1"]
    (one,) = held_instances(held, "1.1", "1.1.1.1")
    assert (one.series_uid, one.size, one.object) == ("1.1.1", 100, b"1.1.1.1".hex())


def test_an_object_is_not_found_in_another_study(held: Store) -> None:
    assert names(held, "1.2", "1.1.1.1") == []
    assert names(held, "9.9") == []


def test_what_a_note_names_is_not_found_wherever_the_note_lies(held: Store) -> None:
    with held.transaction() as tx:
        reject(tx, "1.1.2.1", ["1.1.1.1", "7.7.7.7", "1.1.2.1"])
        reject(tx, "9.9.9.9", ["1.2.1.1"])
    assert names(held, "1.1") == ["1.1.1.2"]
    assert names(held, "1.1", "1.1.1.1") == []
    assert names(held, "1.2") == []
    # Held here or in the PACS: what the notes of this study name.
    assert rejected_in(held, "1.1") == {"1.1.1.1", "7.7.7.7", "1.1.2.1"}
    assert rejected_in(held, "1.2") == set()


def test_metadata_is_kept_by_series_and_replaced(store: Store) -> None:
    other = replace(MADE, series_uid="1.1.2", content=b"")
    with store.transaction() as tx:
        keep_metadata(tx, MADE)
        keep_metadata(tx, other)
        keep_metadata(tx, replace(MADE, study_uid="1.2"))
    newer = replace(MADE, fingerprint="b" * 64, checksum=0)
    with store.transaction() as tx:
        keep_metadata(tx, newer)
    assert kept_metadata(store, "1.1") == {"1.1.1": newer, "1.1.2": other}
    assert kept_metadata(store, "1.3") == {}


def test_metadata_that_was_undone_is_not_kept(store: Store) -> None:
    with pytest.raises(Conflict):
        _keep_and_give_up(store)
    assert kept_metadata(store, "1.1") == {}


def _keep_and_give_up(store: Store) -> None:
    with store.transaction() as tx:
        keep_metadata(tx, MADE)
        message = "no"
        raise Conflict(message)


def test_studies_at_rest_are_those_that_were_settled(held: Store) -> None:
    early, late = AT - timedelta(hours=1), AT + timedelta(hours=1)
    assert settled_studies(held, early) == []
    with held.transaction() as tx:
        tx.settle_study("1.1", to_micros(AT))
    assert settled_studies(held, early) == [("1.1", to_micros(AT))]
    assert settled_studies(held, late) == []
