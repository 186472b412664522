"""A Composition on paper: its title, whose it is, its sections. The same always gives the same."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from gateway.mapping.paper import ONE_AT_A_TIME, characters, markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource

_BREAK: Final = re.compile(r"<br\s*/?>|</p>")
_TAG: Final = re.compile(r"<[^>]*>")
_MARGIN: Final = 54.0


def composition_pdf(composition: Resource, heading: Sequence[str]) -> bytes:
    """Return the PDF of a Composition; `heading` are the lines below its title."""
    with ONE_AT_A_TIME:
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
    story: list[Any] = [Paragraph(markup(composition["title"]), styles["title"])]
    story += [Paragraph(markup(line), styles["plain"]) for line in heading if line]
    for section in composition.get("section", ()):
        story.append(Paragraph(markup(section["title"]), styles["heading"]))
        story.append(Paragraph(markup(plain(section["text"]["div"])), styles["plain"]))
    document.build(story)
    return file.getvalue()


def plain(div: str) -> str:
    """Return the text of a narrative that is made of paragraphs and breaks."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", div))).strip()


@lru_cache(maxsize=1)
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - as above

    characters()
    plain_style = ParagraphStyle("plain", fontName="Vera", fontSize=10, leading=14)
    bold: dict[str, Any] = {"fontName": "Vera-Bold", "parent": plain_style}
    return {
        "plain": plain_style,
        "title": ParagraphStyle("title", fontSize=15, leading=20, spaceAfter=8, **bold),
        "heading": ParagraphStyle("heading", spaceBefore=12, spaceAfter=3, keepWithNext=1, **bold),
    }
