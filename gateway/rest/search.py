"""search-type by GET and POST: https://hl7.org/fhir/R4/http.html#search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gateway.errors import Issue, UnsupportedMedia
from gateway.fhir.bundle import Found, searchset_pieces
from gateway.fhir.outcome import outcome_of_issues
from gateway.fhir.search.query import parse_search
from gateway.fhir.summary import Part
from gateway.fhir.wire import dumps
from gateway.rest.call import read_pairs
from gateway.rest.negotiation import FORM, media_type
from gateway.rest.pages import form_of, page, part_content
from gateway.rest.preconditions import is_lenient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.search.query import SearchQuery
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call, Pairs
    from gateway.store.records import Page

# What shapes the answer without being part of the search: kept in the links all the same.
_PRESENTATION: Final = ("_format", "_pretty")
_CURSOR: Final = "_cursor"
# In a URL these mean themselves within a query, and links stay readable.
_SAFE: Final = ":/|,$-"
_NAMED: Final = 64


def search(call: Call) -> Answer:
    """Answer a searchset; raises `Unsupported` or `Invalid` naming the parameter."""
    return answer_search(call, call.type, call.parameters)


def search_by_post(call: Call) -> Answer:
    """Answer a search whose parameters are in the body, the URL or both."""
    return answer_search(call, call.type, posted(call))


def posted(call: Call) -> Pairs:
    """Return the parameters in the URL and in the body; raises `UnsupportedMedia`."""
    content_type = call.headers.get(b"content-type")
    if call.body and media_type(content_type) != FORM:
        message = f"The parameters of a search by POST must be {FORM}."
        raise UnsupportedMedia(message)
    return (*call.parameters, *read_pairs(call.body))


def answer_search(
    call: Call,
    resource_type: str,
    pairs: Pairs,
    *,
    compartment: tuple[str, str] | None = None,
) -> Answer:
    """Answer a searchset of `resource_type`, "" for every type.

    `compartment` is the type and id that everything found must belong to. Raises what
    `parse_search` and the store raise, naming the parameter.
    """
    base_url = call.ports.settings.fhir_url
    query = parse_search(
        resource_type,
        pairs,
        lenient=is_lenient(call.header(b"prefer")),
        local_bases=(base_url,),
        terminology=call.ports.terminology,
        compartment=compartment,
    )
    found = call.ports.store.search(query)
    links = _links(_place(base_url, resource_type, compartment), query, pairs, found.next)
    pieces = searchset_pieces(
        base_url,
        _entries(query, pairs, found),
        links=links,
        total=found.total,
        form=form_of(call.representation),
    )
    return page(call, pieces, _size(found))


def _entries(query: SearchQuery, pairs: Pairs, found: Page) -> Iterator[Found]:
    part = Part(query.summary, query.elements)
    for one in found.matches:
        yield Found(one.type, one.id, part_content(part, one.content))
    for one in found.included:
        content = part_content(part, one.content, included=True)
        yield Found(one.type, one.id, content, "include")
    issues = [*_ignored(query, pairs), *_incomplete(found)]
    if issues:
        yield Found("", "", dumps(outcome_of_issues(issues)), "outcome")


def _ignored(query: SearchQuery, pairs: Pairs) -> Iterator[Issue]:
    """Yield a warning for each parameter that leniency left out."""
    kept = {name for name, _ in query.applied} | {*_PRESENTATION, _CURSOR}
    for name in dict.fromkeys(name for name, _ in pairs):
        if name not in kept:
            text = f"The parameter {name[:_NAMED]} is not known here and was ignored."
            yield Issue(text, name[:_NAMED], code="not-supported", severity="warning")


def _incomplete(found: Page) -> Iterator[Issue]:
    """Yield a warning for what the page should have and has not."""
    if found.incomplete:
        text = "An index that this search needs is still being filled: matches may be missing."
        yield Issue(text, code="incomplete", severity="warning")
    if found.truncated:
        text = "There is more to include than one page takes: included resources are missing."
        yield Issue(text, code="too-costly", severity="warning")


def _size(found: Page) -> int:
    return sum(len(one.content) for one in (*found.matches, *found.included))


def _place(base_url: str, resource_type: str, compartment: tuple[str, str] | None) -> str:
    if compartment is not None:
        return "/".join((base_url, *compartment, resource_type or "*"))
    return f"{base_url}/{resource_type}" if resource_type else base_url


def _links(
    url: str, query: SearchQuery, pairs: Pairs, following: str | None
) -> list[tuple[str, str]]:
    shape = tuple(pair for pair in pairs if pair[0] in _PRESENTATION)
    cursor = () if query.cursor is None else ((_CURSOR, query.cursor),)
    links = [("self", _url(url, (*query.applied, *cursor, *shape)))]
    if cursor:
        links.append(("first", _url(url, (*query.applied, *shape))))
    if following is not None:
        links.append(("next", _url(url, (*query.applied, (_CURSOR, following), *shape))))
    return links


def _url(url: str, pairs: Pairs) -> str:
    return f"{url}?{urlencode(pairs, safe=_SAFE)}" if pairs else url
