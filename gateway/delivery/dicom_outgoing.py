"""What goes out by DICOM: queued in the transaction that makes it necessary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.delivery.endpoints import endpoint_id
from gateway.delivery.retry import retried
from gateway.fhir.datatypes import DICOM_UID, stable_id
from gateway.store.commitments import keep_request, result_of
from gateway.store.records import DeliveryState, NewDelivery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.dicom.json_model import Model
    from gateway.settings import DicomDestination
    from gateway.store.api import Store, Transaction, Written
    from gateway.store.objects import Objects

CHANNEL: Final = "dicom"
COMMITMENT: Final = "StorageCommitment/"
_OVER: Final = (DeliveryState.SENT, DeliveryState.REFUSED)
_STUDIES: Final = "studies"
_STEPS: Final = "procedure-steps"


def recipient_of(destination: DicomDestination) -> str:
    """Return the reference of the Endpoint that stands for a destination."""
    return f"Endpoint/{endpoint_id(destination)}"


class DicomOutgoing:
    """Queues studies, procedure steps and results of storage commitment."""

    def __init__(
        self, store: Store, objects: Objects, destinations: Iterable[DicomDestination]
    ) -> None:
        """Serve `destinations`."""
        self._store = store
        self._objects = objects
        self._destinations = tuple(destinations)

    def changed(self, tx: Transaction, written: Written) -> None:
        """Queue a study that is there, or has got more: a hook of the store."""
        if written.stored.type != "ImagingStudy" or written.outcome == "deleted":
            return
        study, before = written.resource, written.before
        had = {} if before is None or before.deleted else before.resource
        if study.get("status") != "available" or had.get("series") == study.get("series"):
            return
        uid = study_uid_of(study)
        senders = {one.calling_ae for one in tx.instances(uid)} if uid else set()
        for one in self._destinations:
            if _STUDIES in one.send and _comes_from(one, senders):
                version = written.stored.version
                self._enqueue(tx, one, written.stored.reference, version, "C-STORE", study)

    def announce(self, tx: Transaction, procedure: str, kind: str, count: int) -> None:
        """Queue a message about a procedure step, the `count`th one of it."""
        for one in self._destinations:
            if _STEPS in one.send:
                self._enqueue(tx, one, procedure, count, kind, {})

    def queue(self, model: Model, peer: str) -> bool:
        """Keep a storage commitment for an association of ours; False for a peer without address.

        Raises `Unavailable`.
        """
        one = next((one for one in self._destinations if one.ae_title == peer), None)
        if one is None:
            return False
        uid = str(model["00081195"]["Value"][0])
        with self._store.transaction() as tx:
            keep_request(tx, uid, peer, model)
            self._enqueue(tx, one, f"{COMMITMENT}{uid}", 1, "N-EVENT-REPORT", {})
        return True

    def result(self, model: Model) -> tuple[Model, bool]:
        """Return the result of a storage commitment now."""
        return result_of(self._store, self._objects, model)

    def _enqueue(  # noqa: PLR0913, PLR0917 - what a delivery says
        self,
        tx: Transaction,
        destination: DicomDestination,
        focus: str,
        version: int,
        reason: str,
        resource: dict[str, object],
    ) -> None:
        recipient = recipient_of(destination)
        subject = resource.get("subject", {})
        named = f"{recipient}|{focus}|{version}"
        delivery_id = stable_id("Delivery", CHANNEL, f"{named}|{reason}")
        held = tx.delivery(delivery_id) if focus.startswith(COMMITMENT) else None
        if held is not None and held.state in _OVER:
            # Asked again under the same Transaction UID: whoever asks has not got the result.
            tx.update_delivery(retried(held, tx.now))
            return
        tx.enqueue(
            NewDelivery(
                id=delivery_id,
                recipient=recipient,
                subject=str(subject.get("reference", "")) if isinstance(subject, dict) else "",
                focus=focus,
                focus_version=version,
                channel=CHANNEL,
                reason=reason,
                created=tx.now,
            )
        )


def study_uid_of(study: dict[str, object]) -> str:
    """Return the Study Instance UID of an ImagingStudy, empty without."""
    numbers = study.get("identifier", ())
    for one in numbers if isinstance(numbers, list) else ():
        if one.get("system") == DICOM_UID:
            return str(one.get("value", "")).removeprefix("urn:oid:")
    return ""


def _comes_from(destination: DicomDestination, senders: set[str]) -> bool:
    """Say whether a study came from elsewhere than the destination, and from where it wants it."""
    if not senders or senders == {destination.ae_title}:
        return False
    return not destination.send_from or bool(senders & set(destination.send_from))
