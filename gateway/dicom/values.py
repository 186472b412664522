"""Values of one attribute, from bytes to the DICOM JSON model (PS3.5 6.2, PS3.18 F.2.3)."""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.dicom.charsets import decode

_PADDING: Final = " \0"
# One value, where a backslash is a backslash.
SINGLE: Final = frozenset({"LT", "ST", "UT", "UR"})
# Leading spaces mean something in these.
_PARAGRAPHS: Final = frozenset({"LT", "ST", "UT"})
# PS3.5 table 6.2-1: VRs of numbers in binary, by their format in struct.
BINARY: Final = {
    "AT": "HH",
    "FD": "d",
    "FL": "f",
    "SL": "l",
    "SS": "h",
    "SV": "q",
    "UL": "L",
    "US": "H",
    "UV": "Q",
}
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,11}")
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
# Only these are written in the Specific Character Set (PS3.5 6.1.2.2).
EXTENDED: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


def read_value(vr: str, raw: bytes, codecs: tuple[str, ...]) -> list[Any]:
    """Return the values of an attribute; an empty one among several is None, none at all is []."""
    if b"\\" not in raw and raw.isascii() and b"\x1b" not in raw and vr not in _PARAGRAPHS:
        # Nearly every value: one, and plain.
        only = raw.decode("ascii").strip(_PADDING)
        value = _one(vr, only) if only else None
        return [] if value is None else [value]
    text = decode(raw, codecs) if vr in EXTENDED else raw.decode("latin_1")
    if vr in SINGLE:
        parts = [text.rstrip(_PADDING) if vr in _PARAGRAPHS else text.strip(_PADDING)]
    else:
        parts = [part.strip(_PADDING) for part in text.split("\\")]
    found = [_one(vr, part) if part else None for part in parts]
    return found if any(value is not None for value in found) else []


def _one(vr: str, text: str) -> Any:  # noqa: ANN401 - a JSON value
    if vr == "IS":
        return int(text) if _INTEGER.fullmatch(text) else text
    if vr == "PN":
        groups = zip(_GROUPS, text.split("="), strict=False)
        return {name: group.rstrip("^ ") for name, group in groups if group.rstrip("^ ")} or None
    return text
