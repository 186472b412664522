"""delete and conditional delete: https://hl7.org/fhir/R4/http.html#delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Gone, Issue
from gateway.fhir.outcome import outcome_of_issues
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer, etag
from gateway.rest.conditions import matching
from gateway.rest.preconditions import Return, expected_version, preferred_return

if TYPE_CHECKING:
    from gateway.rest.answer import Headers
    from gateway.rest.call import Call


def delete(call: Call) -> Answer:
    """Answer 204, also for what was deleted before; `If-Match` is honoured.

    Raises `NotFound` for what never was, `Conflict` for what others refer to.
    """
    expected = expected_version(call.header(b"if-match"))
    try:
        written = call.ports.write.delete(call.type, call.id, expected)
    except Gone:
        return _deleted(call, 0)
    return _deleted(call, 1, ((b"etag", etag(written.stored.version)),))


def delete_matching(call: Call) -> Answer:
    """Answer 204 when everything that matched, if anything, is deleted: all or nothing.

    Raises `PreconditionFailed` for more than 1 000 matches, `Conflict` for what others refer to.
    """
    expected = expected_version(call.header(b"if-match"))
    return _deleted(call, len(call.ports.write.delete_matching(matching(call), expected)))


def _deleted(call: Call, count: int, headers: Headers = ()) -> Answer:
    if preferred_return(call.header(b"prefer")) is not Return.OUTCOME:
        return Answer(204, headers=headers)
    said = Issue(f"Deleted: {count}.", code="informational", severity="information")
    return Answer(200, dumps(outcome_of_issues([said])), headers)
