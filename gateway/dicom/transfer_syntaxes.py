"""How a dataset is encoded, by its Transfer Syntax UID (PS3.5 section 10 and annex A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
JPIP_DEFLATE: Final = frozenset({"1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})


@dataclass(frozen=True, slots=True)
class Encoding:
    """Byte order, whether value representations are written, whether the whole is deflated."""

    explicit: bool = True
    little: bool = True
    deflated: bool = False


_ENCODINGS: Final = {
    IMPLICIT_LITTLE: Encoding(explicit=False),
    EXPLICIT_BIG: Encoding(little=False),
    DEFLATED: Encoding(deflated=True),
    **dict.fromkeys(JPIP_DEFLATE, Encoding(deflated=True)),
}
# PS3.5 A.4: every encapsulated syntax, and so every other and private one, is this.
_USUAL: Final = Encoding()


def encoding_of(transfer_syntax: str) -> Encoding:
    """Return the encoding of a transfer syntax; a private one is explicit little endian."""
    return _ENCODINGS.get(transfer_syntax, _USUAL)


NATIVE: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED})


def is_encapsulated(transfer_syntax: str) -> bool:
    """Whether pixel data comes in fragments; that of a private syntax is taken to."""
    return transfer_syntax not in NATIVE
