"""MSH-18 and what the bytes really are (HL7 table 0211).

Of 446 archived French messages 200 declare `8859/1` over UTF-8 bytes: the name is a hint, the
bytes decide, and every disagreement is a warning.
"""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final, NamedTuple

# HL7 table 0211 -> Python codec. UNICODE alone is deprecated and means UTF-8; UTF-16 cannot travel
# in MLLP blocks, its bytes contain VT and FS.
CODECS: Final[dict[str, str]] = {
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
}
# Names that are not in the table and leave no doubt.
_SPELLINGS: Final[dict[str, str]] = {
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF8": "utf-8",
    "ISO-8859-1": "iso8859-1",
    "ISO8859-1": "iso8859-1",
    "ISO-8859-15": "iso8859-15",
    "ISO8859-15": "iso8859-15",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
}
# IHE PAM-FR: what a French sender means when it says nothing.
_NATIONAL: Final = "iso8859-15"
_NAMES: Final = {codec: name for name, codec in reversed(CODECS.items())} | {
    "utf-8": "UNICODE UTF-8",
    "ascii": "",
}


class Decoded(NamedTuple):
    """The text, the Python codec that it was read with, and what was not as declared."""

    text: str
    codec: str
    warnings: tuple[str, ...]


def codec_of(name: str) -> str | None:
    """Give the Python codec for a name of MSH-18, or None when it is unknown or empty."""
    folded = " ".join(name.upper().split())
    return CODECS.get(folded) or _SPELLINGS.get(folded)


def name_of(codec: str) -> str:
    """Give the name of table 0211 for a Python codec; empty for ASCII, which is the default."""
    return _NAMES.get(codec, codec.upper())


def decode(raw: bytes, declared: str) -> Decoded:
    """Read `raw` as MSH-18 `declared` says, or as its bytes show; never raises."""
    codec = codec_of(declared)
    warnings: tuple[str, ...] = ()
    if declared.strip() and codec is None:
        warnings = (f"MSH-18 names an unknown character set: {declared.strip()[:40]}",)
    if raw.isascii():
        return Decoded(raw.decode("ascii"), codec or "ascii", warnings)
    return _decode_high(raw, codec, warnings)


def encode(text: str, codec: str) -> bytes:
    """Write `text` in `codec`; a character that it lacks loses its accent, or becomes `?`."""
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        plain = "".join(_nearest(character, codec) for character in text)
        return plain.encode(codec, "replace")


def _nearest(character: str, codec: str) -> str:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        folded = unicodedata.normalize("NFKD", character)
        bare = "".join(part for part in folded if not unicodedata.combining(part))
        return bare or "?"
    return character


def _decode_high(raw: bytes, codec: str | None, warnings: tuple[str, ...]) -> Decoded:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(raw, codec, warnings)
    if codec != "utf-8":
        said = _said(codec, warnings)
        warnings = (*warnings, f"MSH-18 {said} but the bytes are UTF-8")
    return Decoded(text, "utf-8", warnings)


def _not_utf8(raw: bytes, codec: str | None, warnings: tuple[str, ...]) -> Decoded:
    if codec in (None, "ascii", "utf-8"):
        said = _said(codec, warnings)
        text = raw.decode("utf-8", _MIXED)
        # Parts of one message may come from two systems: what is UTF-8 stays UTF-8.
        used = _NATIONAL if text == raw.decode(_NATIONAL) else "utf-8"
        warnings = (*warnings, f"MSH-18 {said} but bytes that are not UTF-8 were read as 8859/15")
    else:
        text, used = raw.decode(codec, "replace"), codec
    read = Decoded(text, used, warnings)
    # Looking for the bytes first: translating a text costs much more.
    return _windows(read) if len(raw.translate(None, _C1_BYTES)) != len(raw) else read


def _said(codec: str | None, warnings: tuple[str, ...]) -> str:
    if codec is None:
        return "names no known character set" if warnings else "is empty"
    return f"says {name_of(codec) or 'ASCII'}"


def _windows(read: Decoded) -> Decoded:
    """Give the C1 controls of ISO 8859 their Windows meaning: nobody sends a C1 control."""
    text = read.text.translate(_C1)
    if text == read.text:
        return read
    warning = "bytes 80 to 9F were read as Windows-1252"
    return Decoded(text, read.codec, (*read.warnings, warning))


def _c1_as_windows() -> dict[int, str]:
    table = {}
    for code in _C1_BYTES:
        character = bytes([code]).decode("cp1252", "ignore")
        if character:
            table[code] = character
    return table


def _as_national(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return fault.object[fault.start : fault.end].decode(_NATIONAL), fault.end


_C1_BYTES: Final = bytes(range(0x80, 0xA0))
_C1: Final = _c1_as_windows()
_MIXED: Final = "gateway-iso8859-15"
codecs.register_error(_MIXED, _as_national)
