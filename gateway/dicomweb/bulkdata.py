"""Retrieve Bulkdata: one value that metadata only names (PS3.18 section 10.4.1.1.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.dicom.attributes import PIXEL_DATA
from gateway.dicom.dataset import require
from gateway.dicom.frames import image_of
from gateway.dicom.json_model import key, text
from gateway.dicom.media_types import MULTIPART, OCTETS, Offer, written
from gateway.dicom.multipart import closing, part_head
from gateway.dicomweb.answer import CHUNK, Answer
from gateway.dicomweb.held import etag_of, held, is_known
from gateway.dicomweb.ranges import asked_range, content_range
from gateway.dicomweb.retrieve_frames import MOST_FRAMES, retrieve_frames
from gateway.errors import NotAcceptable, NotFound
from gateway.ingest.series_metadata import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.dataset import Bulk
    from gateway.dicomweb.call import Call
    from gateway.dicomweb.ports import Ports
    from gateway.store.instances import HeldInstance

_DOCUMENT: Final = "00420011"
_MIME_TYPE: Final = 0x00420012
_PDF: Final = "application/pdf"


def bulkdata(call: Call) -> Answer:
    """Answer one value; encapsulated pixel data as its frames."""
    call.only()
    (one,) = held(call)
    return bulkdata_of(call, one, call.place.strip("/").upper())


def bulkdata_of(call: Call, one: HeldInstance, path: str, media: str = "") -> Answer:
    """Answer the value under a path; `media` is its only media type when given."""
    with opened(call.ports.objects, one.object) as file:
        dataset = call.ports.metadata.dataset(one, file)
        if path not in dataset.bulk:
            message = "The object has no bulk data under this address."
            raise NotFound(message)
        if path == key(PIXEL_DATA) and dataset.bulk[path].fragments:
            return _frames(call, image_of(dataset).frames)
        bulk = require(dataset, path)
        document = path == _DOCUMENT and text(dataset.model, _MIME_TYPE).lower() == _PDF
    medias = (_PDF, OCTETS) if document else (OCTETS,)
    return _value(call, one, path, bulk, (media,) if media else medias)


def _frames(call: Call, count: int) -> Answer:
    if count > MOST_FRAMES:
        message = f"The object says that it has {count} frames: ask for them by their numbers."
        raise NotAcceptable(message)
    return retrieve_frames(replace(call, place=",".join(map(str, range(1, count + 1)))))


def _value(call: Call, one: HeldInstance, path: str, bulk: Bulk, medias: tuple[str, ...]) -> Answer:
    offers = (*map(Offer, medias), *(Offer(media, multipart=True) for media in medias))
    told = f'This value is answered as {medias[0]}, or {MULTIPART}; type="{medias[0]}".'
    offer = call.agreed(offers, told)
    headers = {"etag": etag_of([one], path, offer.media), "accept-ranges": "bytes"}
    if is_known(call, headers["etag"]):
        return Answer(304, headers=headers)
    size = bulk.end - bulk.start
    if offer.multipart:
        return _multipart(call, one, path, offer.media, headers["etag"])
    span = asked_range(call.headers.get("range", ""), size)
    start, end, status = 0, size, 200
    if span is not None:
        headers["content-range"] = content_range(span, size)
        if not span.end:
            return Answer(416, headers=headers)
        (start, end), status = span, 206
    pieces = _pieces(call.ports, one, path, start, end)
    return Answer(status, media=offer.media, headers=headers, pieces=pieces, size=end - start)


def _multipart(call: Call, one: HeldInstance, path: str, media: str, etag: str) -> Answer:
    boundary = uuid4().hex
    kind = written(MULTIPART, {"type": media, "boundary": boundary})

    def pieces() -> Iterator[bytes]:
        yield part_head(boundary, {"Content-Type": media})
        yield from _pieces(call.ports, one, path, 0, None)
        yield closing(boundary)

    return Answer(200, media=kind, headers={"etag": etag}, pieces=pieces())


def _pieces(
    ports: Ports, one: HeldInstance, path: str, start: int, end: int | None
) -> Iterator[bytes]:
    """Yield a value from octet `start` to `end`, without holding it whole."""
    with opened(ports.objects, one.object) as file:
        dataset = ports.metadata.dataset(one, file)
        bulk = dataset.bulk[path]
        last = bulk.end if end is None else bulk.start + end
        # Numbers are turned whole, also where the range begins inside one.
        ahead = start % CHUNK
        for position in range(bulk.start + start - ahead, last, CHUNK):
            piece = dataset.value(
                bulk._replace(start=position, end=min(position + CHUNK, bulk.end))
            )
            yield piece[ahead : last - position]
            ahead = 0
