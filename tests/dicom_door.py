"""A DICOM door over a store of its own, and objects that it holds, for tests."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from gateway.delivery.holdings import Holdings
from gateway.dicom.header import read_header
from gateway.dicom.part10 import read_file_meta
from gateway.dimse.server import DimseServer
from gateway.fhir.wire import dumps
from gateway.ingest.instance import InstanceIngest
from gateway.store.objects import open_objects
from gateway.store.records import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.store.api import Store
    from gateway.store.objects import Objects

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
AT = datetime(2026, 9, 15, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """What a door stands on."""

    store: Store
    objects: Objects
    spool: Path

    @property
    def holdings(self) -> Holdings:
        return Holdings(self.store, self.objects)

    def hold(self, *images: Dataset, syntax: str = EXPLICIT) -> None:
        """Hold objects as if they had been received."""
        with self.store.transaction() as tx:
            for image in images:
                tx.add_instance(held(self.objects, image, syntax))


def a_place(store: Store, directory: Path) -> Place:
    objects = open_objects((directory / "objects").as_uri(), directory)
    return Place(store, objects, directory / "spool")


@contextmanager
def a_door(place: Place, services: Any, **settings: Any) -> Iterator[DimseServer]:  # noqa: ANN401 - the door's own
    receive = InstanceIngest(place.store, place.objects, clock=lambda: AT).receive
    given: dict[str, Any] = {"ae_title": "GATEWAY", **settings}
    server = DimseServer(
        "127.0.0.1", 0, spool=place.spool, receive=receive, services=services, **given
    )
    server.bind()
    stop = threading.Event()
    serving = threading.Thread(target=server.serve_until, args=(stop,), daemon=True)
    serving.start()
    try:
        yield server
    finally:
        stop.set()
        serving.join()
        server.drain(2.0)


def an_image(study: str = "1.2.3", series: int = 1, number: int = 1, **more: object) -> Dataset:
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = CT
    image.SOPInstanceUID = f"{study}.{series}.{number}"
    image.StudyDate = "20260915"
    image.AccessionNumber = "A1"
    image.Modality = "CT"
    image.PatientName = "LEFÈVRE^Zoé"
    image.PatientID = "4711"
    image.StudyInstanceUID = study
    image.SeriesInstanceUID = f"{study}.{series}"
    image.InstanceNumber = str(number)
    image.PixelData = bytes(range(256)) * 40
    image["PixelData"].VR = "OW"
    for name, value in more.items():
        setattr(image, name, value)
    return image


def file_of(image: Dataset, syntax: str = EXPLICIT) -> bytes:
    image.file_meta = FileMetaDataset()
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.TransferSyntaxUID = UID(syntax)
    target = BytesIO()
    dcmwrite(target, image, enforce_file_format=True)
    return target.getvalue()


def held(objects: Objects, image: Dataset, syntax: str = EXPLICIT) -> Instance:
    content = file_of(image, syntax)
    meta = read_file_meta(content)
    header = read_header(content[meta.dataset_offset :], syntax)
    return Instance(
        sop_uid=header.sop_instance,
        study_uid=header.study_uid,
        series_uid=header.series_uid,
        sop_class=header.sop_class,
        transfer_syntax=syntax,
        object=objects.put(content),
        size=len(content),
        received=AT,
        calling_ae="CT1",
        header=dumps(header.attributes),
    )
