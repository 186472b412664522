"""update, also as create with the client's id, and conditional update.

https://hl7.org/fhir/R4/http.html#update, https://hl7.org/fhir/R4/http.html#cond-update
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Malformed
from gateway.rest.binary import set_apart
from gateway.rest.body import read_resource
from gateway.rest.conditions import matching
from gateway.rest.preconditions import expected_version, only_new
from gateway.rest.provenance import given_provenance
from gateway.rest.wrote import wrote

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call


def update(call: Call) -> Answer:
    """Answer 200, or 201 when nothing of that id was here."""
    expected = expected_version(call.header(b"if-match"))
    resource = read_resource(call, call.type)
    if resource.get("id") != call.id:
        message = "The id in the resource must be the id in the address."
        raise Malformed(message, expression=f"{call.type}.id")
    written = call.ports.write.update(
        call.type,
        call.id,
        resource,
        expected,
        only_new=only_new(call.header(b"if-none-match")),
        provenance=given_provenance(call),
    )
    return wrote(call, written)


def update_matching(call: Call) -> Answer:
    """Answer 200 for the one that matched, or 201 when none did; several are refused (412)."""
    expected = expected_version(call.header(b"if-match"))
    resource = read_resource(call, call.type)
    if call.type == "Binary":
        resource = set_apart(call.ports, resource)
    written = call.ports.write.update_matching(
        matching(call),
        resource,
        expected,
        only_new=only_new(call.header(b"if-none-match")),
        provenance=given_provenance(call),
    )
    return wrote(call, written)
