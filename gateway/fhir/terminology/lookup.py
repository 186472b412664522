"""$lookup and $subsumes: what a code system says about its codes.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html,
https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, NotFound
from gateway.fhir.terminology.displays import chosen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.terminology.code_system import CodeSystem, Concept

# The hierarchies in which what is below is a kind of what is above; "" leaves it open.
_KINDS: Final = frozenset({"", "is-a"})


@dataclass(frozen=True, slots=True)
class Property:
    """One property: `key` is its `value[x]`, `description` the display of the code it names."""

    code: str
    key: str
    value: Any
    description: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What there is to know of a code."""

    name: str
    version: str
    display: str
    designations: tuple[Mapping[str, Any], ...]
    properties: tuple[Property, ...]


def known_concept(system: CodeSystem, code: str) -> Concept:
    """Return a concept; raises `NotFound`, saying when the code may exist all the same."""
    concept = system.find(code)
    if concept is not None:
        return concept
    message = f"{code[:100]} is not a code of {system.canonical}."
    if not system.complete:
        message = (
            f"{code[:100]} is not among the codes of {system.canonical} that are here "
            f"(content = {system.content})."
        )
    raise NotFound(message)


def lookup(
    system: CodeSystem, code: str, *, language: str = "", wanted: frozenset[str] = frozenset()
) -> Details:
    """Return what there is to know of a code, or only the properties `wanted`.

    Raises `NotFound` for a code that is not there.
    """
    concept = known_concept(system, code)
    named = [dict(one) for one in concept.designations]
    display = chosen(concept.display or concept.code, named, language)
    shown = not wanted or "designation" in wanted
    tongues = {one.removeprefix("lang.") for one in wanted if one.startswith("lang.")}
    return Details(
        name=system.name,
        version=system.canonical.version,
        display=display,
        designations=tuple(one for one in named if shown or one.get("language") in tongues),
        properties=tuple(
            one for one in _properties(system, concept) if not wanted or one.code in wanted
        ),
    )


def _properties(system: CodeSystem, concept: Concept) -> list[Property]:
    found = []
    if concept.definition:
        found.append(Property("definition", "valueString", concept.definition))
    if concept.inactive or "inactive" in system.known - {"inactive"}:
        found.append(Property("inactive", "valueBoolean", concept.inactive))
    for one in concept.properties:
        key = next((name for name in one if name.startswith("value")), "")
        if key and one.get("code") != "inactive":
            found.append(Property(str(one.get("code")), key, one[key]))
    found += [_relative(system, "parent", code) for code in concept.parents]
    found += [_relative(system, "child", code) for code in system.children(concept.code)]
    return found


def _relative(system: CodeSystem, name: str, code: str) -> Property:
    other = system.find(code)
    return Property(name, "valueCode", code, other.display if other else "")


def subsumes(system: CodeSystem, first: str, second: str) -> str:
    """Return `equivalent`, `subsumes`, `subsumed-by` or `not-subsumed`.

    Raises `NotFound` for a code that is not there, `Invalid` when the hierarchy of the system says
    nothing about kinds.
    """
    one, other = known_concept(system, first).code, known_concept(system, second).code
    if one == other:
        return "equivalent"
    if system.hierarchy not in _KINDS:
        message = (
            f"The hierarchy of {system.canonical} is {system.hierarchy[:40]}: "
            "it does not say what is a kind of what."
        )
        raise Invalid(message)
    if one in system.ancestors(other):
        return "subsumes"
    return "subsumed-by" if other in system.ancestors(one) else "not-subsumed"
