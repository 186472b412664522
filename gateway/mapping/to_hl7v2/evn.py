"""EVN, event type: when it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.datetimes import PARIS, timestamp
from gateway.hl7v2.writer import segment

if TYPE_CHECKING:
    from gateway.mapping.to_hl7v2.sources import Writing

# From this version on MSH-9 alone says which event it is.
_WITHOUT_CODE: Final = "2.5"


def evn(writing: Writing, event: str) -> str:
    """Return the segment: EVN-2 and EVN-6 are when the resource was written."""
    code = "" if writing.target.since(_WITHOUT_CODE) else event
    recorded = timestamp(writing.made.astimezone(PARIS))
    return segment("EVN", {1: code, 2: recorded, 6: recorded})
