"""The channel `dicom`: studies, procedure steps and commitments to other application entities."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from gateway.access.decision import Request, decide
from gateway.access.labels import may_leave
from gateway.delivery.dicom_outgoing import CHANNEL, COMMITMENT, recipient_of, study_uid_of
from gateway.delivery.endpoints import Pauses
from gateway.delivery.failures import Refused
from gateway.delivery.ports import Carried, Parcel
from gateway.delivery.retry import MESSAGES, Policy
from gateway.dicom.query import Level, Query
from gateway.fhir.datatypes import DICOM_UID
from gateway.store.commitments import forget_request, kept_request, result_of
from gateway.store.labelled import Labelled
from gateway.store.procedure_steps import read_step
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gateway.delivery.holdings import Holdings
    from gateway.dicom.json_model import Model
    from gateway.settings import DicomDestination
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects
    from gateway.store.records import Delivery, Instance

GONE = "What was to be sent is not in the store any more, or is not to be shown."


class DicomCourier(Protocol):
    """Calls one application entity; each raises `CourierFailure`."""

    @property
    def peer(self) -> str:
        """Where it calls, for the operator."""

    def create_step(self, uid: str, attributes: Model, /) -> None:
        """Tell of a procedure step."""

    def set_step(self, uid: str, attributes: Model, /) -> None:
        """Tell how a procedure step goes on."""

    def report_commitment(self, result: Model, /, *, complete: bool) -> None:
        """Tell the result of a storage commitment."""

    def send(self, instances: Sequence[Instance], /) -> str:
        """Send objects and return what became of them in words."""


class DicomChannel:
    """Carries the deliveries of the destinations."""

    name: str = CHANNEL
    policy: Policy = MESSAGES

    def __init__(
        self,
        store: Store,
        objects: Objects,
        holdings: Holdings,
        destinations: Sequence[DicomDestination],
        couriers: Mapping[str, DicomCourier],
    ) -> None:
        """Send to `destinations`, each by the courier of its name."""
        self._store = store
        self._objects = objects
        self._holdings = holdings
        self._labelled = Labelled(store)
        self._destinations = {recipient_of(one): one for one in destinations}
        self._couriers = couriers
        self._pauses = Pauses(store, destinations)
        self.parallel = max(1, len(self._destinations))

    def warm(self) -> None:
        """Nothing is loaded late."""

    def refresh(self, now: datetime) -> None:
        """Look who is paused; the first time, say who is there."""
        self._pauses.look(now)

    def serves(self, delivery: Delivery) -> bool:
        """Say whether the destination is known and not paused."""
        return self._pauses.let(self._destinations.get(delivery.recipient))

    def claim(self, delivery_id: str) -> Parcel | None:
        """Mark a waiting delivery as being sent."""
        with self._store.transaction() as tx:
            held = tx.delivery(delivery_id)
            if held is None or held.state is not DeliveryState.WAITING:
                return None
            sending = replace(held, state=DeliveryState.SENDING, attempts=held.attempts + 1)
            tx.update_delivery(sending)
        return Parcel(sending, partial(self._send, sending))

    def settled(self, tx: Transaction, delivery: Delivery) -> None:
        """Forget a commitment whose result has been taken."""
        if delivery.state is DeliveryState.SENT and delivery.focus.startswith(COMMITMENT):
            destination = self._destinations[delivery.recipient]
            forget_request(tx, delivery.focus.removeprefix(COMMITMENT), destination.ae_title)

    def close(self) -> None:
        """Every association has ended with its delivery."""

    def _send(self, delivery: Delivery) -> Carried:
        destination = self._destinations[delivery.recipient]
        courier = self._couriers[destination.name]
        decision = decide(
            Request("dimse", delivery.reason, caller=destination.ae_title, peer=courier.peer)
        )
        if not decision.permitted:
            raise Refused(decision.reason)
        if delivery.focus.startswith(COMMITMENT):
            return self._commitment(delivery, destination, courier)
        if delivery.reason == "C-STORE":
            return self._study(delivery, courier)
        return self._step(delivery, courier)

    def _commitment(
        self, delivery: Delivery, destination: DicomDestination, courier: DicomCourier
    ) -> Carried:
        uid = delivery.focus.removeprefix(COMMITMENT)
        model = kept_request(self._store, uid, destination.ae_title)
        if model is None:
            raise Refused(GONE)
        result, complete = result_of(self._store, self._objects, model)
        courier.report_commitment(result, complete=complete)
        return Carried(receipt="complete" if complete else "incomplete")

    def _study(self, delivery: Delivery, courier: DicomCourier) -> Carried:
        stored = self._store.read(*delivery.focus.split("/", 1))
        uid = study_uid_of(stored.resource) if stored is not None and not stored.deleted else ""
        query = Query(Level.STUDY, {"0020000D": {"vr": "UI", "Value": [uid]}})
        destination = self._destinations[delivery.recipient]
        instances = list(self._holdings.instances(query)) if uid else []
        wanted = [one for one in instances if one.calling_ae != destination.ae_title]
        if not wanted:
            raise Refused(GONE)
        return Carried(receipt=courier.send(wanted))

    def _step(self, delivery: Delivery, courier: DicomCourier) -> Carried:
        stored = self._store.read(*delivery.focus.split("/", 1))
        procedure = {} if stored is None or stored.deleted else stored.resource
        if not may_leave(procedure, *self._labelled.patients_of(procedure)).permitted:
            raise Refused(GONE)
        numbers = procedure.get("identifier", [])
        uids = [one["value"] for one in numbers if one.get("system") == DICOM_UID]
        step = read_step(self._store, uids[0].removeprefix("urn:oid:")) if uids else None
        if step is None or len(step.messages) < delivery.focus_version:
            raise Refused(GONE)
        message = step.messages[delivery.focus_version - 1]
        tell = courier.create_step if delivery.reason == "N-CREATE" else courier.set_step
        tell(step.uid, message)
        return Carried(receipt="0000")
