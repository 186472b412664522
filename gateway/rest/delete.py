"""delete: https://hl7.org/fhir/R4/http.html#delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Gone
from gateway.rest.answer import Answer, etag
from gateway.rest.preconditions import expected_version

if TYPE_CHECKING:
    from gateway.rest.call import Call


def delete(call: Call) -> Answer:
    """Answer 204, also for what was deleted before; `If-Match` is honoured.

    Raises `NotFound` for what never was, `Conflict` for what others refer to.
    """
    expected = expected_version(call.header(b"if-match"))
    try:
        written = call.ports.write.delete(call.type, call.id, expected)
    except Gone:
        return Answer(204)
    return Answer(204, headers=((b"etag", etag(written.stored.version)),))
