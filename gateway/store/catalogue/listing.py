"""Rows of the catalogue, made of what is held of one study in the transaction that asks.

Receiving writes none of them: a study that changed is marked, and listed before the next answer or
when the door is idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from gateway.dicom import attributes as tag
from gateway.dicom import levels
from gateway.dicom.json_model import Model, element, key, text, texts, values
from gateway.dicom.matching.names import fold
from gateway.dicom.matching.ranges import moments
from gateway.dicom.query import Level
from gateway.fhir.wire import dumps, loads
from gateway.store.dicom_tables import CatalogueSeriesRow, CatalogueStudyRow, RejectedRow
from gateway.store.statements import INSTANCE, STUDY, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.transaction import Transaction

LISTED_STUDY, LISTED_SERIES = table(CatalogueStudyRow), table(CatalogueSeriesRow)
REJECTED = table(RejectedRow)


def list_study(tx: Transaction, study_uid: str) -> None:
    """Write what the catalogue says of a study: objects aside and rejected ones left out."""
    series = {uid: _series(tx, study_uid, uid, count) for uid, count in _counts(tx, study_uid)}
    tx.change(delete(LISTED_STUDY).where(LISTED_STUDY.c.study_uid == study_uid))
    tx.change(delete(LISTED_SERIES).where(LISTED_SERIES.c.study_uid == study_uid))
    if series:
        study = _study(series.values(), _sop_classes(tx, study_uid))
        tx.change(insert(LISTED_STUDY).values(_columns(study_uid, study)))
    for uid, model in series.items():
        own = {**levels.part_of(model, Level.SERIES), **_counted(model)}
        row = {"study_uid": study_uid, "series_uid": uid, "attributes": dumps(own)}
        tx.change(insert(LISTED_SERIES).values(row))
    tx.change(update(STUDY).where(STUDY.c.study_uid == study_uid).values(listed=1))


def _held(study_uid: str) -> Any:  # noqa: ANN401 - a condition
    hidden = select(REJECTED.c.sop_uid)
    return (
        INSTANCE.c.study_uid == study_uid,
        INSTANCE.c.aside == 0,
        INSTANCE.c.sop_uid.not_in(hidden),
    )


def _counts(tx: Transaction, study_uid: str) -> list[tuple[str, int]]:
    statement = select(INSTANCE.c.series_uid, func.count()).where(*_held(study_uid))
    rows = tx.ask(statement.group_by(INSTANCE.c.series_uid).order_by(INSTANCE.c.series_uid))
    return [(row[0], row[1]) for row in rows]


def _sop_classes(tx: Transaction, study_uid: str) -> list[str]:
    statement = select(INSTANCE.c.sop_class).distinct().where(*_held(study_uid))
    return sorted(row[0] for row in tx.ask(statement))


def _series(tx: Transaction, study_uid: str, series_uid: str, count: int) -> Model:
    """Return the header of one object of a series, with how many there are."""
    statement = (
        select(INSTANCE.c.header)
        .where(*_held(study_uid), INSTANCE.c.series_uid == series_uid)
        .order_by(INSTANCE.c.sop_uid)
        .limit(1)
    )
    header: Model = loads(bytes(tx.ask(statement)[0][0]))
    return {**header, key(levels.RELATED_INSTANCES_OF_SERIES): element("IS", [count])}


def _counted(model: Model) -> Model:
    name = key(levels.RELATED_INSTANCES_OF_SERIES)
    return {name: model[name]}


def _study(series: Iterable[Model], sop_classes: list[str]) -> Model:
    """Return what the series say of their study, the first that says it, and the numbers."""
    found = list(series)
    study: Model = {}
    for model in reversed(found):
        said = levels.part_of(model, Level.STUDY)
        study |= {name: one for name, one in said.items() if "Value" in one or name not in study}
    modalities = sorted({one for model in found for one in texts(model, tag.MODALITY)})
    total = sum(values(one, levels.RELATED_INSTANCES_OF_SERIES)[0] for one in found)
    study[key(levels.MODALITIES_IN_STUDY)] = element("CS", modalities)
    study[key(levels.SOP_CLASSES_IN_STUDY)] = element("UI", sop_classes)
    study[key(levels.RELATED_SERIES_OF_STUDY)] = element("IS", [len(found)])
    study[key(levels.RELATED_INSTANCES_OF_STUDY)] = element("IS", [total])
    return study


def _columns(study_uid: str, study: Model) -> dict[str, object]:
    day = moments("DA", text(study, tag.STUDY_DATE))
    return {
        "study_uid": study_uid,
        "study_date": day.low if day else "",
        "patient_id": text(study, tag.PATIENT_ID),
        "names": folded_names(study),
        "accession": text(study, tag.ACCESSION_NUMBER),
        "attributes": dumps(study),
    }


def folded_names(model: Model) -> str:
    """Return the groups of a patient's name, folded: any match of it is a part of this text."""
    groups: list[str] = []
    for name in values(model, tag.PATIENT_NAME):
        groups += name.values() if isinstance(name, dict) else [str(name or "")]
    return "=".join(fold(one) for one in groups)
