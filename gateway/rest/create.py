"""create and conditional create: https://hl7.org/fhir/R4/http.html#create."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.search.query import parse_search
from gateway.rest.body import read_resource
from gateway.rest.call import read_pairs
from gateway.rest.negotiation import require_json
from gateway.rest.wrote import wrote

if TYPE_CHECKING:
    from gateway.fhir.search.query import SearchQuery
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call


def create(call: Call) -> Answer:
    """Create and answer 201, or 200 with what `If-None-Exist` found.

    The server gives the id: one in the body is ignored, as the specification has it.
    """
    require_json(call.headers.get(b"content-type"))
    resource = read_resource(call.body, call.type)
    resource.pop("id", None)
    return wrote(call, call.ports.write.create(call.type, resource, if_none_exist(call)))


def if_none_exist(call: Call) -> SearchQuery | None:
    """Return the search of `If-None-Exist`; raises `Invalid` for one that is not understood.

    https://hl7.org/fhir/R4/http.html#ccreate
    """
    search = call.headers.get(b"if-none-exist")
    if search is None:
        return None
    # Some clients send the whole relative URL.
    pairs = read_pairs(search.strip().rpartition(b"?")[2])
    return parse_search(call.type, pairs)
