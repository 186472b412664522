"""Searches in a compartment, by GET and POST: https://hl7.org/fhir/R4/search.html#compartment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import NotFound
from gateway.rest.search import answer_search, posted

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call, Pairs

# https://hl7.org/fhir/R4/compartmentdefinition.html
COMPARTMENTS: Final = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")


def search_compartment(call: Call) -> Answer:
    """Answer what belongs to one patient, encounter..., of one type or of all of them.

    Raises `NotFound` for a type that has no compartment, and what a search raises.
    """
    return _answer(call, call.parameters)


def search_compartment_by_post(call: Call) -> Answer:
    """Answer a search whose parameters are in the body, the URL or both."""
    return _answer(call, posted(call))


def _answer(call: Call, pairs: Pairs) -> Answer:
    if call.type not in COMPARTMENTS:
        message = f"{call.type} has no compartment: {', '.join(COMPARTMENTS)} have."
        raise NotFound(message)
    return answer_search(call, call.member, pairs, compartment=(call.type, call.id))
