"""The summary on paper: one A4 page where it fits, the conclusion in a box at the top.

The same summary always gives the same bytes.
"""

from __future__ import annotations

from functools import lru_cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from gateway.delivery.wording import NBSP
from gateway.mapping.paper import ONE_AT_A_TIME, characters, drawn, markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.delivery.summary import Line, Summary

_INK: Final = "#1b2a38"
_QUIET: Final = "#5d6b78"
_RULE: Final = "#c9d1d8"
# The box: blue for a report, red for one that takes something back or replaces it.
_CALM: Final = ("#0f5c8c", "#eef5fa")
_ALERT: Final = ("#a3261d", "#fcf0ee")
_MARGIN: Final = 54.0
# reportlab keeps this much between a frame and what it holds.
_PADDING: Final = 6.0
_LABEL_WIDTH: Final = 104.0
_MEASURE_WIDTH: Final = 320.0


def warm() -> None:
    """Load reportlab and the fonts, so that the first letter need not wait for it."""
    with ONE_AT_A_TIME:
        characters()


def render(summary: Summary) -> bytes:
    """Return the summary as PDF."""
    with ONE_AT_A_TIME:
        return _render(summary)


def _render(summary: Summary) -> bytes:
    # A third of a second and 15 MB that a process without letters need not pay.
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - see above
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415 - see above

    characters()
    use = summary.words
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 10,
        title=f"{summary.title} - {summary.reference}",
        author="Passerelle",
        subject=summary.exam,
        lang=use.language,
        displayDocTitle=True,
        invariant=1,
    )
    foot = partial(_foot, summary)
    document.build(
        _story(summary, document.width - 2 * _PADDING), onFirstPage=foot, onLaterPages=foot
    )
    return file.getvalue()


@lru_cache(maxsize=1)
def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor  # noqa: PLC0415 - as above
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - as above

    plain = ParagraphStyle(
        "plain", fontName="Vera", fontSize=9.5, leading=14, textColor=HexColor(_INK)
    )
    made: dict[str, dict[str, Any]] = {
        "plain": {},
        "body": {"spaceAfter": 6},
        "title": {"fontName": "Vera-Bold", "fontSize": 17, "leading": 22},
        "expected": {"fontSize": 10, "leading": 14, "spaceAfter": 12},
        "patient": {"fontName": "Vera-Bold", "fontSize": 11.5, "leading": 16},
        "quiet": {"fontSize": 9, "leading": 13, "textColor": HexColor(_QUIET)},
        "heading": {
            "fontName": "Vera-Bold",
            "fontSize": 9.5,
            "spaceBefore": 14,
            "spaceAfter": 3,
            "keepWithNext": 1,
        },
        "box": {"fontSize": 10.5, "leading": 15.5, "borderWidth": 0.8, "borderRadius": 2},
    }
    return {name: ParagraphStyle(name, parent=plain, **given) for name, given in made.items()}


def _story(summary: Summary, width: float) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer  # noqa: PLC0415 - as above

    use, styles = summary.words, _styles()
    strong = (_ALERT if summary.alert else _CALM)[0]
    story: list[Any] = [
        Paragraph(markup(summary.title), styles["title"]),
        Paragraph(f'<font color="{strong}">{markup(summary.expected)}</font>', styles["expected"]),
        Paragraph(markup(summary.patient), styles["patient"]),
    ]
    if summary.ins:
        text = f"{use.labels['ins']}{use.colon}{summary.ins}"
        story.append(Paragraph(markup(text), styles["quiet"]))
    story += [
        Paragraph(markup(summary.exam), styles["plain"]),
        Spacer(0, 18),
        _box(summary),
        Spacer(0, 20),
        *_table(summary.details, width),
        *_section(use.labels["measurements"], _table(summary.measurements, width, _MEASURE_WIDTH)),
        *_section(use.labels["report"], _paragraphs(summary.body)),
        *_section(use.labels["links"], _links(summary.links, width)),
    ]
    return story


def _box(summary: Summary) -> Any:  # noqa: ANN401 - a flowable
    from reportlab.lib.colors import HexColor  # noqa: PLC0415 - as above
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - as above
    from reportlab.platypus import Paragraph  # noqa: PLC0415 - as above

    strong, pale = _ALERT if summary.alert else _CALM
    style = ParagraphStyle(
        "coloured",
        parent=_styles()["box"],
        borderColor=HexColor(strong),
        backColor=HexColor(pale),
        borderPadding=10,
        leftIndent=11,
        rightIndent=11,
    )
    title = f'<font name="Vera-Bold" color="{strong}">{markup(summary.box_title)}</font>'
    return Paragraph(f"{title}<br/>{markup(summary.box)}", style)


def _section(title: str, content: Sequence[Any]) -> list[Any]:
    from reportlab.platypus import Paragraph  # noqa: PLC0415 - as above

    return [Paragraph(markup(title), _styles()["heading"]), *content] if content else []


def _paragraphs(body: str) -> list[Any]:
    from reportlab.platypus import Paragraph  # noqa: PLC0415 - as above

    blocks = (block.strip() for block in body.split("\n\n"))
    return [Paragraph(markup(block), _styles()["body"]) for block in blocks if block]


def _table(
    lines: Sequence[Line], width: float, label: float = _LABEL_WIDTH, *, link: bool = False
) -> list[Any]:
    from reportlab.platypus import Paragraph, Table  # noqa: PLC0415 - as above

    if not lines:
        return []
    styles = _styles()
    cells = [
        [
            Paragraph(markup(line.label), styles["quiet"]),
            Paragraph(_linked(line.value) if link else markup(line.value), styles["plain"]),
        ]
        for line in lines
    ]
    look: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
    ]
    return [Table(cells, colWidths=[label, width - label], style=look)]


def _links(lines: Sequence[Line], width: float) -> list[Any]:
    return _table(lines, width, link=True)


def _linked(url: str) -> str:
    target = escape(url, {'"': "&quot;"})
    return f'<a href="{target}" color="{_CALM[0]}">{markup(url)}</a>'


def _foot(summary: Summary, canvas: Any, document: Any) -> None:  # noqa: ANN401 - reportlab's own
    use = summary.words
    canvas.saveState()
    canvas.setFont("Vera", 7)
    canvas.setFillColor(_QUIET)
    canvas.setStrokeColor(_RULE)
    right = document.pagesize[0] - _MARGIN
    canvas.setLineWidth(0.4)
    canvas.line(_MARGIN, _MARGIN, right, _MARGIN)
    who = f"{summary.family} {summary.given}".strip()
    shown = f"{use.labels['reference']}{NBSP}{summary.reference}"
    canvas.drawString(_MARGIN, _MARGIN - 12, drawn(f"{who}   {shown}"))
    canvas.drawRightString(right, _MARGIN - 12, f"Page {document.page}")
    canvas.setFont("Vera", 6.2)
    canvas.drawString(_MARGIN, _MARGIN - 22, drawn(use.automatic))
    canvas.restoreState()
