"""The text of a report, scattered over OBX segments, put together again."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.hl7v2.escape import unescape
from gateway.mapping.hl7v2.obx_kind import Kind, is_conclusion, is_withdrawn

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message, Segment
    from gateway.mapping.hl7v2.groups import Observed, OrderGroup

_NOTES: Final = "Commentaires"


class ReportText(NamedTuple):
    """`whole` is the text with its headings, `conclusion` that part of it; empty without."""

    whole: str
    conclusion: str


class _Section(NamedTuple):
    heading: str
    body: str
    concludes: bool


def report_text(group: OrderGroup, message: Message) -> ReportText:
    """Return the text of the TX, FT and ST observations, in their order.

    Consecutive lines of one OBX-3 are a section; sections carry their name when there are several.
    Lines that OBX-11 takes back are not part of it.
    """
    texts = [
        each for each in group.observed if each.kind is Kind.TEXT and not is_withdrawn(each.obx)
    ]
    runs = groupby(texts, key=lambda each: each.obx.raw_field(3))
    sections = [_section(list(run), message) for _, run in runs]
    conclusion = "\n".join(part.body for part in sections if part.concludes)
    if notes := _note_lines(group.notes):
        sections.append(_Section(_NOTES, notes, concludes=False))
    named = len(sections) > 1
    blocks = (
        f"{part.heading}\n{part.body}" if named and part.heading else part.body
        for part in sections
        if part.body
    )
    return ReportText("\n\n".join(blocks), conclusion)


def obx_text(obx: Segment, message: Message) -> str:
    """Return OBX-5 whole: `^` and `&` are text there, escaped or not.

    A repetition mark is a line end in TX and FT (HL7 v2.5.1 chapter 2A, 2.A.78), but before a
    number it is the "about" that somebody forgot to escape.
    """
    raw, mark = obx.raw_field(5), message.delimiters.repetition
    if mark not in raw:
        return obx.whole(5).strip()
    lines = re.split(rf"{re.escape(mark)}(?!\s?[0-9])", raw)
    text = "\n".join(unescape(line, message.delimiters, message.charset) for line in lines)
    return text.strip()


def _section(run: list[Observed], message: Message) -> _Section:
    first = run[0].obx
    lines = []
    for observed in run:
        lines.append(obx_text(observed.obx, message))
        if notes := _note_lines(observed.notes):
            lines.append(notes)
    heading = first.text(3, 2) or first.text(3)
    return _Section(heading, "\n".join(lines).strip(), is_conclusion(first))


def _note_lines(notes: list[Segment]) -> str:
    values = (value.component(1).strip() for note in notes for value in note.values(3))
    return "\n".join(text for text in values if text)
