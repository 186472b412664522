r"""Escape sequences of HL7 v2.5.1 chapter 2, 2.7: `\F\`, `\.br\`, `\Xhh\` and their kin.

What is not an escape sequence of the standard is text: it is kept as typed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.hl7v2.delimiters import STANDARD, Delimiters

# A number in a formatting command: no sender means more lines or spaces than this.
_MOST: Final = 100
_DELETE: Final = 0x7F
_TAB: Final = 0x09
_LINE: Final = 0x0A
_SPACE: Final = 0x20


def unescape(text: str, delimiters: Delimiters = STANDARD, codec: str = "utf-8") -> str:
    r"""Replace the escape sequences of `text`; `codec` reads the bytes of `\Xhh..\`.

    `\.br\` and `\.sp\` become line feeds, highlighting and indentation vanish, character set
    switches vanish, local and unknown sequences stay.
    """
    if delimiters.escape not in text:
        return text
    return _pattern(delimiters.escape).sub(_replacement(delimiters, codec), text)


def escape(text: str, delimiters: Delimiters = STANDARD) -> str:
    r"""Write `text` so that `unescape` gives it back and no byte of it ends a segment or block."""
    return text.translate(_table(delimiters))


@lru_cache(maxsize=16)
def _pattern(mark: str) -> re.Pattern[str]:
    one = re.escape(mark)
    return re.compile(
        rf"{one}(?:(?P<letter>[FSTREPHN])"
        # `\.BR\` is seen as often as `\.br\`.
        r"|\.(?P<command>(?i:br|sp|sk|ce|in|ti|fi|nf)) *(?P<number>[+-]?[0-9]{0,4})"
        r"|X(?P<hex>(?:[0-9A-Fa-f]{2})+)"
        rf"|(?P<switch>C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4,6}})){one}"
    )


class _Replacement:
    """What each match becomes, for one set of delimiters."""

    __slots__ = ("_codec", "_letters")

    def __init__(self, delimiters: Delimiters, codec: str) -> None:
        self._codec = codec
        self._letters = {
            "F": delimiters.field,
            "S": delimiters.component,
            "T": delimiters.subcomponent,
            "R": delimiters.repetition,
            "E": delimiters.escape,
            "P": delimiters.truncation or "#",
        }

    def __call__(self, match: re.Match[str]) -> str:
        letter, command, number, digits, _switch = match.groups()
        if letter:
            return self._letters.get(letter, "")
        if command:
            return _formatted(command.lower(), number)
        return _bytes_as_text(digits, self._codec) if digits else ""


@lru_cache(maxsize=64)
def _replacement(delimiters: Delimiters, codec: str) -> _Replacement:
    return _Replacement(delimiters, codec)


def _formatted(command: str, number: str) -> str:
    count = min(int(number), _MOST) if number.strip("+-") else 1
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * count
    return " " * count if command == "sk" else ""


def _bytes_as_text(digits: str, codec: str) -> str:
    data = bytes.fromhex(digits)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return data.decode("iso8859-15")


@lru_cache(maxsize=16)
def _table(delimiters: Delimiters) -> dict[int, str]:
    mark = delimiters.escape
    table = {
        code: f"{mark}X{code:02X}{mark}"
        for code in (*range(_SPACE), _DELETE)
        if code not in (_TAB, _LINE)
    }
    table[_LINE] = f"{mark}.br{mark}"
    letters = zip("FSRETP", delimiters, strict=False)
    return table | {ord(sign): f"{mark}{letter}{mark}" for letter, sign in letters if sign}
