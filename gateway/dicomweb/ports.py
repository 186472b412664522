"""What the composition root hands to the DICOMweb door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from gateway.dicom.instance import ReceivedInstance
    from gateway.dicom.query import Query
    from gateway.dicomweb.drawing import Drawing
    from gateway.dicomweb.pacs import Pacs
    from gateway.ingest.series_metadata import SeriesMetadataMaker
    from gateway.store.api import Store
    from gateway.store.catalogue.catalogue import Found
    from gateway.store.objects import Objects


def _unheard(method: str, route: str, status: int, seconds: float) -> None:
    """Count nothing."""


def _all(study_uids: Sequence[str]) -> set[str]:
    """Let everything be seen."""
    return set(study_uids)


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the door needs.

    `base` is its own address, without a slash at the end. `find` answers queries; `receive` takes
    an object over and returns its DIMSE status; `metadata` knows the DICOM JSON of series;
    `drawing` decodes pixels in processes of its own; `visible` says which of some studies (by UID)
    may be seen, `knows` whether one is known here and may be. `pacs` holds what is not held here.
    `origins` are the pages of other hosts that may ask (CORS).
    """

    base: str
    store: Store
    objects: Objects
    find: Callable[[Query], Iterator[Found]]
    receive: Callable[[ReceivedInstance], int]
    metadata: SeriesMetadataMaker
    drawing: Drawing
    threads: Executor
    visible: Callable[[Sequence[str]], set[str]] = _all
    origins: tuple[str, ...] = ()
    most_json: int = 1 << 26
    pacs: Pacs | None = None
    knows: Callable[[str], bool] = bool
    observe: Callable[[str, str, int, float], None] = _unheard
