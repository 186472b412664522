"""What is in a compartment, as a condition: https://hl7.org/fhir/R4/compartmentdefinition.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.errors import NotFound
from gateway.fhir.search.compartments import compartment_parameters, compartments
from gateway.fhir.search.conditions import AnyOf, Clause
from gateway.fhir.search.parameters import Kind, parameter
from gateway.fhir.search.values import InvalidSearch, ReferenceValue, TokenValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.fhir.search.conditions import Condition

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def in_compartment(compartment: tuple[str, str], types: Iterable[str]) -> Condition:
    """Return the condition to be in a compartment, (type, id), for resources of the types.

    Raises `NotFound` when there is no such compartment or none of the types is ever in it,
    `InvalidSearch` for an id that is none.
    """
    owner, identity = compartment
    if not _ID.fullmatch(identity):
        message = f"The id of the {owner[:64]} is not an id."
        raise InvalidSearch(message)
    if owner not in compartments():
        message = f"{owner[:64]} has no compartment."
        raise NotFound(message)
    found = tuple(clause for each in types for clause in _clauses(owner, identity, each))
    if not found:
        message = f"Nothing that is asked for can be in the compartment of a {owner[:64]}."
        raise NotFound(message)
    return found[0] if len(found) == 1 else AnyOf(found)


def _clauses(owner: str, identity: str, resource_type: str) -> Iterator[Clause]:
    own = parameter(resource_type, "_id")
    if resource_type == owner and own is not None:
        yield Clause(own, "", (TokenValue(None, identity),))
    for code in compartment_parameters(owner, resource_type):
        found = parameter(resource_type, code)
        if found is not None and found.kind is Kind.REFERENCE:
            yield Clause(found, "", (ReferenceValue(owner, identity),))
