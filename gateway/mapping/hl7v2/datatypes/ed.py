r"""ED, encapsulated data: a document inside OBX-5.

Seen in the wild: `^application^pdf^Base64^..`, `^AP^PDF^Base64^..`, `PDF^..`,
`^TEXT^XML^Base64^..` (a CDA document), `^TEXT^^Base64^..`, encoding `A` for hexadecimal, base64
with line breaks, `\.br\` or without its padding. What cannot be decoded is kept as it came.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message, Segment

PDF: Final = "application/pdf"
CDA: Final = "text/xml"
TEXT: Final = "text/plain"
UNKNOWN: Final = "application/octet-stream"

# Words of the type and subtype components, lower case, best first.
_DECLARED: Final = (
    ("pdf", PDF),
    ("xml", CDA),
    ("hl7-cda-level-one", CDA),
    ("rtf", "application/rtf"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("tiff", "image/tiff"),
    ("dicom", "application/dicom"),
    ("plain", TEXT),
    ("text", TEXT),
    ("tx", TEXT),
    ("ft", TEXT),
)
_MAGIC: Final = (
    (b"%PDF", PDF),
    (b"{\\rtf", "application/rtf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
)
_ENCODINGS: Final = frozenset({"base64", "a", "hex"})
# Where a CDA root element may stand after its prolog and comments.
_PROLOG: Final = 8192
_NOISE: Final = re.compile(r"\\\.br\\|\\X(?:0[AaDd]|20)+\\|\s")
_QUANTUM: Final = 4
_COMPONENTS: Final = 4


class Document(NamedTuple):
    """`fault` is a sentence about what was wrong, empty when nothing was."""

    content: bytes
    content_type: str
    fault: str = ""


def ed_document(obx: Segment, message: Message) -> Document | None:
    """Return the document in OBX-5, None when there is no data."""
    types, encoding, data = _parts(obx.raw_field(5), message.delimiters.component)
    if not data:
        return None
    declared = _declared(types)
    content = _decoded(data, encoding)
    if content is None:
        fault = "OBX-5 is not the base64 or hexadecimal that it says: kept as it came."
        return Document(data.encode(message.charset, "replace"), UNKNOWN, fault)
    return _sniffed(content, declared)


def ed_declared_type(obx: Segment, message: Message) -> str:
    """Return the content type that OBX-5 names, data or not."""
    return _declared(_parts(obx.raw_field(5), message.delimiters.component)[0]) or UNKNOWN


def _parts(raw: str, mark: str) -> tuple[list[str], str, str]:
    """Return the type words, the encoding and the data, wherever the sender put them."""
    parts = raw.split(mark, _COMPONENTS)
    for place, part in enumerate(parts):
        if part.strip().lower() in _ENCODINGS:
            rest = mark.join(parts[place + 1 :])
            return [word.lower() for word in parts[:place]], part.strip().lower(), rest.strip()
    *words, data = parts
    complete = len(parts) > _COMPONENTS
    return [word.lower() for word in words], "", data.strip() if complete or words else raw.strip()


def _declared(types: list[str]) -> str:
    words = {word for part in types for word in re.split(r"[/&]", part)}
    return next((kind for word, kind in _DECLARED if word in words), "")


def _decoded(data: str, encoding: str) -> bytes | None:
    try:
        if encoding in ("a", "hex"):
            return bytes.fromhex(_NOISE.sub("", data))
        return binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        return None if encoding in ("a", "hex") else _mended(data)


def _mended(data: str) -> bytes | None:
    """Decode base64 that has line breaks in it or lost its padding."""
    bare = _NOISE.sub("", data).rstrip("=")
    if len(bare) % _QUANTUM == 1:
        return None
    try:
        return binascii.a2b_base64(bare + "=" * (-len(bare) % _QUANTUM), strict_mode=True)
    except ValueError:
        return None


def _sniffed(content: bytes, declared: str) -> Document:
    """Believe the bytes first, then the sender."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return Document(content, kind)
    if b"ClinicalDocument" in content[:_PROLOG]:
        return Document(content, CDA)
    if declared == CDA and not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return Document(content, _plain(content), "OBX-5 says XML and holds something else.")
    if declared == PDF:
        return Document(content, UNKNOWN, "OBX-5 says PDF and holds something else.")
    return Document(content, declared or UNKNOWN)


def _plain(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError:
        return UNKNOWN
    return TEXT
