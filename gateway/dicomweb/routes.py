"""Every resource of the door; capabilities are made from this table (PS3.18 section 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.dicom.query import Level
from gateway.dicomweb.bulkdata import bulkdata
from gateway.dicomweb.metadata import metadata
from gateway.dicomweb.rendered import rendered, thumbnail
from gateway.dicomweb.retrieve import retrieve
from gateway.dicomweb.retrieve_frames import retrieve_frames
from gateway.dicomweb.search import searching
from gateway.dicomweb.wado_uri import wado_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.dicomweb.answer import Answer
    from gateway.dicomweb.call import Call


@dataclass(frozen=True, slots=True)
class Route:
    """One resource that is retrieved: its address, the transaction's name, what answers it.

    `{place}` in the path takes everything up to the next slash, `{place:path}` also slashes.
    """

    path: str
    name: str
    answer: Callable[[Call], Answer]


_STUDY: Final = "/studies/{study}"
_SERIES: Final = f"{_STUDY}/series/{{series}}"
_INSTANCE: Final = f"{_SERIES}/instances/{{instance}}"
_FRAMES: Final = f"{_INSTANCE}/frames/{{place}}"

RETRIEVED: Final[tuple[Route, ...]] = (
    *(
        Route(f"{level}{what}", f"Retrieve{said}{name}", answer)
        for level, name in ((_STUDY, "Study"), (_SERIES, "Series"), (_INSTANCE, "Instance"))
        for what, said, answer in (
            ("", "", retrieve),
            ("/metadata", "Metadata", metadata),
            ("/rendered", "Rendered", rendered),
            ("/thumbnail", "Thumbnail", thumbnail),
        )
    ),
    Route(_FRAMES, "RetrieveFrames", retrieve_frames),
    Route(f"{_FRAMES}/rendered", "RetrieveRenderedFrames", rendered),
    Route(f"{_FRAMES}/thumbnail", "RetrieveFrameThumbnail", thumbnail),
    Route(f"{_INSTANCE}/bulkdata/{{place:path}}", "RetrieveBulkdata", bulkdata),
    # As Orthanc names it, where it is the PACS behind.
    Route(f"{_INSTANCE}/bulk/{{place:path}}", "RetrieveBulk", bulkdata),
    Route("/wado", "RetrieveByUri", wado_uri),
)
# Where objects are stored.
STORED: Final = (("/studies", "StoreInstances"), (_STUDY, "StoreInstancesOfStudy"))
SEARCHED: Final[tuple[Route, ...]] = tuple(
    Route(path, f"SearchFor{name}", searching(level))
    for path, name, level in (
        ("/studies", "Studies", Level.STUDY),
        ("/series", "Series", Level.SERIES),
        ("/instances", "Instances", Level.IMAGE),
        (f"{_STUDY}/series", "SeriesOfStudy", Level.SERIES),
        (f"{_STUDY}/instances", "InstancesOfStudy", Level.IMAGE),
        (f"{_SERIES}/instances", "InstancesOfSeries", Level.IMAGE),
    )
)
