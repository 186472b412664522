"""Puts the region into a database by bulk loading, and says how far it is."""

from __future__ import annotations

import sys
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from gateway.app.synth.making import TYPES, frame, most, part
from gateway.errors import Conflict
from gateway.fhir.search.parameters import custom_rows, install
from gateway.fhir.search.query import parse_search
from gateway.store import bulk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from gateway.app.synth.region import Size
    from gateway.store.api import Store
    from gateway.store.bulk import Rows

# 2023-01-01T00:00:00Z in microseconds: when everything is said to be written.
_UPDATED: Final = (1_672_531_200_000_000, "2023-01-01T00:00:00.000Z")
_HTEST: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason|HTEST"
# What care leaves behind: a database with any of it is not empty.
_CARE: Final = (
    "Patient",
    "Encounter",
    "ServiceRequest",
    "Observation",
    "DiagnosticReport",
    "ImagingStudy",
    "DocumentReference",
    "Appointment",
    "Practitioner",
    "Organization",
)  # fmt: skip - a list, not a column
_WIDTH: Final = 30


def require_free(store: Store, *, beside_others: bool) -> None:
    """Raise `Conflict` when a region is there already, or data of others unless told."""
    if _any(store, "Patient", ("_security", _HTEST), ("_id", "synth-p0")):
        message = "The database already holds a synthetic region: it is made in a new database."
        raise Conflict(message)
    if beside_others:
        return
    for kind in _CARE:
        if _any(store, kind, ("_security:not", _HTEST)):
            message = (
                f"The database holds data that is not synthetic ({kind}): nothing was written. "
                "Use a new database, or --beside-other-data if you know what you do."
            )
            raise Conflict(message)


def _any(store: Store, kind: str, *pairs: tuple[str, str]) -> bool:
    return bool(store.search(parse_search(kind, [*pairs, ("_count", "1")])).matches)


def fill(url: str, size: Size, told: TextIO | None = None) -> int:
    """Load the region into the migrated database of `url`; return how many resources it has."""
    progress = _Progress(size, told or sys.stderr)
    first = bulk.last_number(url) + 1
    bulk.load(url, TYPES, progress.watch(_batches(size, first)))
    progress.end()
    return progress.made


def _batches(size: Size, first: int) -> Iterator[Rows]:
    own = list(frame(size))
    yield bulk.rows_of(own, first, *_UPDATED)
    start, step = first + len(own), most(size)
    work = ((size, number, start + number * step) for number in range(size.chunks))
    # Search parameters of packages count for what the other processes index too.
    known = (dict(custom_rows()),)
    with get_context("spawn").Pool(initializer=install, initargs=known) as workers:
        yield from workers.imap(_part, work)


def _part(given: tuple[Size, int, int]) -> Rows:
    size, number, first = given
    return bulk.rows_of(part(size, number), first, *_UPDATED)


class _Progress:
    """A line that is written over: how much is made, and how long the rest will take."""

    def __init__(self, size: Size, told: TextIO) -> None:
        self._parts = size.chunks + 1
        self._told = told
        self._began = time.monotonic()
        self.made = 0

    def watch(self, batches: Iterator[Rows]) -> Iterator[Rows]:
        for done, rows in enumerate(batches, 1):
            self.made += len(rows["resource"])
            self._say(done)
            yield rows
        self._line("resources are made; keys and indexes follow...")

    def end(self) -> None:
        took = time.monotonic() - self._began
        self._line(f"{self.made} resources within {took:.0f} s.")
        self._told.write("\n")

    def _say(self, done: int) -> None:
        filled = done * _WIDTH // self._parts
        passed = time.monotonic() - self._began
        left = passed / done * (self._parts - done)
        bar = "#" * filled + "." * (_WIDTH - filled)
        share = 100 * done // self._parts
        self._line(f"[{bar}] {share:3} %  {self.made} resources, {_clock(left)} left")

    def _line(self, text: str) -> None:
        self._told.write(f"\r{text:<78}")
        self._told.flush()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
