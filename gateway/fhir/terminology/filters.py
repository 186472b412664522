"""The filters of a composition: http://hl7.org/fhir/R4/valueset-filter-operator.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid, Issue
from gateway.fhir.terminology.pattern import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.terminology.code_system import CodeSystem, Concept
    from gateway.fhir.terminology.value_set import Filter

    Test = Callable[[Concept], bool]

# Where these stand, the hierarchy is asked, whatever the property is called.
_OF_THE_CODE: Final = ("concept", "code")


def passing(system: CodeSystem, asked: Filter) -> Test:
    """Return the test that a filter is; raises `Invalid` for what cannot be asked of the system."""
    if asked.op in _HIERARCHY:
        if asked.property not in _OF_THE_CODE:
            message = f"{asked.op} is asked of the property concept, not of {asked.property[:64]}."
            raise _refused(message)
        codes = _HIERARCHY[asked.op](system, _canonical_code(system, asked.value))
        return lambda concept: concept.code in codes
    if asked.op == "is-not-a":
        own = _canonical_code(system, asked.value)
        below = system.descendants(own) | {own}
        return lambda concept: concept.code not in below
    if asked.op not in _VALUES:
        message = f"{asked.op[:64] or 'Nothing'} is not a filter operator of R4."
        raise _refused(message)
    if asked.property not in system.known:
        message = f"{system.canonical} has no property {asked.property[:64]} to filter by."
        raise _refused(message)
    return _VALUES[asked.op](system, asked)


def _refused(message: str) -> Invalid:
    return Invalid(message, issues=(Issue(message, code="not-supported"),))


def _canonical_code(system: CodeSystem, code: str) -> str:
    """Return the code as the system writes it."""
    found = system.find(code)
    return code if found is None else found.code


def _is_a(system: CodeSystem, code: str) -> frozenset[str]:
    return system.descendants(code) | {code}


def _descendent_of(system: CodeSystem, code: str) -> frozenset[str]:
    return system.descendants(code)


def _generalizes(system: CodeSystem, code: str) -> frozenset[str]:
    return system.ancestors(code) | {code}


_HIERARCHY: Final = {"is-a": _is_a, "descendent-of": _descendent_of, "generalizes": _generalizes}


def _equals(system: CodeSystem, asked: Filter) -> Test:
    return lambda concept: asked.value in system.values(concept, asked.property)


def _listed(asked: Filter) -> frozenset[str]:
    return frozenset(part.strip() for part in asked.value.split(","))


def _in(system: CodeSystem, asked: Filter) -> Test:
    values = _listed(asked)
    return lambda concept: not values.isdisjoint(system.values(concept, asked.property))


def _not_in(system: CodeSystem, asked: Filter) -> Test:
    values = _listed(asked)
    return lambda concept: values.isdisjoint(system.values(concept, asked.property))


def _regex(system: CodeSystem, asked: Filter) -> Test:
    pattern = compiled(asked.value)
    return lambda concept: any(map(pattern.matches, system.values(concept, asked.property)))


def _exists(system: CodeSystem, asked: Filter) -> Test:
    wanted = asked.value == "true"
    return lambda concept: bool(system.values(concept, asked.property)) is wanted


_VALUES: Final = {
    "=": _equals,
    "in": _in,
    "not-in": _not_in,
    "regex": _regex,
    "exists": _exists,
}
