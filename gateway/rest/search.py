"""search-type by GET and POST: https://hl7.org/fhir/R4/http.html#search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gateway.errors import UnsupportedMedia
from gateway.fhir.bundle import Found, searchset
from gateway.fhir.search.query import parse_search
from gateway.rest.answer import Answer
from gateway.rest.call import read_pairs
from gateway.rest.negotiation import FORM, media_type
from gateway.rest.preconditions import is_lenient

if TYPE_CHECKING:
    from gateway.fhir.search.query import SearchQuery
    from gateway.rest.call import Call, Pairs

# What shapes the answer without being part of the search: kept in the links all the same.
_PRESENTATION: Final = ("_format", "_pretty")
# In a URL these mean themselves within a query, and links stay readable.
_SAFE: Final = ":/|,$-"


def search(call: Call) -> Answer:
    """Answer a searchset; raises `Unsupported` or `Invalid` naming the parameter."""
    return _answer(call, call.parameters)


def search_by_post(call: Call) -> Answer:
    """Answer a search whose parameters are in the body, the URL or both."""
    content_type = call.headers.get(b"content-type")
    if call.body and media_type(content_type) != FORM:
        message = f"The parameters of a search by POST must be {FORM}."
        raise UnsupportedMedia(message)
    return _answer(call, (*call.parameters, *read_pairs(call.body)))


def _answer(call: Call, pairs: Pairs) -> Answer:
    ports = call.ports
    base_url = ports.settings.fhir_url
    lenient = is_lenient(call.header(b"prefer"))
    query = parse_search(call.type, pairs, lenient=lenient, local_bases=(base_url,))
    page = ports.store.search(query)
    found = [
        *(Found(one.type, one.id, one.content) for one in page.matches),
        *(Found(one.type, one.id, one.content, "include") for one in page.included),
    ]
    links = _links(f"{base_url}/{call.type}", query, pairs, page.next)
    return Answer(200, searchset(base_url, found, links=links, total=page.total))


def _links(
    url: str, query: SearchQuery, pairs: Pairs, following: str | None
) -> list[tuple[str, str]]:
    shape = tuple(pair for pair in pairs if pair[0] in _PRESENTATION)
    cursor = () if query.cursor is None else (("_cursor", query.cursor),)
    links = [("self", _url(url, (*query.applied, *cursor, *shape)))]
    if following is not None:
        links.append(("next", _url(url, (*query.applied, ("_cursor", following), *shape))))
    return links


def _url(url: str, pairs: Pairs) -> str:
    return f"{url}?{urlencode(pairs, safe=_SAFE)}" if pairs else url
