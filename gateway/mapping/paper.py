"""What every PDF is drawn with: embedded fonts (Bitstream Vera, which comes with reportlab)."""

from __future__ import annotations

import threading
import unicodedata
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

# reportlab's paragraph parser is one object for the whole process.
ONE_AT_A_TIME: Final = threading.Lock()


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Register the fonts once; returns the characters that they can draw."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - a third of a second, for few processes
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - as above

    regular = TTFont("Vera", "Vera.ttf")
    pdfmetrics.registerFont(regular)
    pdfmetrics.registerFont(TTFont("Vera-Bold", "VeraBd.ttf"))
    pdfmetrics.registerFontFamily("Vera", "Vera", "Vera-Bold", "Vera", "Vera-Bold")
    return frozenset(regular.face.charToGlyph)


def drawn(text: str) -> str:
    """Return `text` with every character one that the fonts have.

    One that they lack is written without its accent, or as a question mark.
    """
    known = characters()
    text = unicodedata.normalize("NFC", text.expandtabs(4))
    return "".join(c if c == "\n" or ord(c) in known else _likeness(c, known) for c in text)


def _likeness(character: str, known: frozenset[int]) -> str:
    if unicodedata.category(character) == "Cc":
        return ""
    base = [c for c in unicodedata.normalize("NFKD", character) if ord(c) in known]
    return "".join(base) or "?"


def markup(text: str) -> str:
    """Return `text` as a paragraph of reportlab's takes it."""
    return escape(drawn(text)).replace("\n", "<br/>")
