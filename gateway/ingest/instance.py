"""One DICOM object in: durable file, one row, then success."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import Conflict, Forbidden, GatewayError, Issue, Unavailable
from gateway.fhir.wire import dumps
from gateway.ingest.study_owner import Owners
from gateway.store.records import Instance, JournalEntry, JournalState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.dicom.instance import ReceivedInstance
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects

_log = logging.getLogger("gateway.dimse")
_SUCCESS: Final = 0x0000
# PS3.7 C.5: a failure of ours, without a better word for it.
_PROCESSING_FAILURE: Final = 0x0110
_KINDS: Final = {"dimse": "C-STORE", "dicomweb": "STOW-RS"}


class InstanceIngest:
    """Holds every object it is given; the study it belongs to is mapped later."""

    def __init__(self, store: Store, objects: Objects, *, clock: Callable[[], datetime]) -> None:
        """Keep files in `objects` and rows in `store`."""
        self._store = store
        self._objects = objects
        self._clock = clock
        self._owners = Owners()

    def receive(self, received: ReceivedInstance) -> int:
        """Hold one object and return its DIMSE status; never raises.

        Success only once file and row are durable. The same object again is a success without a
        second copy; another object under a UID that is held is kept aside and reported. An object
        of another patient than its study's is refused; what is refused is in the journal, with its
        bytes. PS3.4 B.2.3.
        """
        if received.refusal is not None:
            return self._refuse(received, received.refusal)
        try:
            self._hold(received)
        except GatewayError as refusal:
            return self._refuse(received, refusal)
        except Exception as fault:  # noqa: BLE001 - the sender must get a status, whatever it is
            # No trace: it may quote the patient.
            _log.error(
                "dimse.fault",
                extra={"instance": received.sop_instance, "kind": type(fault).__name__},
            )
            return _PROCESSING_FAILURE
        return _SUCCESS

    def _hold(self, received: ReceivedInstance) -> None:
        if received.content is None:
            self._objects.adopt(received.path, received.sha256)
        instance = _instance(received, self._clock())
        with self._store.transaction() as tx:
            held = tx.held_instance(instance.sop_uid)
            if instance.object in held:
                return
            _land(tx, received, instance.received)
            if held:
                self._keep_aside(tx, instance, received)
                return
            if not self._owners.agree(tx, instance.study_uid, received.header.attributes):
                message = "The study is held with another patient (0010,0020)."
                raise Conflict(message)
            tx.add_instance(instance)

    def _keep_aside(self, tx: Transaction, instance: Instance, received: ReceivedInstance) -> None:
        tx.add_instance(replace(instance, aside=True))
        text = "Another object holds this SOP Instance UID: this one is kept aside."
        issue = Issue(text, severity="warning", code="conflict")
        tx.record(_entry(received, instance.received, _SUCCESS, issue))

    def _refuse(self, received: ReceivedInstance, refusal: GatewayError) -> int:
        """Keep a refused object and its reason in the journal; return its status."""
        kind = type(refusal).__name__
        _log.warning("dimse.refused", extra={"instance": received.sop_instance, "kind": kind})
        # What may be sent again as it is, and what nobody was allowed to send, is not kept.
        if not isinstance(refusal, Unavailable | Forbidden):
            self._record(received, refusal)
        return refusal.dimse_status

    def _record(self, received: ReceivedInstance, refusal: GatewayError) -> None:
        issue = Issue(refusal.text, code=refusal.issue_code)
        entry = _entry(received, self._clock(), refusal.dimse_status, issue)
        try:
            if received.content is None and received.path.exists():
                self._objects.adopt(received.path, received.sha256)
            with self._store.transaction() as tx:
                _land(tx, received, entry.received)
                tx.record(entry)
        except Exception as fault:  # noqa: BLE001 - the sender is refused all the same
            kind = type(fault).__name__
            _log.error("dimse.fault", extra={"instance": received.sop_instance, "kind": kind})


def _land(tx: Transaction, received: ReceivedInstance, now: datetime) -> None:
    if received.content is not None:
        tx.land(received.sha256, received.content, now)


def _entry(received: ReceivedInstance, now: datetime, status: int, issue: Issue) -> JournalEntry:
    return JournalEntry(
        received=now,
        door=received.door,
        peer=received.peer,
        kind=_KINDS.get(received.door, received.door),
        state=JournalState.REFUSED,
        digest=bytes.fromhex(received.sha256),
        size=received.size,
        sender=received.calling_ae,
        control_id=received.sop_instance,
        answer=f"{status:04X}",
        issues=(issue,),
        object=received.sha256,
    )


def _instance(received: ReceivedInstance, now: datetime) -> Instance:
    header = received.header
    return Instance(
        sop_uid=received.sop_instance,
        study_uid=header.study_uid,
        series_uid=header.series_uid,
        sop_class=received.sop_class,
        transfer_syntax=received.transfer_syntax,
        object=received.sha256,
        size=received.size,
        received=now,
        calling_ae=received.calling_ae,
        header=dumps(header.attributes),
    )
