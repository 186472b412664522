"""The header of an object: what is known of it without its pixels.

Read from the first part of the encoded dataset, as it came; the canonical form is the DICOM JSON
model of the attributes in `attributes.py`.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.dicom import attributes
from gateway.dicom.elements import KNOWN_VRS, Reader
from gateway.dicom.json_model import text
from gateway.dicom.transfer_syntaxes import encoding_of
from gateway.errors import Malformed

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.dicom.transfer_syntaxes import Encoding

# Enough for the header of nearly every object.
HEAD_BYTES: Final = 1 << 18
# A header that has not ended here never will.
_LARGEST_HEAD: Final = 1 << 26
_GROWTH: Final = 8
# What a deflated head may grow to: a header, not a bomb.
_LARGEST_INFLATED: Final = 1 << 22
_UID: Final = re.compile(r"[0-9.]{1,64}")
_VR_AT: Final = slice(4, 6)
_REQUIRED: Final = (
    ("Study Instance UID", attributes.STUDY_INSTANCE_UID),
    ("Series Instance UID", attributes.SERIES_INSTANCE_UID),
    ("SOP Class UID", attributes.SOP_CLASS_UID),
    ("SOP Instance UID", attributes.SOP_INSTANCE_UID),
)


@dataclass(frozen=True, slots=True)
class InstanceHeader:
    """The header of one object.

    `attributes` is its DICOM JSON model; `complete` is False when the bytes ended before a tag
    after which no attribute of interest can come.
    """

    study_uid: str
    series_uid: str
    sop_class: str
    sop_instance: str
    attributes: Model
    complete: bool = True


def read_header(head: bytes, transfer_syntax: str) -> InstanceHeader:
    """Read the header from the first bytes of an encoded dataset.

    Raises `Malformed` when they cannot be read as a dataset or lack one of the four UIDs.
    """
    encoding = encoding_of(transfer_syntax)
    inflated = _inflate(head) if encoding.deflated else head
    reader = Reader(inflated, observed_encoding(inflated, encoding))
    model = reader.dataset()
    study, series, sop_class, sop_instance = (_uid(model, name, tag) for name, tag in _REQUIRED)
    return InstanceHeader(study, series, sop_class, sop_instance, model, reader.finished)


def read_header_from(dataset: BinaryIO, transfer_syntax: str) -> InstanceHeader:
    """Read the header from a file at the beginning of its dataset, no further than needed.

    Raises `Malformed` as `read_header` does.
    """
    start, size = dataset.tell(), HEAD_BYTES
    while True:
        dataset.seek(start)
        head = dataset.read(size)
        last = len(head) < size or size >= _LARGEST_HEAD
        try:
            header = read_header(head, transfer_syntax)
        except Malformed:
            if last:
                raise
        else:
            if header.complete or last:
                return replace(header, complete=True) if len(head) < size else header
        size *= _GROWTH


def _inflate(head: bytes) -> bytes:
    """Inflate what there is of a raw deflate stream (PS3.5 A.5), up to a limit."""
    for window in (-zlib.MAX_WBITS, zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(window).decompress(head, _LARGEST_INFLATED)
        except zlib.error:
            continue
    # Some senders say deflated and are not.
    return head


def observed_encoding(head: bytes, encoding: Encoding) -> Encoding:
    """Correct the announced encoding by the first element: senders get it wrong."""
    written = head[_VR_AT] in KNOWN_VRS
    if head[:2] == b"\x00\x08" and written:
        return replace(encoding, explicit=True, little=False)
    if head[:2] == b"\x08\x00":
        return replace(encoding, explicit=written, little=True)
    return encoding


def _uid(model: Model, name: str, tag: int) -> str:
    uid = text(model, tag)
    if not uid:
        message = f"The object has no {name}."
        raise Malformed(message)
    if not _UID.fullmatch(uid):
        message = f"The {name} of the object is not a UID."
        raise Malformed(message)
    return uid
