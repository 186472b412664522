"""The letter that carries a summary: text, enclosures and the names that make it unique."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.delivery.summary import Line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.delivery.summary import Summary
    from gateway.delivery.wording import Words

_LONGEST_TYPE: Final = 40


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a courier hands over; the same delivery always makes the same letter.

    `message_id` and `references` are `<id@host>` (RFC 5322, 3.6.4), `references` those of the
    letters that this one follows, oldest first. `closed` says that nobody shall answer.
    """

    message_id: str
    to: str
    subject: str
    text: str
    created: datetime
    language: str
    enclosures: tuple[Enclosure, ...] = ()
    references: tuple[str, ...] = ()
    closed: bool = False


def message_id(delivery_id: str, host: str) -> str:
    """Return the Message-ID of a delivery: the same at each attempt, so that a copy is seen."""
    return f"<{delivery_id}@{host}>"


def subject_of(summary: Summary, status: str) -> str:
    """Return the subject: what it is and a reference, nothing about the patient."""
    use = summary.words
    return use.subject.format(use.news[status], summary.reference)


def enclosures(summary: Summary, own: bytes, reports: Sequence[bytes]) -> tuple[Enclosure, ...]:
    """Return the summary's PDF and the report's own, named as MSSanté asks (ECO.2.1.6)."""
    use = summary.words
    first = Enclosure(
        _name(summary, f"{use.summary_file} {use.short_title}"), "application/pdf", own
    )
    others = (
        Enclosure(_name(summary, use.short_title, turn), "application/pdf", content)
        for turn, content in enumerate(reports, start=1)
    )
    return (first, *others)


def _name(summary: Summary, kind: str, turn: int = 1) -> str:
    # <AAAAMMJJ of the act>_<type, 40 characters>_<NOM>_<prenom>, without accents.
    parts = [
        summary.day,
        _plain(kind)[:_LONGEST_TYPE].strip("-"),
        _plain(summary.family).upper(),
        _plain(summary.given),
        "" if turn == 1 else str(turn),
    ]
    return "_".join(part for part in parts if part) + ".pdf"


def _plain(text: str) -> str:
    text = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")


def text_of(summary: Summary, names: Sequence[str] = (), *, left_out: bool = False) -> str:
    """Return the summary as plain text; `names` are the files that go with it."""
    use = summary.words
    blocks = [
        f"{summary.title.upper()}\n{summary.expected}.",
        "\n".join(_lines(use, _heading(summary))),
        f"{summary.box_title.upper()}\n{summary.box}",
        "\n".join(_lines(use, summary.details)),
        _block(use.labels["measurements"], _lines(use, summary.measurements)),
        _block(use.labels["report"], [summary.body] if summary.body else []),
        _block(use.labels["links"], _lines(use, summary.links)),
        use.not_enclosed if left_out else "",
        _block(use.labels["enclosures"], [f"- {name}" for name in names]),
        f"-- \n{use.automatic}\n{use.labels['reference']} {summary.reference}",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _heading(summary: Summary) -> list[Line]:
    use = summary.words
    told = (("patient", summary.patient), ("ins", summary.ins), ("exam", summary.exam))
    return [Line(use.labels[name], value) for name, value in told if value]


def _lines(use: Words, lines: Sequence[Line]) -> list[str]:
    return [f"{line.label}{use.colon}{line.value}" if line.label else line.value for line in lines]


def _block(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title.upper(), *lines]) if lines else ""
