"""One DICOM object in: durable file, one row, then success."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Issue
from gateway.fhir.wire import dumps
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


class InstanceIngest:
    """Holds every object it is given; the study it belongs to is mapped later."""

    def __init__(self, store: Store, objects: Objects, *, clock: Callable[[], datetime]) -> None:
        """Keep files in `objects` and rows in `store`."""
        self._store = store
        self._objects = objects
        self._clock = clock

    def receive(self, received: ReceivedInstance) -> int:
        """Hold one object and return its DIMSE status; never raises.

        Success only once file and row are durable. The same object again is a success without a
        second copy; another object under a UID that is held is kept aside and reported.
        PS3.4 B.2.3.
        """
        try:
            self._hold(received)
        except GatewayError as refusal:
            _log.warning(
                "dimse.refused",
                extra={"instance": received.sop_instance, "kind": type(refusal).__name__},
            )
            return refusal.dimse_status
        except Exception as fault:  # noqa: BLE001 - the sender must get a status, whatever it is
            # No trace: it may quote the patient.
            _log.error(
                "dimse.fault",
                extra={"instance": received.sop_instance, "kind": type(fault).__name__},
            )
            return _PROCESSING_FAILURE
        return _SUCCESS

    def _hold(self, received: ReceivedInstance) -> None:
        self._objects.adopt(received.path, received.sha256)
        instance = _instance(received, self._clock())
        with self._store.transaction() as tx:
            held = tx.held_instance(instance.sop_uid)
            if instance.object in held:
                return
            if held:
                self._keep_aside(tx, instance, received)
            else:
                tx.add_instance(instance)

    def _keep_aside(self, tx: Transaction, instance: Instance, received: ReceivedInstance) -> None:
        aside = Instance(
            **{name: getattr(instance, name) for name in Instance.__slots__ if name != "aside"},
            aside=True,
        )
        tx.add_instance(aside)
        text = "Another object holds this SOP Instance UID: this one is kept aside."
        tx.record(
            JournalEntry(
                received=instance.received,
                door="dimse",
                peer=received.peer,
                kind="C-STORE",
                state=JournalState.REFUSED,
                digest=bytes.fromhex(received.sha256),
                size=received.size,
                sender=received.calling_ae,
                control_id=instance.sop_uid,
                answer="0000",
                issues=(Issue(text, severity="warning", code="conflict"),),
                object=received.sha256,
            )
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
