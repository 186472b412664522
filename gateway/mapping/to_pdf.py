"""A Composition on paper: its title, whose it is, and its sections. The same always gives the same.

Fonts are embedded (Bitstream Vera, which comes with reportlab).
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from html import unescape
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource

# reportlab's paragraph parser is one object for the whole process.
_ONE_AT_A_TIME: Final = threading.Lock()
_BREAK: Final = re.compile(r"<br\s*/?>|</p>")
_TAG: Final = re.compile(r"<[^>]*>")
_MARGIN: Final = 54.0


def composition_pdf(composition: Resource, heading: Sequence[str]) -> bytes:
    """Return the PDF of a Composition; `heading` are the lines below its title."""
    with _ONE_AT_A_TIME:
        return _render(composition, heading)


def _render(composition: Resource, heading: Sequence[str]) -> bytes:
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - a third of a second, for few processes
    from reportlab.platypus import Paragraph, SimpleDocTemplate  # noqa: PLC0415 - as above

    styles = _styles()
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=composition["title"],
        author="Passerelle",
        lang="fr-FR",
        invariant=1,
    )
    story: list[Any] = [Paragraph(_markup(composition["title"]), styles["title"])]
    story += [Paragraph(_markup(line), styles["plain"]) for line in heading if line]
    for section in composition.get("section", ()):
        story.append(Paragraph(_markup(section["title"]), styles["heading"]))
        story.append(Paragraph(_markup(plain(section["text"]["div"])), styles["plain"]))
    document.build(story)
    return file.getvalue()


def plain(div: str) -> str:
    """Return the text of a narrative that is made of paragraphs and breaks."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", div))).strip()


def _markup(text: str) -> str:
    known = _characters()
    drawn = "".join(one if one == "\n" or ord(one) in known else "?" for one in text)
    return escape(drawn).replace("\n", "<br/>")


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """Register the fonts once; returns the characters that they can draw."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - as above
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - as above

    regular = TTFont("Vera", "Vera.ttf")
    pdfmetrics.registerFont(regular)
    pdfmetrics.registerFont(TTFont("Vera-Bold", "VeraBd.ttf"))
    pdfmetrics.registerFontFamily("Vera", "Vera", "Vera-Bold", "Vera", "Vera-Bold")
    return frozenset(regular.face.charToGlyph)


@lru_cache(maxsize=1)
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - as above

    _characters()
    plain_style = ParagraphStyle("plain", fontName="Vera", fontSize=10, leading=14)
    bold: dict[str, Any] = {"fontName": "Vera-Bold", "parent": plain_style}
    return {
        "plain": plain_style,
        "title": ParagraphStyle("title", fontSize=15, leading=20, spaceAfter=8, **bold),
        "heading": ParagraphStyle("heading", spaceBefore=12, spaceAfter=3, keepWithNext=1, **bold),
    }
