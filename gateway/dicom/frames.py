"""The frames of an image, found in its pixel data without decoding (PS3.5 annex A)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.dicom.attributes import NUMBER_OF_FRAMES
from gateway.dicom.dataset import PIXELS
from gateway.dicom.json_model import key, number, text
from gateway.errors import Malformed, NotFound

if TYPE_CHECKING:
    from gateway.dicom.dataset import Bulk, Dataset
    from gateway.dicom.elements import Buffer
    from gateway.dicom.json_model import Model

_SAMPLES: Final = 0x00280002
_PHOTOMETRIC: Final = 0x00280004
_PLANAR: Final = 0x00280006
_ROWS: Final = 0x00280010
_COLUMNS: Final = 0x00280011
_ALLOCATED: Final = 0x00280100
_STORED: Final = 0x00280101
_SIGNED: Final = 0x00280103
_OFFSETS: Final = "7FE00001"
_ITEM: Final = Struct("<HHL")
_ITEM_TAG: Final = (0xFFFE, 0xE000)
# What begins a compressed frame: JPEG, JPEG 2000 code streams, boxes.
_BEGINNINGS: Final = (b"\xff\xd8", b"\xff\x4f", b"\x00\x00\x00\x0c")
_MOST_ALLOCATED: Final = 64
_LAST_FRAME: Final = 0xFFFFFFFF

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Image:
    """What must be known to find and read frames; `tag` is the element that holds them."""

    transfer_syntax: str
    tag: int
    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    signed: bool
    photometric: str
    planar: int
    frames: int

    @property
    def frame_bits(self) -> int:
        """Return the size of a native frame in bits."""
        pixels = self.rows * self.columns * self.samples
        if self.photometric == "YBR_FULL_422":
            pixels = pixels * 2 // 3
        return pixels * self.allocated


def image_of(dataset: Dataset) -> Image:
    """Return the image that an object is; raises `NotFound` for one that is none, `Malformed`."""
    model = dataset.model
    tag = next((one for one in sorted(PIXELS) if key(one) in dataset.bulk), None)
    if tag is None:
        message = "The object holds no image: it has no pixel data."
        raise NotFound(message)
    image = Image(
        dataset.transfer_syntax,
        tag,
        number(model, _ROWS) or 0,
        number(model, _COLUMNS) or 0,
        number(model, _SAMPLES) or 1,
        number(model, _ALLOCATED) or _usual_bits(tag),
        number(model, _STORED) or number(model, _ALLOCATED) or _usual_bits(tag),
        number(model, _SIGNED) == 1,
        text(model, _PHOTOMETRIC),
        number(model, _PLANAR) or 0,
        _frame_count(model),
    )
    if not (image.rows and image.columns) or not 0 < image.allocated <= _MOST_ALLOCATED:
        message = "The object does not say how its pixel data is laid out."
        raise Malformed(message)
    return image


def _usual_bits(tag: int) -> int:
    return {0x7FE00008: 32, 0x7FE00009: 64}.get(tag, 0)


def _frame_count(model: Model) -> int:
    found = number(model, NUMBER_OF_FRAMES)
    return found if found is not None and 0 < found <= _LAST_FRAME else 1


def read_frame(dataset: Dataset, image: Image, frame: int) -> bytes:
    """Return a frame, counted from 1, as it is stored; native ones in little endian.

    Raises `NotFound` for a frame that is not there, `Malformed` when the pixel data is cut off.
    """
    if not 1 <= frame <= image.frames:
        message = f"There is no frame {frame}: the frames are 1 to {image.frames}."
        raise NotFound(message)
    bulk = dataset.bulk[key(image.tag)]
    spans = _spans(dataset, image, bulk, frame)
    if bulk.fragments:
        return b"".join(dataset.buffer[start:end] for start, end in spans)
    ((start, end),) = spans
    raw = dataset.value(bulk._replace(start=start, end=end))
    first = image.frame_bits * (frame - 1)
    return _bits(raw, first % 8, image.frame_bits) if image.allocated == 1 else raw


def frame_span(dataset: Dataset, image: Image, frame: int) -> Span | None:
    """Return where the bytes lie that `read_frame` returns, None when they are not one stretch.

    Raises as `read_frame`.
    """
    bulk = dataset.bulk[key(image.tag)]
    spans = _spans(dataset, image, bulk, frame)
    as_it_is = bulk.fragments or (dataset.little and image.allocated != 1)
    return spans[0] if as_it_is and len(spans) == 1 else None


def _spans(dataset: Dataset, image: Image, bulk: Bulk, frame: int) -> list[Span]:
    """Return where a frame lies: fragments, or the bytes in which a native one begins and ends."""
    if bulk.fragments:
        spans = _encapsulated(dataset, bulk, image)
        if frame > len(spans):
            message = "The pixel data is cut off before this frame."
            raise Malformed(message)
        return spans[frame - 1]
    first = image.frame_bits * (frame - 1)
    last = first + image.frame_bits
    start, end = bulk.start + first // 8, bulk.start + (last + 7) // 8
    if end > bulk.end:
        message = "The pixel data is cut off before the end of this frame."
        raise Malformed(message)
    return [(start, end)]


def _bits(raw: bytes, shift: int, size: int) -> bytes:
    """Return `size` bits of packed pixels that begin `shift` bits into `raw` (PS3.5 8.1.1)."""
    if not shift:
        return raw
    whole = int.from_bytes(raw, "little") >> shift
    return (whole & ((1 << size) - 1)).to_bytes((size + 7) // 8, "little")


def _encapsulated(dataset: Dataset, bulk: Bulk, image: Image) -> list[list[Span]]:
    """Return the fragments of each frame (PS3.5 A.4)."""
    table, fragments = _fragments(dataset.buffer, bulk)
    if image.frames == 1:
        return [fragments] if fragments else []
    if len(fragments) == image.frames:
        return [[one] for one in fragments]
    offsets = _extended(dataset) or table
    if len(offsets) == image.frames and fragments:
        # An offset counts from the first byte of the first fragment's item.
        base = fragments[0][0] - _ITEM.size
        starts = {base + offset + _ITEM.size for offset in offsets}
        return _grouped(fragments, [span[0] in starts for span in fragments])
    begins = [dataset.buffer[start : start + 4].startswith(_BEGINNINGS) for start, _ in fragments]
    return _grouped(fragments, begins)


def _grouped(fragments: list[Span], begins: list[bool]) -> list[list[Span]]:
    found: list[list[Span]] = []
    for span, first in zip(fragments, begins, strict=True):
        if first or not found:
            found.append([])
        found[-1].append(span)
    return found


def _extended(dataset: Dataset) -> list[int]:
    bulk = dataset.bulk.get(_OFFSETS)
    inline = dataset.model.get(_OFFSETS, {}).get("InlineBinary", "")
    raw = base64.b64decode(inline) if bulk is None else dataset.buffer[bulk.start : bulk.end]
    return [int.from_bytes(raw[at : at + 8], "little") for at in range(0, len(raw) - 7, 8)]


def _fragments(buffer: Buffer, bulk: Bulk) -> tuple[list[int], list[Span]]:
    """Return the basic offset table, and where each fragment lies; stops where it is cut off."""
    table: list[int] = []
    found: list[Span] = []
    position, first = bulk.start, True
    while position + _ITEM.size <= bulk.end:
        group, element, length = _ITEM.unpack_from(buffer, position)
        start = position + _ITEM.size
        position = start + length
        if (group, element) != _ITEM_TAG or position > bulk.end:
            break
        if first:
            raw = buffer[start:position]
            table = [int.from_bytes(raw[at : at + 4], "little") for at in range(0, length - 3, 4)]
            first = False
        else:
            found.append((start, position))
    return table, found
