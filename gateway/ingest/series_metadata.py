"""The DICOM JSON of whole series, made once and kept packed.

Viewers ask for it before they show anything. It is made when a study has come to rest or when it
is first asked for, and anew when the objects of the series are no longer those it was made of.
"""

from __future__ import annotations

import hashlib
import mmap
import zlib
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.dicom.dataset import read_file
from gateway.errors import GatewayError, Malformed, NotFound
from gateway.fhir.wire import dumps
from gateway.ingest.headers import Headers
from gateway.store.instances import (
    SeriesMetadata,
    held_instances,
    keep_metadata,
    kept_metadata,
    settled_studies,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gateway.dicom.dataset import Dataset
    from gateway.dicom.elements import Buffer
    from gateway.store.api import Store
    from gateway.store.instances import HeldInstance
    from gateway.store.objects import Objects

# A change of what is written for an object changes this.
_EDITION: Final = b"1"
_LEVEL: Final = 4
# Studies that come in within the time that is looked back, many times over.
_REMEMBERED: Final = 10_000


class SeriesMetadataMaker:
    """Makes the metadata of series, and keeps it in the store."""

    def __init__(self, store: Store, objects: Objects, base: str) -> None:
        """Read `objects`; BulkDataURIs begin with `base`, the address of the DICOMweb door."""
        self._store = store
        self._objects = objects
        self._base = base
        self._headers = Headers()
        # Studies as they were when their metadata was made, the latest last.
        self._prepared: dict[tuple[str, int], None] = {}

    def of(self, study_uid: str, instances: Sequence[HeldInstance]) -> list[SeriesMetadata]:
        """Return the metadata of those objects of a study, a series each, made where it is not.

        Raises `Unavailable` when what was made cannot be kept, `NotFound` when an object is lost.
        """
        kept = kept_metadata(self._store, study_uid)
        found = []
        for series_uid, group in groupby(instances, key=lambda one: one.series_uid):
            series = list(group)
            fingerprint = self._fingerprint(series)
            one = kept.get(series_uid)
            if one is None or one.fingerprint != fingerprint:
                one = self._make(study_uid, series_uid, fingerprint, series)
            found.append(one)
        return found

    def prepare(self, study_uid: str) -> None:
        """Make the metadata of a study before anybody asks; raises as `of`."""
        self.of(study_uid, held_instances(self._store, study_uid))

    def prepare_settled(self, since: datetime) -> int:
        """Make the metadata of studies that came to rest since; return how many; raises as `of`."""
        fresh = [one for one in settled_studies(self._store, since) if one not in self._prepared]
        for study_uid, last_received in fresh:
            self.prepare(study_uid)
            self._prepared[study_uid, last_received] = None
            while len(self._prepared) > _REMEMBERED:
                self._prepared.pop(next(iter(self._prepared)))
        return len(fresh)

    def dataset(self, one: HeldInstance, file: Buffer) -> Dataset:
        """Read one object whole, its header once; raises `Malformed` or `TooLarge`."""
        known = self._headers.get(one.object)
        if known is not None:
            return replace(known, buffer=file)
        found = self._read(one, file)
        if found.buffer is file:
            # Not inflated from it: values lie where they will lie the next time.
            self._headers.keep(one.object, found)
        return found

    def _read(self, one: HeldInstance, file: Buffer) -> Dataset:
        place = f"{self._base}/studies/{one.study_uid}/series/{one.series_uid}"
        return read_file(file, f"{place}/instances/{one.sop_uid}/bulkdata/{{}}".format)

    def _fingerprint(self, series: Sequence[HeldInstance]) -> str:
        digest = hashlib.sha256(_EDITION + self._base.encode())
        for one in series:
            digest.update(f"\n{one.sop_uid} {one.object}".encode())
        return digest.hexdigest()

    def _make(
        self, study_uid: str, series_uid: str, fingerprint: str, series: Sequence[HeldInstance]
    ) -> SeriesMetadata:
        packer = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
        checksum, size, parts = 0, 0, []
        for place, one in enumerate(series):
            text = (b"," if place else b"") + dumps(self._model(one))
            checksum, size = zlib.crc32(text, checksum), size + len(text)
            parts.append(packer.compress(text))
        # Ends on a byte, without saying that it was the last: what follows may be set behind it.
        parts.append(packer.flush(zlib.Z_FULL_FLUSH))
        made = SeriesMetadata(study_uid, series_uid, fingerprint, checksum, size, b"".join(parts))
        with self._store.transaction() as tx:
            keep_metadata(tx, made)
        return made

    def _model(self, one: HeldInstance) -> dict[str, object]:
        with opened(self._objects, one.object) as file:
            try:
                return self._read(one, file).model
            except NotFound:
                raise
            except GatewayError:
                # What cannot be read further than its header is there all the same.
                return {
                    "00080016": {"vr": "UI", "Value": [one.sop_class]},
                    "00080018": {"vr": "UI", "Value": [one.sop_uid]},
                    "0020000D": {"vr": "UI", "Value": [one.study_uid]},
                    "0020000E": {"vr": "UI", "Value": [one.series_uid]},
                }


def file_of(objects: Objects, name: str) -> Path | None:
    """Return the file of an object, None when it lies elsewhere; raises `NotFound`."""
    with objects.open(name) as stream:
        file = getattr(stream, "name", None)
        return Path(file) if isinstance(file, str) and Path(file).is_file() else None


@contextmanager
def opened(objects: Objects, name: str) -> Iterator[Buffer]:
    """Lend the bytes of an object, mapped where it is a file; raises `NotFound`, `Malformed`."""
    with objects.open(name) as stream:
        try:
            number = stream.fileno()
        except OSError:
            yield stream.read()
            return
        try:
            mapped = mmap.mmap(number, 0, access=mmap.ACCESS_READ)
        except ValueError:
            message = "The object is empty."
            raise Malformed(message) from None
        with mapped:
            yield mapped
