"""The searches that a write depends on, from a header, a URL or an entry of a bundle.

https://hl7.org/fhir/R4/http.html#cond-update
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Malformed
from gateway.fhir.search.query import parse_search
from gateway.rest.call import read_pairs

if TYPE_CHECKING:
    from gateway.fhir.search.query import SearchQuery
    from gateway.rest.call import Call, Pairs
    from gateway.rest.ports import Ports


def condition(ports: Ports, resource_type: str, pairs: Pairs) -> SearchQuery:
    """Return the search; raises what `parse_search` raises, and `Malformed` for an empty one.

    A search without a criterion would be about every resource of the type. Unknown parameters are
    never ignored here, whatever the caller prefers.
    """
    query = parse_search(
        resource_type,
        pairs,
        local_bases=(ports.settings.fhir_url,),
        terminology=ports.terminology,
    )
    if not query.clauses:
        message = f"The condition on {resource_type} holds no search parameter."
        raise Malformed(message)
    return query


def condition_of_text(ports: Ports, resource_type: str, search: str) -> SearchQuery:
    """Return the search in a text as a URL has it; one that begins with an address will do."""
    return condition(ports, resource_type, read_pairs(search.strip().rpartition("?")[2].encode()))


def if_none_exist(call: Call) -> SearchQuery | None:
    """Return the search of `If-None-Exist`; raises `Invalid` for one that is not understood.

    https://hl7.org/fhir/R4/http.html#ccreate
    """
    search = call.header(b"if-none-exist")
    return None if search is None else condition_of_text(call.ports, call.type, search)


def matching(call: Call) -> SearchQuery:
    """Return the search in the URL of a conditional update, patch or delete."""
    return condition(call.ports, call.type, call.parameters)
