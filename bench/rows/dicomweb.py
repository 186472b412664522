"""A study of 500 CT slices over DICOMweb, beside the DICOMweb plugin of Orthanc."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom import dcmread

from bench.images import SLICE, write_images
from bench.installation import Installation
from bench.process import HOST
from bench.result import TimeRow
from bench.rivals import orthanc
from bench.rows import dimse
from bench.rows.dimse import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.plan import Plan

_COUNT: Final = 500
# A study is 250 MB, to be written and sent twice before anything is asked.
_STUDIES: Final = 2
_BYTES: Final = SLICE * SLICE * 2
_STUDY: Final = 700
_CHUNK: Final = 1 << 20
_JSON: Final = "application/dicom+json"
_OBJECTS: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_FRAME: Final = 'multipart/related; type="application/octet-stream"'


@dataclass(frozen=True, slots=True)
class _Server:
    receiver: Receiver
    http: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """One kind of request: of the study, or of `times` of its objects, one after another."""

    name: str
    path: str
    accept: str
    times: int = 1
    below: float | None = None
    # Whether an answer is all that was asked for.
    whole: Callable[[bytes | int, int], bool] = lambda got, _: bool(got)


def _listed(got: bytes | int, count: int) -> bool:
    return isinstance(got, bytes) and len(json.loads(got)) == count


def _series(got: bytes | int, _: int) -> bool:
    return isinstance(got, bytes) and len(json.loads(got)) == 5


def _one(got: bytes | int, _: int) -> bool:
    return isinstance(got, int) and got > _BYTES


def _all(got: bytes | int, count: int) -> bool:
    return isinstance(got, int) and got > count * _BYTES


# In this order: what is asked for the second time comes after the first.
_ASKED: Final = (
    _Asked("metadata of the study, first", "/metadata", _JSON, below=1000, whole=_listed),
    _Asked("metadata of the study, again", "/metadata", _JSON, 3, below=200, whole=_listed),
    _Asked("QIDO-RS, its instances", "/instances", _JSON, 3, whole=_listed),
    _Asked("QIDO-RS, its series", "/series", _JSON, 10, whole=_series),
    _Asked("one frame", "{instance}/frames/1", _FRAME, 20, whole=_one),
    _Asked("one picture as JPEG", "{instance}/rendered", "image/jpeg", 20),
    _Asked("the whole study", "", _OBJECTS, whole=_all),
)


def why_not() -> str:
    """Say what is missing, or nothing."""
    return dimse.why_not()


def measure(plan: Plan) -> Iterator[TimeRow]:
    """Yield a row for each kind of request."""
    place = plan.place / "dicomweb"
    place.mkdir(parents=True)
    count = max(10, _COUNT // plan.shorter)
    rows = [TimeRow(f"{one.name} ({count} objects)", one.below) for one in _ASKED]
    with (
        Installation(place / "gateway", doors=("http", "dimse")) as gateway,
        nullcontext() if orthanc.why_not() else orthanc.serving(place / "orthanc") as other,
    ):
        own = _Server(Receiver(gateway.dicom, "GATEWAY"), gateway.http)
        servers = [(own, [row.values for row in rows])]
        if other is not None:
            receiver = Receiver(other.dicom, orthanc.AE_TITLE)
            servers.append((_Server(receiver, other.http), [row.others for row in rows]))
        for repetition in range(min(plan.repetitions, _STUDIES)):
            images = place / "images"
            write_images(images, count, SLICE, study=_STUDY + repetition)
            for server, numbers in servers:
                for into, taken in zip(numbers, _round(server, images), strict=True):
                    into.append(taken)
            shutil.rmtree(images)
    for row in rows:
        print("  " + "  ".join(cell for cell in row.cells() if cell), flush=True)
        yield row


def _round(server: _Server, images: Path) -> Iterator[float]:
    """Send a study and yield the milliseconds that each kind of request takes."""
    files = sorted(images.iterdir())
    dimse.send(server.receiver, images, nodelay=True)
    heads = [dcmread(one, stop_before_pixels=True) for one in files[:: max(1, len(files) // 20)]]
    study = f"/dicom-web/studies/{heads[0].StudyInstanceUID}"
    instances = [f"/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}" for one in heads]
    with closing(http.client.HTTPConnection(HOST, server.http, timeout=300)) as connection:
        # The processes that draw are started, and the connection is made.
        _ask(connection, f"{study}{instances[-1]}/rendered", "image/jpeg")
        for asked in _ASKED:
            began, waited = time.perf_counter(), 0.0
            for number in range(asked.times):
                path = asked.path.format(instance=instances[number % len(instances)])
                got = _ask(connection, study + path, asked.accept)
                paused = time.perf_counter()
                if not asked.whole(got, len(files)):
                    message = f"{asked.name}: not all that was asked for came."
                    raise RuntimeError(message)
                waited += time.perf_counter() - paused
            yield (time.perf_counter() - began - waited) / asked.times * 1000


def _ask(connection: http.client.HTTPConnection, path: str, accept: str) -> bytes | int:
    """Return an answer in JSON, or the length of another; raises `RuntimeError` for a refusal."""
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        message = f"{path}: {answer.status} {answer.read(500)!r}"
        raise RuntimeError(message)
    if accept == _JSON:
        return answer.read()
    size = 0
    while chunk := answer.read(_CHUNK):
        size += len(chunk)
    return size
