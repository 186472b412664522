"""Retrieve Frames (PS3.18 section 10.4.1.1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from gateway.dicom.frames import image_of, read_frame
from gateway.dicom.media_types import ANY, MULTIPART, OCTETS, STORED, Offer, agreed, written
from gateway.dicom.multipart import closing, part_head
from gateway.dicom.transfer_syntaxes import EXPLICIT_LITTLE, is_encapsulated
from gateway.dicomweb.answer import Answer
from gateway.dicomweb.held import etag_of, held, is_known
from gateway.dicomweb.syntaxes import MEDIA_TYPES, is_decoded
from gateway.errors import Malformed, NotAcceptable, NotFound
from gateway.ingest.series_metadata import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.dataset import Dataset
    from gateway.dicom.frames import Image
    from gateway.dicomweb.call import Call
    from gateway.dicomweb.ports import Ports
    from gateway.store.instances import HeldInstance

#: How many frames one answer holds.
MOST_FRAMES: Final = 65536
_LONGEST_NUMBER: Final = 10


class Form(NamedTuple):
    """How frames are answered: media type, transfer syntax, whether they are decoded for it."""

    media: str
    transfer_syntax: str
    decoded: bool
    multipart: bool

    @property
    def content_type(self) -> str:
        """The media type with the transfer syntax, as PS3.18 8.7.3.5.2 writes it."""
        return written(self.media, {"transfer-syntax": self.transfer_syntax})


def retrieve_frames(call: Call) -> Answer:
    """Answer frames in the order of the address, as they are stored or decoded."""
    call.only()
    numbers = frame_numbers(call.place)
    (one,) = held(call)
    with opened(call.ports.objects, one.object) as file:
        dataset = call.ports.metadata.dataset(one, file)
        image = image_of(dataset)
        require_frames(image, numbers)
        form = agreed_form(call, image, alone=len(numbers) == 1)
        etag = etag_of([one], call.place, form.content_type, str(form.multipart))
        if is_known(call, etag):
            return Answer(304, headers={"etag": etag})
        first = _frame(call.ports, dataset, image, numbers[0], form)
    if not form.multipart:
        return Answer(200, first, form.content_type, {"etag": etag})
    boundary = uuid4().hex
    media = written(MULTIPART, {"type": form.media, "boundary": boundary})
    if len(numbers) == 1:
        head = _head(call.ports, one, numbers[0], form, boundary)
        body = b"".join((head, first, closing(boundary)))
        return Answer(200, body, media, {"etag": etag})
    pieces = _parts(call.ports, one, numbers, form, boundary, first)
    return Answer(200, media=media, headers={"etag": etag}, pieces=pieces)


def frame_numbers(text: str) -> list[int]:
    """Return the frames that a list names; raises `Malformed`."""
    parts = text.split(",")
    fine = all(part.isascii() and part.isdigit() for part in parts)
    if not fine or len(parts) > MOST_FRAMES or max(map(len, parts)) > _LONGEST_NUMBER:
        message = "Frames are a list of numbers with commas between, counted from 1."
        raise Malformed(message)
    return list(map(int, parts))


def require_frames(image: Image, numbers: list[int]) -> None:
    """Raise `NotFound` when one of the frames is not there."""
    for number in numbers:
        if not 1 <= number <= image.frames:
            message = f"There is no frame {number}: the frames are 1 to {image.frames}."
            raise NotFound(message)


def agreed_form(call: Call, image: Image, *, alone: bool) -> Form:
    """Return how the frames of an image are answered; raises `NotAcceptable`."""
    stored = MEDIA_TYPES.get(image.transfer_syntax, ())
    medias = (OCTETS, *stored)
    offers = tuple(Offer(media, multipart=True) for media in medias)
    offers += tuple(Offer(media) for media in medias) if alone else ()
    for offer, wanted in agreed(call.accepted, offers):
        form = _form(image, offer, wanted.transfer_syntax, anything=wanted.content == ANY)
        if form is not None:
            return form
    said = f' or type="{stored[0]}"' if stored else ""
    message = (
        f'Frames of this image are answered as {MULTIPART}; type="{OCTETS}"{said}; '
        "transfer-syntax=* takes them as they are stored."
    )
    raise NotAcceptable(message)


def _form(image: Image, offer: Offer, wanted: str, *, anything: bool) -> Form | None:
    own = image.transfer_syntax
    compressed = is_encapsulated(own)
    if offer.media != OCTETS:
        fits = wanted in ("", STORED, own)
        return Form(offer.media, own, decoded=False, multipart=offer.multipart) if fits else None
    if compressed and wanted in (STORED, own):
        media = MEDIA_TYPES.get(own, (OCTETS,))[0] if anything else OCTETS
        return Form(media, own, decoded=False, multipart=offer.multipart)
    if wanted not in ("", STORED, EXPLICIT_LITTLE, own) or not is_decoded(own):
        return None
    return Form(OCTETS, EXPLICIT_LITTLE, decoded=compressed, multipart=offer.multipart)


def _frame(ports: Ports, dataset: Dataset, image: Image, number: int, form: Form) -> bytes:
    frame = read_frame(dataset, image, number)
    return ports.drawing.native(image, frame) if form.decoded else frame


def _head(ports: Ports, one: HeldInstance, number: int, form: Form, boundary: str) -> bytes:
    place = f"{ports.base}/studies/{one.study_uid}/series/{one.series_uid}"
    located = f"{place}/instances/{one.sop_uid}/frames/{number}"
    return part_head(boundary, {"Content-Type": form.content_type, "Content-Location": located})


def _parts(  # noqa: PLR0913, PLR0917 - what is sent, and how
    ports: Ports, one: HeldInstance, numbers: list[int], form: Form, boundary: str, first: bytes
) -> Iterator[bytes]:
    """Yield the parts, a frame at a time; the first was read to know that there is one."""
    with opened(ports.objects, one.object) as file:
        dataset = ports.metadata.dataset(one, file)
        image = image_of(dataset)
        for position, number in enumerate(numbers):
            yield _head(ports, one, number, form, boundary)
            yield _frame(ports, dataset, image, number, form) if position else first
    yield closing(boundary)
