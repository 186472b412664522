"""DICOM objects that are held, and the metadata of their series that was made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer, bindparam, delete, func, insert, literal_column, select

from gateway.dicom.attributes import PATIENT_ID
from gateway.dicom.json_model import text
from gateway.fhir.wire import loads
from gateway.store.dicom_tables import RejectedRow, SeriesMetadataRow
from gateway.store.records import to_micros
from gateway.store.statements import INSTANCE, STUDY, Sql, render, render_values, table

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Dialect

    from gateway.store.api import Store, Transaction

REJECTED: Final = table(RejectedRow)
METADATA: Final = table(SeriesMetadataRow)
_COLUMNS: Final = (
    INSTANCE.c.sop_uid,
    INSTANCE.c.study_uid,
    INSTANCE.c.series_uid,
    INSTANCE.c.sop_class,
    INSTANCE.c.transfer_syntax,
    INSTANCE.c.object,
    INSTANCE.c.size,
)
# Written into the text: every parameter of a rendered statement is one that is given.
_ZERO: Final = literal_column("0", Integer)


@dataclass(frozen=True, slots=True)
class HeldInstance:
    """One object as held, without its header; `object` is its name in the objects."""

    sop_uid: str
    study_uid: str
    series_uid: str
    sop_class: str
    transfer_syntax: str
    object: str
    size: int


@dataclass(frozen=True, slots=True)
class SeriesMetadata:
    """The DICOM JSON of the objects of a series, with commas between, without brackets.

    `content` is a deflate stream that ends on a byte and is not the last block; `checksum` is the
    CRC-32 of what it holds, `size` its length; `fingerprint` names the objects it was made of.
    """

    study_uid: str
    series_uid: str
    fingerprint: str
    checksum: int
    size: int
    content: bytes


def held_instances(store: Store, study_uid: str, sop_uid: str = "") -> list[HeldInstance]:
    """Return the objects of a study, or one of them: none kept aside, none rejected."""
    given = {"study_uid": study_uid, "sop_uid": sop_uid}
    sql = _instances(store.database.dialect, one=bool(sop_uid))
    with store.database.reading() as cursor:
        cursor.execute(sql.text, [given[name] for name in sql.names])
        return [HeldInstance(*row) for row in cursor.fetchall()]


def patient_ids(store: Store, study_uids: Collection[str]) -> dict[str, str]:
    """Return the Patient ID (0010,0020) that an object of each study says, by study."""
    named = INSTANCE.c.study_uid.in_(study_uids)
    first = select(func.min(INSTANCE.c.sop_uid)).where(named).group_by(INSTANCE.c.study_uid)
    statement = select(INSTANCE.c.study_uid, INSTANCE.c.header).where(
        named, INSTANCE.c.sop_uid.in_(first), INSTANCE.c.aside == 0
    )
    with store.database.reading() as cursor:
        cursor.execute(*render_values(statement, store.database.dialect))
        return {row[0]: text(loads(bytes(row[1])), PATIENT_ID) for row in cursor.fetchall()}


def settled_studies(store: Store, since: datetime) -> list[tuple[str, int]]:
    """Return (study UID, last received) of studies at rest that got something since."""
    sql = _settled(store.database.dialect)
    with store.database.reading() as cursor:
        cursor.execute(sql.text, [to_micros(since)])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def rejected_in(store: Store, study_uid: str) -> set[str]:
    """Return the objects that rejection notes of a study name, held here or not."""
    sql = _rejected(store.database.dialect)
    with store.database.reading() as cursor:
        cursor.execute(sql.text, [study_uid])
        return {row[0] for row in cursor.fetchall()}


def kept_metadata(store: Store, study_uid: str) -> dict[str, SeriesMetadata]:
    """Return the metadata of a study that was kept, by series."""
    sql = _metadata(store.database.dialect)
    with store.database.reading() as cursor:
        cursor.execute(sql.text, [study_uid])
        found = [SeriesMetadata(*row) for row in cursor.fetchall()]
    return {one.series_uid: one for one in found}


def keep_metadata(tx: Transaction, metadata: SeriesMetadata) -> None:
    """Keep the metadata of a series in place of what was kept before."""
    tx.change(
        delete(METADATA).where(
            METADATA.c.series_uid == metadata.series_uid,
            METADATA.c.study_uid == metadata.study_uid,
        )
    )
    given = {name: getattr(metadata, name) for name in SeriesMetadata.__slots__}
    tx.change(insert(METADATA).values(given))


@lru_cache(maxsize=8)
def _instances(dialect: Dialect, *, one: bool) -> Sql:
    statement = select(*_COLUMNS).where(
        INSTANCE.c.study_uid == bindparam("study_uid"),
        INSTANCE.c.aside == _ZERO,
        INSTANCE.c.sop_uid.not_in(select(REJECTED.c.sop_uid)),
    )
    if one:
        return render(statement.where(INSTANCE.c.sop_uid == bindparam("sop_uid")), dialect)
    return render(statement.order_by(INSTANCE.c.series_uid, INSTANCE.c.sop_uid), dialect)


@lru_cache(maxsize=8)
def _settled(dialect: Dialect) -> Sql:
    statement = select(STUDY.c.study_uid, STUDY.c.last_received).where(
        STUDY.c.pending == _ZERO, STUDY.c.last_received >= bindparam("since")
    )
    return render(statement, dialect)


@lru_cache(maxsize=8)
def _rejected(dialect: Dialect) -> Sql:
    notes = select(INSTANCE.c.sop_uid).where(INSTANCE.c.study_uid == bindparam("study_uid"))
    return render(select(REJECTED.c.sop_uid).where(REJECTED.c.note_uid.in_(notes)), dialect)


@lru_cache(maxsize=8)
def _metadata(dialect: Dialect) -> Sql:
    columns = [METADATA.c[name] for name in SeriesMetadata.__slots__]
    return render(select(*columns).where(METADATA.c.study_uid == bindparam("study_uid")), dialect)
