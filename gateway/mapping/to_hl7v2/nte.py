"""NTE, notes and comments: Annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.hl7v2.writer import segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.hl7v2.writer import Field


def nte(notes: Iterable[Mapping[str, Any]], kind: Field = "") -> list[str]:
    """Return one segment a note; `kind` is NTE-4."""
    texts = [str(note["text"]) for note in notes if str(note.get("text", "")).strip()]
    return [
        segment("NTE", {1: str(number), 3: text, 4: kind}) for number, text in enumerate(texts, 1)
    ]
