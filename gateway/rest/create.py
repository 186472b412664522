"""create and conditional create: https://hl7.org/fhir/R4/http.html#create."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.rest.body import read_resource
from gateway.rest.conditions import if_none_exist
from gateway.rest.provenance import given_provenance
from gateway.rest.wrote import wrote

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call


def create(call: Call) -> Answer:
    """Create and answer 201, or 200 with what `If-None-Exist` found.

    The server gives the id: one in the body is ignored, as the specification has it.
    """
    resource = read_resource(call, call.type)
    resource.pop("id", None)
    written = call.ports.write.create(
        call.type, resource, if_none_exist(call), given_provenance(call)
    )
    return wrote(call, written)
