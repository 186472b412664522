"""Every refusal and every fault as an OperationOutcome.

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.errors import GatewayError, Issue, TooLarge, Unavailable, places_of
from gateway.fhir.outcome import operation_outcome, outcome_of_issues
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer
from gateway.rest.dispatch import NotOffered

if TYPE_CHECKING:
    from gateway.rest.answer import Headers

_LOG: Final = logging.getLogger("gateway.http")
_RETRY_SECONDS: Final = b"2"


def refused(refusal: GatewayError) -> Answer:
    """Return the answer that a refusal means over HTTP."""
    body = dumps(operation_outcome(refusal))
    return Answer(refusal.http_status, body, _headers(refusal))


def _headers(refusal: GatewayError) -> Headers:
    if isinstance(refusal, NotOffered):
        return ((b"allow", refusal.allow.encode("latin-1", "replace")),)
    if isinstance(refusal, Unavailable):
        return ((b"retry-after", _RETRY_SECONDS),)
    if isinstance(refusal, TooLarge):
        # The rest of the body is not waited for.
        return ((b"connection", b"close"),)
    return ()


def failed(fault: Exception) -> Answer:
    """Return 500 with a number under which the log says where it happened.

    The fault's own words stay out of both: they may quote what was sent.
    """
    number = uuid4().hex
    _LOG.error(
        "http.failed",
        extra={
            "error_id": number,
            "fault": type(fault).__name__,
            "where": places_of(fault),
        },
    )
    text = f"The gateway failed; its log says more under {number}."
    issue = Issue(text, code="exception", severity="fatal")
    return Answer(500, dumps(outcome_of_issues([issue])))
