"""Storage commitment by what the store really has (PS3.4 annex J)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from gateway.dicom.json_model import Model, element, items, key, text
from gateway.errors import NotFound
from gateway.fhir.wire import dumps, loads
from gateway.store.dicom_tables import CommitmentRow
from gateway.store.records import to_micros
from gateway.store.statements import INSTANCE, render_values, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects

_ROW = table(CommitmentRow)
TRANSACTION_UID: Final = 0x00081195
REFERENCED: Final = 0x00081199
_FAILED: Final = 0x00081198
_REASON: Final = 0x00081197
_CLASS: Final = 0x00081150
_INSTANCE: Final = 0x00081155
# Failure Reason (0008,1197), PS3.3 C.14.1.1.
_NO_SUCH_INSTANCE: Final = 0x0112
_CLASS_CONFLICT: Final = 0x0119
_PROCESSING_FAILURE: Final = 0x0110
_TOGETHER: Final = 500


def keep_request(tx: Transaction, transaction_uid: str, peer: str, model: Model) -> None:
    """Keep a request until its result has been taken; the same again replaces it."""
    mine = (_ROW.c.transaction_uid == transaction_uid, _ROW.c.peer == peer)
    tx.change(delete(_ROW).where(*mine))
    row = {
        "transaction_uid": transaction_uid,
        "peer": peer,
        "received": to_micros(tx.now),
        "attributes": dumps(model),
    }
    tx.change(insert(_ROW).values(row))


def kept_request(store: Store, transaction_uid: str, peer: str) -> Model | None:
    """Return a request that was kept, or None; raises `Unavailable`."""
    statement = select(_ROW.c.attributes).where(
        _ROW.c.transaction_uid == transaction_uid, _ROW.c.peer == peer
    )
    with store.database.reading() as cursor:
        cursor.execute(*render_values(statement, store.database.dialect))
        row = cursor.fetchone()
    return None if row is None else loads(bytes(row[0]))


def forget_request(tx: Transaction, transaction_uid: str, peer: str) -> None:
    """Forget a request whose result has been taken."""
    tx.change(delete(_ROW).where(_ROW.c.transaction_uid == transaction_uid, _ROW.c.peer == peer))


def result_of(store: Store, objects: Objects, model: Model) -> tuple[Model, bool]:
    """Return the event information of a request, and whether all of it is committed.

    An object is committed when its row is there and its file can be opened.
    """
    asked = items(model, REFERENCED)
    held = _held(store, [text(one, _INSTANCE) for one in asked])
    kept, failed = [], []
    for one in asked:
        reason = _reason(one, held, objects)
        if reason:
            failed.append({**one, key(_REASON): element("US", [reason])})
        else:
            kept.append(one)
    result: Model = {key(TRANSACTION_UID): model.get(key(TRANSACTION_UID), {"vr": "UI"})}
    if kept:
        result[key(REFERENCED)] = element("SQ", kept)
    if failed:
        result[key(_FAILED)] = element("SQ", failed)
    return result, not failed


def _reason(asked: Model, held: dict[str, tuple[str, str]], objects: Objects) -> int:
    found = held.get(text(asked, _INSTANCE))
    if found is None:
        return _NO_SUCH_INSTANCE
    sop_class, name = found
    if sop_class != text(asked, _CLASS):
        return _CLASS_CONFLICT
    return 0 if _is_there(objects, name) else _PROCESSING_FAILURE


def _is_there(objects: Objects, name: str) -> bool:
    try:
        objects.open(name).close()
    except NotFound:
        return False
    return True


def _held(store: Store, uids: Iterable[str]) -> dict[str, tuple[str, str]]:
    wanted = list(dict.fromkeys(uids))
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(wanted), _TOGETHER):
        statement = select(INSTANCE.c.sop_uid, INSTANCE.c.sop_class, INSTANCE.c.object).where(
            INSTANCE.c.sop_uid.in_(wanted[start : start + _TOGETHER]), INSTANCE.c.aside == 0
        )
        with store.database.reading() as cursor:
            cursor.execute(*render_values(statement, store.database.dialect))
            found |= {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    return found
