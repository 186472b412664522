"""The input of an operation, whichever way it comes, and its answer.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.bundle import searchset_pieces
from gateway.fhir.parameters import read_parameters, read_query
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer, version_headers
from gateway.rest.body import read_resource
from gateway.rest.call import read_pairs
from gateway.rest.negotiation import FORM, media_type
from gateway.rest.pages import form_of, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.bundle import Found, Links
    from gateway.fhir.parameters import Given, Input
    from gateway.fhir.wire import Resource
    from gateway.rest.call import Call
    from gateway.store.records import Written


def given(call: Call, *inputs: Input) -> Given:
    """Read the input of `call` against the operation's `inputs`; raises what the readers raise.

    A POST may have a Parameters resource, the one resource that the operation takes, a form or
    nothing; the query string counts beside it.
    """
    if not call.body:
        return read_query(call.parameters, inputs)
    if media_type(call.headers.get(b"content-type")) == FORM:
        return read_query((*call.parameters, *read_pairs(call.body)), inputs)
    return read_parameters(read_resource(call), inputs, beside=call.parameters)


def told(resource: Resource, status: int = 200) -> Answer:
    """Answer with a resource."""
    return Answer(status, dumps(resource))


def told_written(call: Call, written: Sequence[Written]) -> Answer:
    """Answer 201 with what an operation wrote, as a Bundle; `Location` is that of the first."""
    base = call.ports.settings.fhir_url
    entries = [
        {"fullUrl": f"{base}/{one.stored.reference}", "resource": one.stored.resource}
        for one in written
    ]
    first = written[0].stored
    location = f"{base}/{first.reference}/_history/{first.version}".encode("ascii")
    bundle: Resource = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return Answer(201, dumps(bundle), (*version_headers(first), (b"location", location)))


def told_found(
    call: Call, found: Sequence[Found], links: Links, *, total: int | None = None
) -> Answer:
    """Answer with a searchset of what is stored."""
    pieces = searchset_pieces(
        call.ports.settings.fhir_url,
        found,
        links=links,
        total=total,
        form=form_of(call.representation),
    )
    return page(call, pieces, sum(len(one.content) for one in found))
