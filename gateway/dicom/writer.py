"""An encoded dataset from the DICOM JSON model, little endian (PS3.5 section 7, PS3.18 annex F).

Text is written in a character set of one codec; what it cannot write is spelled otherwise, never a
question mark: the ligature OE is not in ISO_IR 100.
"""

from __future__ import annotations

import unicodedata
from struct import Struct, pack
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom.attributes import SPECIFIC_CHARACTER_SET
from gateway.dicom.charsets import codecs_of
from gateway.dicom.elements import LONG_VRS
from gateway.dicom.json_model import key
from gateway.dicom.values import BINARY, EXTENDED, SINGLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.dicom.json_model import Model

UTF_8: Final = "ISO_IR 192"
_ITEM: Final = pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
_ITEM_END: Final = pack("<HHL", 0xFFFE, 0xE00D, 0)
_SEQUENCE_END: Final = pack("<HHL", 0xFFFE, 0xE0DD, 0)
_UNDEFINED: Final = 0xFFFFFFFF
# A length of two bytes, even.
_LONGEST: Final = 0xFFFE
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
# What Latin-1 has no letter for, in letters that it has.
_SPELLED: Final = str.maketrans(
    {
        "œ": "oe",
        "Œ": "OE",
        "Ÿ": "Y",
        "\u2019": "'",
        "\u2018": "'",
        "“": '"',
        "”": '"',
        "\u2013": "-",
        "—": "-",
        "…": "...",
        "€": "EUR",
        "«": '"',
        "»": '"',
        "\xa0": " ",
    }
)  # fmt: skip - one table


def charset_for(model: Model, demanded: tuple[str, ...]) -> str:
    """Return the defined term to write a dataset in; empty when all of it is ASCII.

    What the peer's own request is written in, when that has every letter but for a ligature; else
    ISO_IR 192.
    """
    words = "".join(_texts(model))
    if words.isascii():
        return ""
    term = next((one for one in demanded if codecs_of((one,))), UTF_8)
    if len(demanded) > 1 or not _writes(words.translate(_SPELLED), codecs_of((term,))[0]):
        return UTF_8
    return term


def _writes(words: str, codec: str) -> bool:
    try:
        words.encode(codec)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write_dataset(model: Model, *, explicit: bool, charset: str = UTF_8) -> bytes:
    """Return a dataset; `charset` is the defined term of its texts, empty for ASCII.

    Specific Character Set (0008,0005) of the model is replaced by it.
    """
    said = {**model, key(SPECIFIC_CHARACTER_SET): {"vr": "CS", "Value": [charset]}}
    if not charset:
        said.pop(key(SPECIFIC_CHARACTER_SET))
    codec = next(iter(codecs_of((charset,))), "ascii")
    return _dataset(said, codec, explicit=explicit)


def _dataset(model: Mapping[str, Any], codec: str, *, explicit: bool) -> bytes:
    return b"".join(
        _element(int(name, 16), model[name], codec, explicit=explicit) for name in sorted(model)
    )


def _element(tag: int, element: dict[str, Any], codec: str, *, explicit: bool) -> bytes:
    vr, content = element.get("vr", "UN"), element.get("Value") or []
    if vr == "SQ":
        items = (_dataset(one, codec, explicit=explicit) for one in content)
        body = b"".join(_ITEM + one + _ITEM_END for one in items)
        return _head(tag, vr, _UNDEFINED, explicit=explicit) + body + _SEQUENCE_END
    raw = _value(vr, content, codec)
    return _head(tag, vr, len(raw), explicit=explicit) + raw


def _head(tag: int, vr: str, length: int, *, explicit: bool) -> bytes:
    group, number = tag >> 16, tag & 0xFFFF
    if not explicit:
        return pack("<HHL", group, number, length)
    if vr.encode("ascii") in LONG_VRS:
        return pack("<HH2sHL", group, number, vr.encode("ascii"), 0, length)
    return pack("<HH2sH", group, number, vr.encode("ascii"), length)


def _value(vr: str, content: list[Any], codec: str) -> bytes:
    if vr in BINARY:
        return _numbers(vr, content)
    joined = "\\".join(_text(vr, one) for one in content)
    raw = _encoded(joined, codec if vr in EXTENDED else "ascii")
    # Some values are longer than the two bytes of their length: no answer has them.
    if vr not in SINGLE and len(raw) > _LONGEST:
        raw = raw[:_LONGEST]
    return raw + (b"\0" if vr == "UI" else b" ") if len(raw) % 2 else raw


def _numbers(vr: str, content: list[Any]) -> bytes:
    one = Struct(f"<{BINARY[vr]}")
    if vr == "AT":
        tags = [int(str(value), 16) for value in content if value is not None]
        return b"".join(one.pack(tag >> 16, tag & 0xFFFF) for tag in tags)
    return b"".join(one.pack(value) for value in content if value is not None)


def _text(vr: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        groups = [str(value.get(name) or "") for name in _GROUPS]
        return "=".join(groups).rstrip("=")
    text = str(value)
    # A backslash would begin another value.
    return text if vr in SINGLE else text.replace("\\", "/")


def _encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec)
    except (UnicodeEncodeError, LookupError):
        spelled = text.translate(_SPELLED)
    try:
        return spelled.encode(codec)
    except (UnicodeEncodeError, LookupError):
        plain = unicodedata.normalize("NFKD", spelled)
        return "".join(one for one in plain if not unicodedata.combining(one)).encode(
            "ascii", "replace"
        )


def _texts(model: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for element in model.values():
        for one in element.get("Value") or ():
            if isinstance(one, dict) and element.get("vr") == "SQ":
                found += _texts(one)
            elif element.get("vr") in EXTENDED:
                found.append(_text(element["vr"], one))
    return found
