"""A store of any size within minutes, filled with the exams of `bench.reports`."""

from __future__ import annotations

from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from bench.reports import EXAM, PHYSICIANS, exam, physician
from gateway.store import bulk
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.bulk import Rows

_TYPES: Final = ("DiagnosticReport", "Observation", "Patient", "Practitioner", "ServiceRequest")
_CHUNK: Final = 200
# 2026-01-01T00:00:00Z in microseconds.
_UPDATED: Final = (1_767_225_600_000_000, "2026-01-01T00:00:00.000Z")


def load(url: str, resources: int) -> None:
    """Migrate the empty database of `url` and fill it with the exams of `resources` resources."""
    migrate(url)
    bulk.load(url, _TYPES, _batches(resources // EXAM))


def _batches(exams: int) -> Iterator[Rows]:
    yield bulk.rows_of([physician(number) for number in range(PHYSICIANS)], 1, *_UPDATED)
    starts = range(0, exams, _CHUNK)
    with get_context("spawn").Pool() as workers:
        yield from workers.imap(_chunk, [(start, min(start + _CHUNK, exams)) for start in starts])


def _chunk(between: tuple[int, int]) -> Rows:
    first, last = between
    resources = (one for number in range(first, last) for one in exam(number))
    return bulk.rows_of(resources, 1 + PHYSICIANS + first * EXAM, *_UPDATED)
