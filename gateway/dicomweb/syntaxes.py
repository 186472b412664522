"""Which transfer syntaxes an object can be had in (PS3.18 section 8.7.3.5)."""

from __future__ import annotations

from typing import Final

from gateway.dicom.media_types import STORED
from gateway.dicom.sop_classes import ObjectKind, kind_of
from gateway.dicom.transfer_syntaxes import (
    DEFLATED_FRAMES,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    NATIVE,
    is_encapsulated,
)

_JPEG: Final = "1.2.840.10008.1.2.4."
RLE: Final = "1.2.840.10008.1.2.5"
# What the codecs that are installed with the gateway read.
_DECODED: Final = frozenset(
    {
        RLE,
        DEFLATED_FRAMES,
        *(f"{_JPEG}{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91, 201, 202, 203)),
    }
)
# What they write without loss.
_ENCODED: Final = frozenset({RLE, f"{_JPEG}80", f"{_JPEG}90"})
_WRITTEN: Final = frozenset({EXPLICIT_LITTLE, IMPLICIT_LITTLE}) | _ENCODED
# The media types of single frames (PS3.18 tables 8.7.3-2, 8.7.3-3), the usual one first.
MEDIA_TYPES: Final = {
    RLE: ("image/dicom-rle", "image/x-dicom-rle"),
    **dict.fromkeys(
        (f"{_JPEG}{number}" for number in (50, 51, 57, 70)), ("image/jpeg", "image/dicom+jpeg")
    ),
    **dict.fromkeys(
        (f"{_JPEG}{number}" for number in (80, 81)), ("image/jls", "image/dicom+jpeg-ls")
    ),
    **dict.fromkeys((f"{_JPEG}{number}" for number in (90, 91)), ("image/jp2", "image/dicom+jp2")),
    **dict.fromkeys((f"{_JPEG}{number}" for number in (92, 93)), ("image/jpx", "image/dicom+jpx")),
    **dict.fromkeys((f"{_JPEG}{number}" for number in (201, 202, 203)), ("image/jphc",)),
    **dict.fromkeys((f"{_JPEG}{number}" for number in (100, 101)), ("video/mpeg", "video/mpeg2")),
    **dict.fromkeys((f"{_JPEG}{number}" for number in range(102, 109)), ("video/mp4",)),
}


def is_decoded(transfer_syntax: str) -> bool:
    """Whether pixel data in a transfer syntax can be decoded here."""
    return transfer_syntax in NATIVE or transfer_syntax in _DECODED


def answered(stored: str, sop_class: str, wanted: str) -> str:
    """Return the transfer syntax that an object is answered in, empty when it cannot be had.

    `wanted` is empty for the default, Explicit VR Little Endian, which an object that cannot be
    decoded is excused from; `*` for what is stored.
    """
    if wanted in (STORED, stored):
        return stored
    image = kind_of(sop_class) in (ObjectKind.IMAGE, ObjectKind.SEGMENTATION, ObjectKind.OTHER)
    if not wanted:
        return EXPLICIT_LITTLE if is_decoded(stored) else stored
    if wanted not in _WRITTEN or not is_decoded(stored):
        return ""
    if is_encapsulated(wanted) and not image:
        return stored if stored != EXPLICIT_BIG else EXPLICIT_LITTLE
    return wanted
