"""Procedure steps in: durable with the resources that they make, before Success."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.access.labels import may_leave
from gateway.dicom.procedure_step import StepStatus, begun, changed, status_of, study_uid_of
from gateway.errors import Conflict, NotFound
from gateway.fhir.datatypes import DICOM_UID, oid_system, reference
from gateway.ingest.entries import apply
from gateway.mapping.dicom.procedure_step import map_step
from gateway.mapping.to_dicom.worklist import is_performed, step_id
from gateway.store.labelled import Labelled
from gateway.store.procedure_steps import (
    ProcedureStep,
    held_step,
    read_step,
    steps_of_study,
    write_step,
)
from gateway.store.worklist import order_of_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.dicom.json_model import Model
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.ingest.linking import Linking
    from gateway.mapping.entry import Mapped
    from gateway.store.api import Store, Stored, Transaction, Written

    # Told of every message: the Procedure, which message it is, how many there are.
    Announce = Callable[[Transaction, str, str, int], None]

_SCHEDULED_ID: Final = 0x00400009


class ProcedureStepIngest:
    """Takes what modalities say of their work."""

    def __init__(
        self,
        store: Store,
        linking: Linking,
        *,
        accession_system: str,
        catch_up: Callable[[], None],
        announce: Announce,
    ) -> None:
        """Write to `store`; the worklist is current after `catch_up`.

        `announce` puts into the outbox what others must be told of it.
        """
        self._store = store
        self._linking = linking
        self._accession_system = accession_system
        self._catch_up = catch_up
        self._announce = announce
        self._labelled = Labelled(store)

    def create(self, uid: str, model: Model, calling_ae: str) -> None:
        """Take a new step; the same again changes nothing.

        Raises `Invalid` for a status that is no beginning, `Conflict` when the UID is taken.
        """
        begun(model)
        self._catch_up()
        with self._store.transaction() as tx:
            held = held_step(tx, uid)
            if held is not None:
                if held.messages[0] == model:
                    return
                message = "There is another procedure step of this UID."
                raise Conflict(message)
            step = ProcedureStep(uid, "", study_uid_of(model), model, (model,))
            self._write(tx, step, calling_ae, "N-CREATE")

    def change(self, uid: str, model: Model, calling_ae: str) -> None:
        """Take what has become of a step; the same again changes nothing.

        Raises `NotFound`, `Conflict` for a step that has ended, `Invalid` for an unknown status.
        """
        self._catch_up()
        with self._store.transaction() as tx:
            held = held_step(tx, uid)
            if held is None:
                message = "There is no procedure step of this UID."
                raise NotFound(message)
            result = changed(held.model, model)
            if result != held.model:
                step = replace(held, model=result, messages=(*held.messages, model))
                self._write(tx, step, calling_ae, "N-SET")

    def read(self, uid: str) -> Model:
        """Return a step as it stands; raises `NotFound`, also for what a label hides."""
        held = read_step(self._store, uid)
        if held is None or not self._may_be_told(uid):
            message = "There is no procedure step of this UID."
            raise NotFound(message)
        return held.model

    def _may_be_told(self, uid: str) -> bool:
        procedures = self._labelled.by_identifier("Procedure", [oid_system(uid)])
        return may_leave(*procedures, *self._labelled.patients_of(*procedures)).permitted

    def _write(self, tx: Transaction, step: ProcedureStep, calling_ae: str, kind: str) -> None:
        status = status_of(step.model)
        write_step(tx, replace(step, status=status.value if status else ""))
        mapped = map_step(
            step.uid,
            step.model,
            accession_system=self._accession_system,
            calling_ae=calling_ae,
        )
        order = self._order(tx, step, mapped)
        done = apply(tx, _of_order(tx, mapped, order, step), self._linking)
        procedure = done.references[mapped.entries[1].full_url]
        _point_study(tx, step.study_uid, procedure)
        if order and status is StepStatus.COMPLETED:
            _complete(tx, f"ServiceRequest/{order['id']}")
        self._announce(tx, procedure, kind, len(step.messages))

    def _order(self, tx: Transaction, step: ProcedureStep, mapped: Mapped) -> Resource:
        accessions = (one.value for one in mapped.links)
        name = order_of_step(tx, step.study_uid, next(accessions, ""))
        if name:
            stored = tx.read("ServiceRequest", name)
            return stored.resource if stored is not None and not stored.deleted else {}
        partners = self._linking.partners(tx, mapped.links, None)
        found = (one.resource for one in partners if one.type == "ServiceRequest")
        return next(found, {}) or _order_of_study(tx, step.study_uid)


def _of_order(tx: Transaction, mapped: Mapped, order: Resource, step: ProcedureStep) -> Mapped:
    """Tie Procedure and Task to the order and its patient; the Task that was planned is taken."""
    if not order:
        return mapped
    person, procedure, task = mapped.entries
    based = [reference(f"ServiceRequest/{order['id']}")]
    subject = order.get("subject", person.resource)
    known = {"subject": subject, "basedOn": based}
    done = replace(procedure, resource={**procedure.resource, **known})
    doing = {**task.resource, "for": subject, "focus": based[0], "basedOn": based}
    planned = _planned_task(tx, order, step)
    if planned:
        # What was planned keeps its own words; only how it stands is the modality's.
        doing = {**planned, **{name: doing[name] for name in _STANDING if name in doing}}
        tx.put(doing)
        return replace(mapped, entries=(done,) if "subject" in order else (person, done))
    return replace(mapped, entries=(person, done, replace(task, resource=doing)))


_STANDING: Final = ("status", "statusReason", "businessStatus", "executionPeriod", "lastModified")


def _planned_task(tx: Transaction, order: Resource, step: ProcedureStep) -> Resource:
    """Return the Task of the scheduled step that was performed, {} when there is none."""
    wanted = {
        str((item.get(f"{_SCHEDULED_ID:08X}", {}).get("Value") or [""])[0])
        for item in step.model.get("00400270", {}).get("Value") or ()
        if isinstance(item, dict)
    }
    tasks = _tasks(tx, f"ServiceRequest/{order['id']}")
    return next((one for one in tasks if step_id(order, one, {}) in wanted), {})


def _tasks(tx: Transaction, order: str) -> list[Resource]:
    found = {
        one.id: one.resource
        for param in ("focus", "based-on")
        for one in tx.find_referring("Task", param, order)
    }
    return list(found.values())


def _complete(tx: Transaction, order: str) -> None:
    """End an order of which nothing is left to be done; how it ended otherwise stays."""
    stored = tx.read(*order.split("/", 1))
    held = {} if stored is None or stored.deleted else stored.resource
    if held.get("status") == "active" and is_performed(_tasks(tx, order)):
        tx.put({**held, "status": "completed"})


def _order_of_study(tx: Transaction, study_uid: str) -> Resource:
    """Return the order of an earlier step of a study: one that is done is on no worklist."""
    for procedure in _procedures(tx, study_uid):
        for one in procedure.resource.get("basedOn", ()):
            stored = tx.read("ServiceRequest", one["reference"].partition("/")[2])
            if stored is not None and not stored.deleted:
                return stored.resource
    return {}


def _procedures(tx: Transaction, study_uid: str) -> list[Stored]:
    """Return what was performed for a study."""
    uids = steps_of_study(tx, study_uid) if study_uid else []
    return [one for uid in uids for one in tx.find("Procedure", [(DICOM_UID, oid_system(uid))])]


def _point_study(tx: Transaction, study_uid: str, procedure: str) -> None:
    """Let the study, where it is known already, say by which Procedure it was made."""
    for stored in tx.find(
        "ImagingStudy", [(DICOM_UID, oid_system(study_uid))] if study_uid else []
    ):
        if not stored.deleted and "procedureReference" not in stored.resource:
            tx.put({**stored.resource, "procedureReference": reference(procedure)})


def study_changed(tx: Transaction, written: Written) -> None:
    """Let a study point to its Procedure, and the Procedure to the order that came later: a hook.

    The study finds its order by any of its numbers; what was performed for it is of that order.
    """
    study = written.resource
    if written.stored.type != "ImagingStudy" or written.outcome == "deleted":
        return
    uids = (one for one in study.get("identifier", ()) if one.get("system") == DICOM_UID)
    for uid in uids:
        for procedure in _procedures(tx, str(uid.get("value", "")).removeprefix("urn:oid:")):
            if "procedureReference" not in study:
                # The write calls the hooks again, for the version that has it.
                tx.put({**study, "procedureReference": reference(procedure.reference)})
                return
            if "basedOn" not in procedure.resource:
                _tie(tx, procedure, _orders(study))


def _orders(study: Resource) -> list[Element]:
    kind = "ServiceRequest/"
    return [one for one in study.get("basedOn", ()) if one.get("reference", "").startswith(kind)]


def _tie(tx: Transaction, procedure: Stored, orders: list[Element]) -> None:
    """Let what was performed without an order say whose it is; the first order is the focus."""
    if not orders:
        return
    tx.put({**procedure.resource, "basedOn": orders})
    keys = [(one.get("system", ""), one["value"]) for one in procedure.resource["identifier"]]
    for task in tx.find("Task", keys):
        tx.put({**task.resource, "focus": orders[0], "basedOn": orders})
    if procedure.resource.get("status") == "completed":
        for order in orders:
            _complete(tx, order["reference"])


def nobody(_tx: Transaction, _procedure: str, _kind: str, _count: int) -> None:
    """Announce a step to nobody."""
