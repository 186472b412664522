"""A refusal as DICOMweb callers get it: a status, and a sentence as plain text (PS3.18 8.5)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.dicomweb.answer import Answer
from gateway.errors import TooLarge, Unavailable, places_of

if TYPE_CHECKING:
    from gateway.errors import GatewayError

_LOG: Final = logging.getLogger("gateway.dicomweb")
_PLAIN: Final = "text/plain; charset=utf-8"
_RETRY_SECONDS: Final = "2"


def refused(refusal: GatewayError) -> Answer:
    """Return the answer that a refusal means."""
    headers: dict[str, str] = {}
    if isinstance(refusal, Unavailable):
        headers["retry-after"] = _RETRY_SECONDS
    if isinstance(refusal, TooLarge):
        # The rest of the body is not waited for.
        headers["connection"] = "close"
    return Answer(refusal.http_status, f"{refusal.text}\n".encode(), _PLAIN, headers)


def failed(fault: Exception) -> Answer:
    """Return 500 with a number under which the log says where it happened.

    The fault's own words stay out of both: they may quote what was sent.
    """
    number = uuid4().hex
    _LOG.error(
        "dicomweb.failed",
        extra={
            "error_id": number,
            "fault": type(fault).__name__,
            "where": places_of(fault),
        },
    )
    text = f"The gateway failed; its log says more under {number}.\n"
    return Answer(500, text.encode(), _PLAIN)
