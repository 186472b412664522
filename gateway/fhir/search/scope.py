"""One condition over several types: a search over all types asks each type by its own parameter.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.search.conditions import EVERY_TYPE, AllOf, AnyOf, Clause, NotOf
from gateway.fhir.search.parameters import parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.conditions import Condition


def over(types: tuple[str, ...], name: str, read: Callable[[str], Condition]) -> Condition:
    """Return the condition that `read` gives for each type, as one.

    `name` is the parameter as written; one that every resource has is read once, for all of them.
    """
    if len(types) == 1:
        return read(types[0])
    if parameter(EVERY_TYPE, name.partition(":")[0]) is not None:
        return read(EVERY_TYPE)
    found = tuple(dict.fromkeys(read(each) for each in types))
    if len(found) == 1:
        return found[0]
    # What a type does not have is missing there, and not equal to anything.
    return AllOf(found) if all(map(_denies, found)) else AnyOf(found)


def _denies(condition: Condition) -> bool:
    if isinstance(condition, Clause):
        return condition.modifier == "not" or condition.missing is True
    return isinstance(condition, NotOf)
