"""Text of a dataset by its Specific Character Set, never refused.

PS3.3 C.12.1.1.2 and PS3.5 6.1. What is not in the declared set is read as what it most probably is
(UTF-8, then Windows-1252): a name with one odd letter is better than an image without patient.
"""

from __future__ import annotations

from functools import cache
from typing import Final

# Latin-9 came with Supplement 236; pydicom 3.0 does not know it.
_LATIN_9: Final = {"ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}
_ESCAPE: Final = b"\x1b"
# Python decodes these with the escape sequence that introduces them.
_STATEFUL: Final = frozenset({"iso2022_jp", "iso2022_jp_2"})
_LATIN_1: Final = frozenset({"latin_1", "iso8859", "ascii"})
_C1: Final = frozenset(range(0x80, 0xA0))


def codecs_of(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the Python codecs of the defined terms of (0008,0005); unknown terms are left out.

    Empty when nothing is declared, which means ASCII.
    """
    stripped = tuple(term.strip().upper().replace("_", " ") for term in terms)
    found = tuple(_by_term().get(term, "") for term in stripped)
    return tuple(codec for codec in found if codec) if any(stripped) else ()


def decode(value: bytes, codecs: tuple[str, ...]) -> str:
    """Return the text of a value."""
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    if _ESCAPE in value:
        return _extended(value, codecs)
    return _plain(value, codecs[0] if codecs else "")


def _plain(value: bytes, codec: str) -> str:
    if codec and codec not in _LATIN_1:
        return _first_that_reads(value, (codec, "utf_8", "cp1252"))
    if codec == "latin_1" and _C1.isdisjoint(value):
        return value.decode("latin_1")
    # Latin-1 has no letter in 80-9F: there it is Windows-1252, where French senders have their oe.
    order = ("cp1252",) if codec == "latin_1" else ("utf_8", "cp1252")
    return _first_that_reads(value, order)


def _first_that_reads(value: bytes, order: tuple[str, ...]) -> str:
    for codec in order:
        try:
            return value.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return value.decode("latin_1")


def _extended(value: bytes, codecs: tuple[str, ...]) -> str:
    """Read a value with code extensions: each escape sequence designates the set that follows."""
    first, *rest = value.split(_ESCAPE)
    whole = _plain(first, codecs[0] if codecs else "") if first else ""
    return whole + "".join(_fragment(_ESCAPE + part, codecs) for part in rest)


def _fragment(fragment: bytes, codecs: tuple[str, ...]) -> str:
    escape = next((code for code in _escapes() if fragment.startswith(code)), b"")
    if not escape:
        return _plain(fragment.lstrip(_ESCAPE), codecs[0] if codecs else "")
    codec = _escapes()[escape]
    body = fragment if codec in _STATEFUL else fragment[len(escape) :]
    return _first_that_reads(body, (codec,))


@cache
def _by_term() -> dict[str, str]:
    from pydicom.charset import python_encoding  # noqa: PLC0415 - with it comes all of pydicom

    known = {**python_encoding, **_LATIN_9}
    return {term.replace("_", " "): codec for term, codec in known.items() if term}


@cache
def _escapes() -> dict[bytes, str]:
    from pydicom.charset import CODES_TO_ENCODINGS  # noqa: PLC0415 - as above

    return {**CODES_TO_ENCODINGS, b"\x1b-b": "iso8859_15"}
