"""A part of a representation by octets (RFC 9110 section 14)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


class Span(NamedTuple):
    """Octets from `start` up to `end`, which is not in it."""

    start: int
    end: int


def asked_range(header: str, size: int) -> Span | None:
    """Return what a `Range` asks for; None for the whole, an empty one for what is not there.

    Several ranges, and what is none, are answered with the whole (RFC 9110 section 14.2).
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return Span(max(size - int(last), 0), size) if int(last) else Span(0, 0)
    start, end = int(first), min(int(last or size) + 1, size)
    if last and int(last) < start:
        return None
    return Span(start, end) if start < size else Span(0, 0)


def content_range(span: Span, size: int) -> str:
    """Return the `Content-Range` of an answer."""
    return f"bytes {span.start}-{span.end - 1}/{size}" if span.end else f"bytes */{size}"
