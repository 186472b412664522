"""Retrieve Rendered and Thumbnail: pictures of images (PS3.18 sections 10.4.1.1.3, 10.4.1.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.dicom.display import display_of
from gateway.dicom.drawn import Stretch
from gateway.dicom.frames import frame_span, image_of, read_frame
from gateway.dicom.media_types import MULTIPART, Offer, written
from gateway.dicom.multipart import closing, part_head
from gateway.dicom.sop_classes import ObjectKind, kind_of
from gateway.dicomweb.answer import Answer
from gateway.dicomweb.bulkdata import bulkdata_of
from gateway.dicomweb.held import etag_of, held, is_known
from gateway.dicomweb.rendering_parameters import rendering_of, thumbnail_of
from gateway.dicomweb.retrieve_frames import frame_numbers, require_frames
from gateway.errors import NotAcceptable, NotFound
from gateway.ingest.series_metadata import file_of, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.drawn import Rendering
    from gateway.dicomweb.call import Call
    from gateway.dicomweb.ports import Ports
    from gateway.store.instances import HeldInstance

_MEDIAS: Final = ("image/jpeg", "image/png", "image/gif")
_ALONE: Final = tuple(map(Offer, _MEDIAS))
_PARTS: Final = tuple(Offer(media, multipart=True) for media in _MEDIAS)
_DOCUMENTS: Final = ("00420011", "application/pdf")

# An object and one of its frames.
Shot = tuple["HeldInstance", int]


def rendered(call: Call) -> Answer:
    """Answer pictures: of the frames that are named, of an object, or of every image of a study."""
    found = held(call)
    if call.instance and kind_of(found[0].sop_class) is ObjectKind.PDF:
        return bulkdata_of(call, found[0], *_DOCUMENTS)
    images = _images(found)
    numbers = frame_numbers(call.place) if call.place else [1]
    shots = [(one, number) for one in images for number in numbers]
    if not call.instance:
        return _pictures(call, shots, (*_PARTS, *_ALONE))
    return _pictures(call, shots, (*_ALONE, *_PARTS) if len(shots) == 1 else _PARTS)


def thumbnail(call: Call) -> Answer:
    """Answer one small picture: of the first frame that is named, or of the image in the middle."""
    images = _images(held(call))
    numbers = frame_numbers(call.place) if call.place else [1]
    offer = _agreed(call, _ALONE)
    shot = (images[len(images) // 2], numbers[0])
    return _picture(call, shot, thumbnail_of(call, offer.media))


def _images(found: list[HeldInstance]) -> list[HeldInstance]:
    images = [one for one in found if kind_of(one.sop_class) in _SHOWN]
    if not images:
        message = "This holds no image that can be shown as a picture."
        raise NotAcceptable(message)
    return images


_SHOWN: Final = (ObjectKind.IMAGE, ObjectKind.SEGMENTATION, ObjectKind.OTHER)


def _agreed(call: Call, offers: tuple[Offer, ...]) -> Offer:
    shape = f"{MULTIPART} of " if offers[0].multipart else ""
    return call.agreed(offers, f"Pictures are answered as {shape}{', '.join(_MEDIAS)}.")


def _pictures(call: Call, shots: list[Shot], offers: tuple[Offer, ...]) -> Answer:
    offer = _agreed(call, offers)
    wanted = rendering_of(call, offer.media)
    if not offer.multipart:
        return _picture(call, shots[len(shots) // 2], wanted)
    etag = _etag(shots, wanted)
    if is_known(call, etag):
        return Answer(304, headers={"etag": etag})
    boundary = uuid4().hex
    media = written(MULTIPART, {"type": offer.media, "boundary": boundary})
    # Made now, so that what cannot be shown has a status of its own.
    first = _draw(call.ports, shots[0], wanted)
    pieces = _parts(call.ports, shots, wanted, boundary, first)
    return Answer(200, media=media, headers={"etag": etag}, pieces=pieces)


def _parts(
    ports: Ports, shots: list[Shot], wanted: Rendering, boundary: str, first: bytes
) -> Iterator[bytes]:
    for position, shot in enumerate(shots):
        one, number = shot
        place = f"{ports.base}/studies/{one.study_uid}/series/{one.series_uid}"
        located = f"{place}/instances/{one.sop_uid}/frames/{number}/rendered"
        yield part_head(boundary, {"Content-Type": wanted.media, "Content-Location": located})
        yield _draw(ports, shot, wanted) if position else first
    yield closing(boundary)


def _picture(call: Call, shot: Shot, wanted: Rendering) -> Answer:
    etag = _etag([shot], wanted)
    if is_known(call, etag):
        return Answer(304, headers={"etag": etag})
    return Answer(200, _draw(call.ports, shot, wanted), wanted.media, {"etag": etag})


def _etag(shots: list[Shot], wanted: Rendering) -> str:
    return etag_of([one for one, _ in shots], repr([number for _, number in shots]), repr(wanted))


def _draw(ports: Ports, shot: Shot, wanted: Rendering) -> bytes:
    one, number = shot
    with opened(ports.objects, one.object) as file:
        dataset = ports.metadata.dataset(one, file)
        try:
            image = image_of(dataset)
        except NotFound as none:
            raise NotAcceptable(none.text) from None
        require_frames(image, [number])
        display = display_of(dataset, number)
        # Of a deflated object the file has no stretch that is the frame.
        span = frame_span(dataset, image, number) if dataset.buffer is file else None
        frame: bytes | Stretch | None = _stretch(ports, one, span) if span else None
        if frame is None:
            frame = read_frame(dataset, image, number)
    return ports.drawing.picture(image, display, frame, wanted)


def _stretch(ports: Ports, one: HeldInstance, span: tuple[int, int]) -> Stretch | None:
    """Return where the process that draws finds a frame itself."""
    file = file_of(ports.objects, one.object)
    return Stretch(file, *span) if file is not None else None
