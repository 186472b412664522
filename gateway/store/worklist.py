"""Scheduled procedure steps as rows, and the queries over them (PS3.4 K.6.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, or_, select

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import Model, items, text, values
from gateway.dicom.matching.ranges import moments
from gateway.dicom.query import Level, Query
from gateway.fhir.wire import dumps, loads
from gateway.store.catalogue.listing import folded_names
from gateway.store.catalogue.narrowing import dates, study_conditions
from gateway.store.dicom_tables import WorklistRow
from gateway.store.statements import render_values, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.store.api import Store, Transaction

WORKLIST = table(WorklistRow)
_PAGE: Final = 500
_STEPS: Final = 0x00400100
_STEP_DATE: Final = 0x00400002
_STEP_TIME: Final = 0x00400003


@dataclass(frozen=True, slots=True)
class Step:
    """A scheduled procedure step: the order it is of, its patient (`Patient/id`), the entry."""

    order_id: str
    patient: str
    entry: Model


def add_steps(tx: Transaction, steps: Iterable[Step]) -> None:
    """Write all the steps of an order of which none is there."""
    for number, step in enumerate(steps):
        tx.change(insert(WORKLIST).values(_columns(step, number)))


def remove_steps(tx: Transaction, order_ids: Iterable[str]) -> None:
    """Take all the steps of some orders away."""
    if names := tuple(order_ids):
        tx.change(delete(WORKLIST).where(WORKLIST.c.order_id.in_(names)))


def orders_of(tx: Transaction, patients: Iterable[str]) -> list[str]:
    """Return the orders (ids) of some patients (`Patient/id`) that are on the worklist."""
    if not (names := tuple(patients)):
        return []
    statement = select(WORKLIST.c.order_id).where(WORKLIST.c.patient_ref.in_(names)).distinct()
    return [row[0] for row in tx.ask(statement)]


def order_of_step(tx: Transaction, study_uid: str, accession: str) -> str:
    """Return the order (id) of a step by its study, else by its accession number, or empty."""
    for column, value in ((WORKLIST.c.study_uid, study_uid), (WORKLIST.c.accession, accession)):
        if value:
            found = tx.ask(select(WORKLIST.c.order_id).where(column == value).limit(1))
            if found:
                return str(found[0][0])
    return ""


def _columns(step: Step, number: int) -> dict[str, Any]:
    entry = step.entry
    item = next(iter(items(entry, _STEPS)), {})
    day = moments("DA", text(item, _STEP_DATE))
    return {
        "id": f"{step.order_id}#{number}",
        "order_id": step.order_id,
        "patient_ref": step.patient,
        "starts": f"{day.low if day else ''}{text(item, _STEP_TIME)}",
        "modality": text(item, tag.MODALITY),
        "patient_id": text(entry, tag.PATIENT_ID),
        "names": folded_names(entry),
        "accession": text(entry, tag.ACCESSION_NUMBER),
        "study_uid": text(entry, tag.STUDY_INSTANCE_UID),
        "attributes": dumps(entry),
    }


class Worklist:
    """Answers worklist queries, in the order in which the steps are planned."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def find(
        self, query: Query, prepare: Callable[[Model], Model] = lambda one: one
    ) -> Iterator[tuple[str, Model]]:
        """Yield (patient, entry) of the matches; `prepare` completes an entry before it is matched.

        Raises `Unavailable`.
        """
        conditions = _conditions(query)
        order = (WORKLIST.c.starts, WORKLIST.c.id)
        behind: list[Any] = []
        while True:
            columns = (*order, WORKLIST.c.patient_ref, WORKLIST.c.attributes)
            statement = select(*columns).where(*conditions, *behind).order_by(*order).limit(_PAGE)
            page = self._ask(statement)
            for row in page:
                entry = prepare(loads(bytes(row[3])))
                if query.matches(entry):
                    yield row[2], entry
            if len(page) < _PAGE:
                return
            starts, last = page[-1][0], page[-1][1]
            same = (WORKLIST.c.starts == starts) & (WORKLIST.c.id > last)
            behind = [or_(WORKLIST.c.starts > starts, same)]

    def _ask(self, statement: Any) -> Sequence[Any]:  # noqa: ANN401 - Select is generic
        with self._store.database.reading() as cursor:
            cursor.execute(*render_values(statement, self._store.database.dialect))
            return cursor.fetchall()


def _conditions(query: Query) -> list[Any]:
    """Return what must hold of a row: of the patient and the order, and of the step's day."""
    found = study_conditions(WORKLIST, query)
    asked = values(query.keys, _STEPS)
    if len(asked) != 1 or not isinstance(asked[0], dict):
        return found
    step = Query(Level.STUDY, asked[0])
    modality = step.single(tag.MODALITY)
    return [
        *found,
        *dates(WORKLIST.c.starts, step, _STEP_DATE),
        *([WORKLIST.c.modality.in_(modality)] if modality else []),
    ]
