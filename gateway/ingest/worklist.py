"""Orders become worklist entries: followed behind the commits, current before each answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from gateway.access.labels import may_leave
from gateway.fhir.datatypes import DICOM_UID
from gateway.mapping.to_dicom.worklist import Planned, is_scheduled, worklist_entries
from gateway.store.following import Follower
from gateway.store.worklist import Step, add_steps, orders_of, remove_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store, Transaction

_log: Final = logging.getLogger("gateway.dimse")
_TYPES: Final = ("ServiceRequest", "Task", "Appointment", "Patient", "ImagingStudy")
_STEP: Final = 200
_FAR: Final = 1000


class WorklistIngest:
    """Keeps the worklist what the resources say."""

    def __init__(self, store: Store, modalities: Mapping[str, str]) -> None:
        """Follow the orders of `store`; `modalities` gives one by a code of an examination."""
        self._store = store
        self._modalities = modalities
        self._follower = Follower(store, "worklist", _TYPES)

    def catch_up(self) -> None:
        """Write what has changed since; raises `Unavailable`."""
        while True:
            before, last = self._follower.position(), self._follower.last()
            changed = self._follower.changed(before, _STEP)
            if not changed:
                self._skip(before, last)
                return
            names = list(dict.fromkeys(name for _, name in changed))
            with self._store.transaction() as tx:
                if self._follower.move(tx, before, changed[-1][0]):
                    orders = list(dict.fromkeys(self._orders(tx, names)))
                    # All at once: most orders that change are done, and have no step any more.
                    remove_steps(tx, orders)
                    for order_id in orders:
                        self._write(tx, order_id)

    def _skip(self, before: int, last: int) -> None:
        """Leave behind what concerns no order, once it is so much that looking takes time."""
        if last - before > _FAR:
            with self._store.transaction() as tx:
                self._follower.move(tx, before, last)

    def _orders(self, tx: Transaction, names: Iterable[str]) -> Iterable[str]:
        """Yield the orders (ids) that some changed resources concern."""
        known = list(names)
        yield from orders_of(tx, [name for name in known if name.startswith("Patient/")])
        for name in known:
            kind, _, own = name.partition("/")
            if kind == "ServiceRequest":
                yield own
            elif kind != "Patient":
                stored = tx.read(kind, own)
                yield from _based_on(stored.resource if stored and not stored.deleted else {})

    def _write(self, tx: Transaction, order_id: str) -> None:
        stored = tx.read("ServiceRequest", order_id)
        order = stored.resource if stored is not None and not stored.deleted else {}
        if not is_scheduled(order) or not may_leave(order).permitted:
            return
        patient = order.get("subject", {}).get("reference", "")
        planned = self._planned(tx, order)
        try:
            entries = list(worklist_entries(planned))
        except Exception as fault:  # noqa: BLE001 - one odd order must not keep all others from modalities
            # No trace: it may quote the patient.
            _log.error("worklist.fault", extra={"order": order_id, "kind": type(fault).__name__})
            return
        add_steps(tx, [Step(order_id, patient, entry) for entry in entries])

    def _planned(self, tx: Transaction, order: Resource) -> Planned:
        reference = f"ServiceRequest/{order['id']}"
        tasks = _referring(tx, "Task", ("focus", "based-on"), reference)
        appointments = _referring(tx, "Appointment", ("based-on",), reference)
        studies = _referring(tx, "ImagingStudy", ("basedon",), reference)
        requester = _follow(tx, order.get("requester"))
        role = requester.get("resourceType") == "PractitionerRole"
        person = _follow(tx, requester.get("practitioner")) if role else requester
        service = _follow(tx, requester.get("organization")) if role else {}
        return Planned(
            order=order,
            patient=_follow(tx, order.get("subject")),
            tasks=tasks,
            appointments=appointments,
            requester=person if isinstance(person.get("name"), list) else {},
            service=str(service.get("name", "")),
            encounter=_follow(tx, order.get("encounter")),
            study_uid=next((uid for one in studies if (uid := _study_uid(one))), ""),
            actors=_actors(tx, [order, *tasks, *appointments]),
            modalities=self._modalities,
        )


def _referring(tx: Transaction, kind: str, params: Iterable[str], reference: str) -> list[Resource]:
    found = {
        one.reference: one.resource
        for param in params
        for one in tx.find_referring(kind, param, reference)
    }
    return sorted(found.values(), key=lambda one: str(one["id"]))


def _follow(tx: Transaction, element: Any) -> Resource:  # noqa: ANN401 - a Reference, or none
    kind, slash, name = str((element or {}).get("reference", "")).partition("/")
    stored = tx.read(kind, name.partition("/")[0]) if slash and kind.isalpha() else None
    return stored.resource if stored is not None and not stored.deleted else {}


def _based_on(resource: Resource) -> Iterable[str]:
    named = [resource.get("focus", {}), *resource.get("basedOn", ())]
    for one in named:
        kind, _, name = str(one.get("reference", "")).partition("/")
        if kind == "ServiceRequest":
            yield name


def _study_uid(study: Resource) -> str:
    named = (one for one in study.get("identifier", ()) if one.get("system") == DICOM_UID)
    return next((str(one.get("value", "")).removeprefix("urn:oid:") for one in named), "")


def _actors(tx: Transaction, holders: Iterable[Resource]) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for holder in holders:
        named = [holder.get("owner"), holder.get("location"), *holder.get("performer", ())]
        named += [one.get("actor") for one in holder.get("participant", ())]
        for one in named:
            reference = str((one or {}).get("reference", ""))
            if reference.startswith(("Device/", "Location/")):
                found[reference] = _follow(tx, one)
    return {name: one for name, one in found.items() if one}
