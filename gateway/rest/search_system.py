"""search-system by GET and POST: https://hl7.org/fhir/R4/http.html#search.

Every type at once, or those of `_type`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.rest.search import answer_search, posted

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call


def search_system(call: Call) -> Answer:
    """Answer a searchset of several types; raises `Unsupported` or `Invalid`."""
    return answer_search(call, "", call.parameters)


def search_system_by_post(call: Call) -> Answer:
    """Answer a search whose parameters are in the body, the URL or both."""
    return answer_search(call, "", posted(call))
