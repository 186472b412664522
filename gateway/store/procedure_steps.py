"""Performed procedure steps as their modalities tell them, and what was told, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from gateway.fhir.wire import dumps, loads
from gateway.store.dicom_tables import ProcedureStepRow
from gateway.store.records import to_micros
from gateway.store.statements import render_values, table

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.store.api import Store, Transaction

_STEP = table(ProcedureStepRow)


@dataclass(frozen=True, slots=True)
class ProcedureStep:
    """A step: `model` as it stands, and every message that made it, the creation first."""

    uid: str
    status: str
    study_uid: str
    model: Model
    messages: tuple[Model, ...]


def held_step(tx: Transaction, uid: str) -> ProcedureStep | None:
    """Return a step, or None."""
    found = tx.ask(select(_STEP).where(_STEP.c.sop_uid == uid))
    return _step(found[0]) if found else None


def write_step(tx: Transaction, step: ProcedureStep) -> None:
    """Write a step in place of what was there."""
    tx.change(delete(_STEP).where(_STEP.c.sop_uid == step.uid))
    said = {"model": step.model, "messages": list(step.messages)}
    row: dict[str, Any] = {
        "sop_uid": step.uid,
        "status": step.status,
        "study_uid": step.study_uid,
        "changed": to_micros(tx.now),
        "attributes": dumps(said),
    }
    tx.change(insert(_STEP).values(row))


def steps_of_study(tx: Transaction, study_uid: str) -> list[str]:
    """Return the steps (UIDs) that say that they made a study."""
    found = tx.ask(select(_STEP.c.sop_uid).where(_STEP.c.study_uid == study_uid))
    return [str(row[0]) for row in found]


def read_step(store: Store, uid: str) -> ProcedureStep | None:
    """Return a step as committed, or None; raises `Unavailable`."""
    statement = select(_STEP).where(_STEP.c.sop_uid == uid)
    with store.database.reading() as cursor:
        cursor.execute(*render_values(statement, store.database.dialect))
        row = cursor.fetchone()
    return None if row is None else _step(row)


def _step(row: Any) -> ProcedureStep:  # noqa: ANN401 - a row
    said = loads(bytes(row[4]))
    return ProcedureStep(row[0], row[1], row[2], said["model"], tuple(said["messages"]))
