"""The answer to a create or an update: https://hl7.org/fhir/R4/http.html#ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Issue
from gateway.fhir.outcome import outcome_of_issues
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer, version_headers
from gateway.rest.preconditions import Return, preferred_return

if TYPE_CHECKING:
    from gateway.rest.call import Call
    from gateway.store.records import Stored, Written


def wrote(call: Call, written: Written) -> Answer:
    """Answer 201 for what is new, else 200, with the body that was preferred.

    `Location` names what a condition found as well as what is new: the caller knows no id then.
    """
    stored = written.stored
    headers = version_headers(stored)
    if written.outcome == "created" or not call.id:
        location = f"{call.ports.settings.fhir_url}/{stored.reference}/_history/{stored.version}"
        headers = (*headers, (b"location", location.encode("ascii")))
    status = 201 if written.outcome == "created" else 200
    return Answer(status, _body(call, stored, written.outcome), headers)


def _body(call: Call, stored: Stored, outcome: str) -> bytes:
    match preferred_return(call.header(b"prefer")):
        case Return.MINIMAL:
            return b""
        case Return.OUTCOME:
            said = Issue(
                f"{stored.reference} version {stored.version}: {outcome}.",
                code="informational",
                severity="information",
            )
            return dumps(outcome_of_issues([said]))
        case Return.REPRESENTATION:
            return stored.content
