"""The DICOM file format around an encoded dataset (PS3.10 section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, pack
from typing import Final

from gateway.errors import Malformed

PREAMBLE: Final = bytes(128) + b"DICM"
# 2.25 and a UUID as a number (PS3.5 B.2): no registered root is needed.
IMPLEMENTATION_CLASS_UID: Final = "2.25.140961432066997953237424925603975035921"
# Without a number: the same object must give the same file after an upgrade.
IMPLEMENTATION_VERSION_NAME: Final = "PASSERELLE"

_META_GROUP: Final = 0x0002
_TRANSFER_SYNTAX: Final = 0x0010
_LONG: Final = frozenset({b"OB", b"UN", b"SQ", b"UT", b"OW"})
_SHORT_ELEMENT: Final = Struct("<HH2sH")
_SHORTEST: Final = 8


def file_head(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Return preamble and file meta information for a dataset.

    It says nothing of who sent the object or when, so that the same object is the same file.
    PS3.10 table 7.1-1.
    """
    elements = b"".join(
        (
            pack("<HH2sHL2s", _META_GROUP, 0x0001, b"OB", 0, 2, b"\x00\x01"),
            _text(0x0002, b"UI", sop_class),
            _text(0x0003, b"UI", sop_instance),
            _text(_TRANSFER_SYNTAX, b"UI", transfer_syntax),
            _text(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            _text(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
        )
    )
    length = pack("<HH2sHL", _META_GROUP, 0x0000, b"UL", 4, len(elements))
    return PREAMBLE + length + elements


def _text(number: int, vr: bytes, value: str) -> bytes:
    raw = value.encode("ascii", "replace")
    if len(raw) % 2:
        raw += b"\0" if vr == b"UI" else b" "
    return _SHORT_ELEMENT.pack(_META_GROUP, number, vr, len(raw)) + raw


@dataclass(frozen=True, slots=True)
class FileMeta:
    """Where the dataset of a file begins, and its transfer syntax."""

    dataset_offset: int
    transfer_syntax: str


def read_file_meta(head: bytes) -> FileMeta:
    """Find the dataset in the first bytes of a file; raises `Malformed` when it is no such file."""
    if head[128:132] != b"DICM":
        message = "The file is not a DICOM file: there is no DICM after the preamble."
        raise Malformed(message)
    position, transfer_syntax = len(PREAMBLE), ""
    while position + _SHORTEST <= len(head):
        group, number, vr, length = _SHORT_ELEMENT.unpack_from(head, position)
        if group != _META_GROUP:
            break
        start = position + _SHORTEST
        if vr in _LONG:
            length = int.from_bytes(head[start : start + 4], "little")
            start += 4
        if number == _TRANSFER_SYNTAX:
            transfer_syntax = head[start : start + length].decode("ascii", "replace").strip(" \0")
        position = start + length
    if not transfer_syntax:
        message = "The file meta information has no Transfer Syntax UID."
        raise Malformed(message)
    return FileMeta(position, transfer_syntax)
