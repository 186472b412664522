"""Studies that have been quiet become FHIR: the study, its reports, its measurements."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import GatewayError, Issue, Unavailable
from gateway.ingest.entries import apply, issues_of
from gateway.ingest.payload import is_large
from gateway.mapping.dicom.documents import is_document
from gateway.mapping.dicom.holding import map_held
from gateway.store.catalogue.catalogue import reject
from gateway.store.records import JournalEntry, JournalState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from gateway.ingest.linking import Linking
    from gateway.mapping.dicom.holding import MappedStudy
    from gateway.mapping.dicom.study import Context
    from gateway.mapping.entry import Mapped
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects
    from gateway.store.records import Instance

_log = logging.getLogger("gateway.dimse")
# A document larger than this is held and found, and not mapped: nobody reads it in one piece.
_LARGEST_DOCUMENT = 1 << 27


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A study of which nothing came for a while, as it was held when it was looked at."""

    uid: str
    last_received: int
    instances: list[Instance]


class _Settled(NamedTuple):
    written: tuple[str, ...]
    issues: tuple[Issue, ...]


class StudyIngest:
    """Turns what has been received of a study into FHIR, once nothing more comes.

    When a study was last added to is in the store: any process may do this, a restart forgets
    nothing, and objects that come later make a new version.
    """

    def __init__(  # noqa: PLR0913 - a flow with its ports
        self,
        store: Store,
        objects: Objects,
        linking: Linking,
        *,
        context: Context,
        quiet_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """Work on `store`; a study is complete `quiet_seconds` after its last object.

        Documents among the objects are read from `objects`.
        """
        self._store = store
        self._objects = objects
        self._linking = linking
        self._context = context
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
            state = self._commit(study_uid, last_received, at)
        except Unavailable:
            raise
        except Exception as fault:  # noqa: BLE001 - one odd study must not stop the others
            self._fail(study_uid, last_received, at, fault)
            return
        _log.info("dimse.study", extra={"study": study_uid, "state": state})

    def _commit(self, study_uid: str, last_received: int, at: datetime) -> str:
        with self._store.transaction() as tx:
            study = _Quiet(study_uid, last_received, held(tx, study_uid))
        # Reading and mapping take their time: nobody waits for the database meanwhile.
        mapped = map_held(
            study.instances, documents_of(self._objects, study.instances), self._context
        )
        self._keep(mapped)
        with self._store.transaction() as tx:
            if _names(held(tx, study_uid)) != _names(study.instances):
                # Something came, or another process was faster: the study is still to be settled.
                return "again"
            settled = self._apply(tx, mapped)
            for one in mapped.rejections:
                reject(tx, one.note, one.instances)
            tx.settle_study(study_uid, last_received)
            if settled.written:
                tx.record(_entry(study, at, settled))
        return JournalState.PROCESSED.value

    def _keep(self, mapped: MappedStudy) -> None:
        """Make durable what was taken out of the documents, before anything points to it."""
        for document in mapped.documents:
            for payload in document.objects:
                if is_large(payload):
                    self._objects.put(payload.content)

    def _apply(self, tx: Transaction, mapped: MappedStudy) -> _Settled:
        first = apply(tx, mapped.study, self._linking)
        done = [first]
        for document in mapped.documents:
            related = _with_orders(tx, document, first.references.get(mapped.study.study or "", ""))
            done.append(apply(tx, related, self._linking, known=first.references))
        said = [mapped.study, *mapped.documents]
        return _Settled(
            tuple(name for one in done for name in one.written),
            (
                *(issue for one in said for issue in one.warnings),
                *(issue for one in done for issue in issues_of(one)),
            ),
        )

    def _fail(self, study_uid: str, last_received: int, at: datetime, fault: Exception) -> None:
        kind = type(fault).__name__
        _log.error("dimse.fault", extra={"kind": kind, "study": study_uid})
        issues = (
            fault.issues if isinstance(fault, GatewayError) else (Issue(kind, code="exception"),)
        )
        study = _Quiet(study_uid, last_received, [])
        entry = _entry(study, at, _Settled((), issues))
        with self._store.transaction() as tx:
            # Settled all the same: its objects are held, and the next one reopens it.
            tx.settle_study(study_uid, last_received)
            tx.record(replace(entry, state=JournalState.FAILED))


def held(tx: Transaction, study_uid: str) -> list[Instance]:
    """Return the objects of a study, those that a note has rejected among them."""
    return tx.instances(study_uid)


def documents_of(objects: Objects, instances: Iterable[Instance]) -> dict[str, bytes]:
    """Return the files of the documents among the objects, by SOP Instance UID."""
    return {
        one.sop_uid: objects.read(one.object)
        for one in instances
        if is_document(one.sop_class) and one.size <= _LARGEST_DOCUMENT
    }


def _names(instances: Iterable[Instance]) -> list[tuple[str, str]]:
    return sorted((one.sop_uid, one.object) for one in instances)


def _with_orders(tx: Transaction, document: Mapped, study: str) -> Mapped:
    """Return a document whose reports are based on the orders of their study."""
    found = tx.read(*study.split("/", 1)) if study else None
    orders = found.resource.get("basedOn", []) if found else []
    named = [one for one in orders if "reference" in one]
    if not named:
        return document
    entries = tuple(
        replace(one, resource=one.resource | {"basedOn": named})
        if one.resource["resourceType"] in ("DiagnosticReport", "Observation")
        else one
        for one in document.entries
    )
    return replace(document, entries=entries)


def _entry(study: _Quiet, at: datetime, settled: _Settled) -> JournalEntry:
    return JournalEntry(
        received=at,
        door="dimse",
        peer="",
        kind="study",
        state=JournalState.PROCESSED,
        digest=b"",
        size=sum(one.size for one in study.instances),
        sender=study.instances[0].calling_ae if study.instances else "",
        control_id=study.uid,
        issues=settled.issues,
        resources=settled.written,
    )
