"""Objects that a gateway holds already: their rows, of studies that are settled."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from gateway.store.api import open_store
from gateway.store.records import Instance, to_micros

COUNT: Final = 100_000
_STUDY: Final = 500
_ROOT: Final = "2.25.20260101"
_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CT: Final = "1.2.840.10008.5.1.4.1.1.2"


def fill(url: str, count: int) -> None:
    """Add the rows of `count` objects, 500 a study, to a database that may be in use."""
    store = open_store(url)
    try:
        for study in range(count // _STUDY):
            with store.transaction() as tx:
                for number in range(_STUDY):
                    tx.add_instance(_instance(study, number))
                tx.settle_study(f"{_ROOT}.{study}", to_micros(_AT))
    finally:
        store.close()


def _instance(study: int, number: int) -> Instance:
    uid = f"{_ROOT}.{study}.{number % 5}.{number}"
    return Instance(
        sop_uid=uid,
        study_uid=f"{_ROOT}.{study}",
        series_uid=f"{_ROOT}.{study}.{number % 5}",
        sop_class=_CT,
        transfer_syntax="1.2.840.10008.1.2.1",
        object=sha256(uid.encode()).hexdigest(),
        size=11_000,
        received=_AT,
        calling_ae="BENCH",
        header=_header(study, number),
    )


def _header(study: int, number: int) -> bytes:
    """Return a header as long as those of the objects that are sent."""
    return (
        f'{{"00080016":{{"vr":"UI","Value":["{_CT}"]}},'
        f'"00080060":{{"vr":"CS","Value":["CT"]}},'
        f'"00100020":{{"vr":"LO","Value":["H{study:06d}"]}},'
        f'"0020000D":{{"vr":"UI","Value":["{_ROOT}.{study}"]}},'
        f'"00200013":{{"vr":"IS","Value":[{number}]}},'
        f'"00081030":{{"vr":"LO","Value":["{"x" * 900}"]}}}}'
    ).encode("ascii")
