"""What is done behind the commits, and which door's process does it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.app import assembly
from gateway.app.retention import prune
from gateway.errors import GatewayError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_log = logging.getLogger("gateway.serve")
_STUDY_POLL_SECONDS: Final = 0.25
# So long after the last commit there may still be something to do.
_COMMITTED_SECONDS: Final = 3.0
_INDEX_POLL_SECONDS: Final = 0.5
_METADATA_POLL_SECONDS: Final = 0.5
# A study that was longer on its way to rest is described when it is asked for.
_LOOKED_BACK: Final = timedelta(minutes=10)
# What has landed stays so long with its row: a sender in full swing is not slowed down.
_LANDED_SECONDS: Final = 2.0
_AGAIN_SECONDS: Final = 1.0


class _Job(NamedTuple):
    """Works until the event is set; the first of `carriers` that is open carries it."""

    run: Callable[[assembly.Foundation, threading.Event], None]
    carriers: tuple[str, ...]


def jobs_of(door: str, opened: Sequence[str]) -> list[str]:
    """Return the jobs that a door carries beside its own work, given all that are opened."""
    carried = {
        name: next((one for one in job.carriers if one in opened), "")
        for name, job in _JOBS.items()
    }
    return [name for name, carrier in carried.items() if carrier == door]


@contextlib.contextmanager
def at_work(
    base: assembly.Foundation, stop: threading.Event, jobs: Sequence[str]
) -> Iterator[None]:
    """Carry jobs, each in a thread of its name, until `stop` is set at the end of the block."""
    threads = [
        threading.Thread(target=carry, args=(partial(_JOBS[name].run, base), stop), name=name)
        for name in jobs
    ]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def carry(run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Run a job until `stop` is set, and again after a fault: nobody would miss its thread."""
    while not stop.is_set():
        try:
            run(stop)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the door goes on without the job
            # No trace: it may quote the patient.
            kind, job = type(fault).__name__, threading.current_thread().name
            _log.error("job.fault", extra={"job": job, "kind": kind})
            stop.wait(_AGAIN_SECONDS)
        else:
            return


def _settle_studies(base: assembly.Foundation, stop: threading.Event) -> None:
    """Turn studies that have come to rest into FHIR."""
    from gateway.app.dicom import keep_current  # noqa: PLC0415 - of the door of DICOM alone

    store, studies, list_planned = base.store, assembly.build_studies(base), keep_current(base)
    seen: object = None
    changed, rested = 0.0, False
    while not stop.wait(_STUDY_POLL_SECONDS):
        try:
            moment = store.moment()
            if moment != seen:
                seen, changed, rested = moment, time.monotonic(), False
            elif rested:
                continue
            studies.run_once()
            list_planned()
            # What waits for a while, a study to be quiet or to be listed, gets no commit for it.
            waited = time.monotonic() - changed > _COMMITTED_SECONDS
            rested = waited and not store.unsettled_studies()
        except Unavailable:
            # The store says it cannot commit now: the study stays pending.
            _log.warning("store.unavailable")


def _bring_away(base: assembly.Foundation, stop: threading.Event) -> None:
    """Bring small objects to the object store behind the commits, a quarter of the time."""
    pause = _LANDED_SECONDS
    while not stop.wait(pause):
        began = time.monotonic()
        try:
            busy = base.objects.bring_away(assembly.now() - timedelta(seconds=_LANDED_SECONDS)) > 0
        except Unavailable:
            # The store or the object store says it cannot now: what has landed waits.
            _log.warning("store.unavailable")
            busy = False
        pause = 3 * (time.monotonic() - began) if busy else _LANDED_SECONDS


def _describe(base: assembly.Foundation, stop: threading.Event) -> None:
    """Make the metadata of studies that have come to rest, before a viewer asks for it."""
    maker = assembly.build_metadata(base)
    rested: object = None
    while not stop.wait(_METADATA_POLL_SECONDS):
        try:
            moment = base.store.moment()
            if moment != rested:
                maker.prepare_settled(assembly.now() - _LOOKED_BACK)
                rested = moment
        except GatewayError as refusal:
            # Made when it is asked for, or the next time.
            _log.warning("dicomweb.metadata", extra={"kind": type(refusal).__name__})


def _index(base: assembly.Foundation, stop: threading.Event) -> None:
    """Fill index rows behind the commits, and leave the writers half of the time."""
    pause = _INDEX_POLL_SECONDS
    while not stop.wait(pause):
        began = time.monotonic()
        try:
            busy = base.store.reindex_step()
        except Unavailable:
            # The store says it cannot commit now: the next step begins where this one did.
            _log.warning("store.unavailable")
            busy = False
        # A step holds the writers' lock: three quarters of the time are everybody else's.
        pause = 3 * (time.monotonic() - began) if busy else _INDEX_POLL_SECONDS


_JOBS: Final = {
    "studies": _Job(_settle_studies, ("dimse",)),
    # Whoever takes small objects in can bring them away.
    "landing": _Job(_bring_away, ("dimse", "mllp", "http")),
    "indexing": _Job(_index, ("delivery",)),
    "metadata": _Job(_describe, ("delivery",)),
    "retention": _Job(prune, ("delivery",)),
}
