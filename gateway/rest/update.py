"""update, also as create with the client's id: https://hl7.org/fhir/R4/http.html#update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Malformed
from gateway.rest.body import read_resource
from gateway.rest.negotiation import require_json
from gateway.rest.preconditions import expected_version
from gateway.rest.wrote import wrote

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call


def update(call: Call) -> Answer:
    """Answer 200, or 201 when nothing of that id was here."""
    require_json(call.headers.get(b"content-type"))
    expected = expected_version(call.header(b"if-match"))
    resource = read_resource(call.body, call.type)
    if resource.get("id") != call.id:
        message = "The id in the resource must be the id in the address."
        raise Malformed(message, expression=f"{call.type}.id")
    return wrote(call, call.ports.write.update(call.type, call.id, resource, expected))
