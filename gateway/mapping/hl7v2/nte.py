"""NTE, notes and comments: Annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment


def nte_annotations(notes: Iterable[Segment]) -> list[Element]:
    """Return one Annotation a note, each repetition of NTE-3 a line."""
    texts = ("\n".join(line.component(1) for line in note.values(3)) for note in notes)
    return [{"text": text} for text in texts if text.strip()]
