"""Studies that have been quiet become ImagingStudy resources."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, Issue, Unavailable
from gateway.ingest.entries import apply, issues_of
from gateway.store.records import JournalEntry, JournalState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.ingest.linking import Linking
    from gateway.mapping.entry import Mapped
    from gateway.store.api import Store, Transaction
    from gateway.store.records import Instance

    MapStudy = Callable[[list[Instance]], Mapped]

_log = logging.getLogger("gateway.dimse")


class StudyIngest:
    """Turns what has been received of a study into FHIR, once nothing more comes.

    When a study was last added to is in the store: any process may do this, a restart forgets
    nothing, and objects that come later make a new version.
    """

    def __init__(
        self,
        store: Store,
        linking: Linking,
        *,
        map_study: MapStudy,
        quiet_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """Work on `store`; a study is complete `quiet_seconds` after its last object."""
        self._store = store
        self._linking = linking
        self._map_study = map_study
        self._quiet = timedelta(seconds=quiet_seconds)
        self._clock = clock

    def run_once(self) -> int:
        """Turn every quiet study into FHIR and return how many; raises `Unavailable`."""
        quiet = self._store.quiet_studies(self._clock() - self._quiet)
        for study_uid, last_received in quiet:
            self._settle(study_uid, last_received)
        return len(quiet)

    def _settle(self, study_uid: str, last_received: int) -> None:
        at = self._clock()
        try:
            with self._store.transaction() as tx:
                entry = self._commit(tx, study_uid, last_received, at)
        except Unavailable:
            raise
        except Exception as fault:  # noqa: BLE001 - one odd study must not stop the others
            self._fail(study_uid, last_received, at, fault)
            return
        _log.info("dimse.study", extra={"study": study_uid, "state": entry.state.value})

    def _commit(
        self, tx: Transaction, study_uid: str, last_received: int, at: datetime
    ) -> JournalEntry:
        instances = tx.instances(study_uid)
        mapped = self._map_study(instances)
        applied = apply(tx, mapped, self._linking)
        tx.settle_study(study_uid, last_received)
        entry = replace(
            _entry(study_uid, at, JournalState.PROCESSED),
            sender=instances[0].calling_ae,
            size=sum(one.size for one in instances),
            issues=(*mapped.warnings, *issues_of(applied)),
            resources=tuple(applied.written),
        )
        if applied.written:
            tx.record(entry)
        return entry

    def _fail(self, study_uid: str, last_received: int, at: datetime, fault: Exception) -> None:
        kind = type(fault).__name__
        _log.error("dimse.fault", extra={"kind": kind, "study": study_uid})
        issues = (
            fault.issues if isinstance(fault, GatewayError) else (Issue(kind, code="exception"),)
        )
        with self._store.transaction() as tx:
            # Settled all the same: its objects are held, and the next one reopens it.
            tx.settle_study(study_uid, last_received)
            tx.record(replace(_entry(study_uid, at, JournalState.FAILED), issues=issues))


def _entry(study_uid: str, at: datetime, state: JournalState) -> JournalEntry:
    return JournalEntry(
        received=at,
        door="dimse",
        peer="",
        kind="study",
        state=state,
        digest=b"",
        size=0,
        control_id=study_uid,
    )
