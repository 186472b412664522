"""Content codings (RFC 9110 section 12.5.3)."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.dicomweb.answer import Answer

_FROM: Final = 1024
_LEVEL: Final = 4
# What is compressed already gains nothing.
_WORDY: Final = ("json", "xml", "text/")


def takes_gzip(accept_encoding: str) -> bool:
    """Whether `Accept-Encoding` names gzip and does not refuse it."""
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def encoded(answer: Answer, accept_encoding: str) -> Answer:
    """Return an answer with its body packed, when it is text and the caller takes it."""
    wordy = any(word in answer.media for word in _WORDY)
    if len(answer.body) < _FROM or not wordy or "content-encoding" in answer.headers:
        return answer
    if not takes_gzip(accept_encoding):
        return answer
    body = gzip.compress(answer.body, _LEVEL, mtime=0)
    return replace(answer, body=body, headers={**answer.headers, "content-encoding": "gzip"})
