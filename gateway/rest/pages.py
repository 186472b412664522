"""A bundle as an answer: whole when it is small, made while it is sent when it is large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.bundle import Form
from gateway.fhir.summary import Part, read_part
from gateway.fhir.wire import dumps, loads
from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.rest.call import Call
    from gateway.rest.negotiation import Representation

# Up to this a whole body with its length is cheaper than many pieces.
_PIECES_FROM: Final = 256 * 1024


def form_of(representation: Representation) -> Form:
    """Return the form of a bundle in the representation agreed on."""
    return Form(xml=representation.xml, pretty=representation.pretty)


def page(call: Call, pieces: Iterator[bytes], size: int) -> Answer:
    """Answer 200 with a bundle; `size` is about how many octets it has."""
    media = call.representation.media
    if size < _PIECES_FROM:
        return Answer(200, b"".join(pieces), media=media)
    return Answer(200, media=media, pieces=pieces)


def part_of(call: Call) -> Part:
    """Return what `_summary` and `_elements` ask for; raises `Unsupported`."""
    if not call.parameters:
        return _WHOLE
    given = dict(call.parameters)
    return read_part(call.type, given.get("_summary"), given.get("_elements"))


_WHOLE: Final = Part()


def part_content(part: Part, content: bytes, *, included: bool = False) -> bytes:
    """Return the part of a stored resource, as JSON."""
    if part.whole or not content:
        return content
    return dumps(part.of(loads(content), included=included))
