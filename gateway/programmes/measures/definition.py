"""A Measure, read: its groups, what each counts and what the figures are told by.

https://hl7.org/fhir/R4/measure.html. Of a group the extensions cqfm-scoring, cqfm-scoringUnit and
cqfm-aggregateMethod count (http://hl7.org/fhir/us/cqfmeasures), of a population our own
`counted-once`: a FHIRPath to the reference whose targets are counted once each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

FHIRPATH: Final = "text/fhirpath"
QUERY: Final = "application/x-fhir-query"
CQL: Final = "text/cql"
COUNTED_ONCE: Final = "https://passerelle.example/fhir/StructureDefinition/counted-once"
_CQFM: Final = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition"
SCORINGS: Final = ("proportion", "ratio", "continuous-variable", "cohort")
METHODS: Final = ("sum", "average", "count", "minimum", "maximum", "median")
# Which populations a score needs (https://hl7.org/fhir/R4/clinicalreasoning-quality-reporting.html).
_NEEDED: Final = {
    "proportion": ("initial-population", "denominator", "numerator"),
    "ratio": ("initial-population", "denominator", "numerator"),
    "continuous-variable": ("initial-population", "measure-observation"),
    "cohort": ("initial-population",),
}


@dataclass(frozen=True, slots=True)
class Criteria:
    """An expression and its language."""

    language: str
    expression: str


@dataclass(frozen=True, slots=True)
class Population:
    """What is counted; `kind` is its code, `once` the path to what is counted once each."""

    kind: str
    criteria: Criteria
    title: str = ""
    once: str = ""


@dataclass(frozen=True, slots=True)
class Stratifier:
    """What figures are told by."""

    code: str
    title: str
    expression: str


@dataclass(frozen=True, slots=True)
class Group:
    """One figure, or the parts of one."""

    code: str
    title: str
    scoring: str
    populations: tuple[Population, ...]
    stratifiers: tuple[Stratifier, ...] = ()
    method: str = ""
    unit: str = ""

    def population(self, kind: str) -> Population | None:
        """Return the population of that kind, or None."""
        return next((one for one in self.populations if one.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole Measure; `canonical` has the version behind a bar."""

    canonical: str
    title: str
    groups: tuple[Group, ...]


def read_measure(measure: Resource) -> Definition:
    """Return what a Measure says; raises `Invalid` naming the element that cannot be used."""
    canonical = str(measure.get("url", ""))
    if measure.get("version"):
        canonical += f"|{measure['version']}"
    found = tuple(_groups(measure))
    if not found:
        message = "The measure has no group: there is nothing to evaluate."
        raise Invalid(message, expression="Measure.group")
    return Definition(canonical, str(measure.get("title") or measure.get("name") or ""), found)


def _groups(measure: Resource) -> Iterator[Group]:
    default = _code(measure.get("scoring"))
    for number, group in enumerate(measure.get("group", ())):
        place = f"Measure.group[{number}]"
        scoring = _code(_extension(group, "cqfm-scoring")) or default or "cohort"
        if scoring not in SCORINGS:
            message = f"{scoring[:64]} is not a scoring of a measure: {', '.join(SCORINGS)} are."
            raise Invalid(message, expression=f"{place}.extension")
        populations = tuple(_populations(group, place))
        _complete(scoring, populations, place)
        yield Group(
            code=_code(group.get("code")) or f"group-{number + 1}",
            title=_text(group.get("code")) or str(group.get("description", "")),
            scoring=scoring,
            populations=populations,
            stratifiers=tuple(_stratifiers(group, place)),
            method=_method(group, place) if scoring == "continuous-variable" else "",
            unit=_code(_extension(group, "cqfm-scoringUnit")),
        )


def _complete(scoring: str, populations: tuple[Population, ...], place: str) -> None:
    kinds = [one.kind for one in populations]
    for needed in _NEEDED[scoring]:
        if kinds.count(needed) != 1:
            message = f"A measure scored as {scoring} has one {needed}."
            raise Invalid(message, expression=f"{place}.population")


def _populations(group: dict[str, Any], place: str) -> Iterator[Population]:
    for number, given in enumerate(group.get("population", ())):
        where = f"{place}.population[{number}]"
        once = _own(given, COUNTED_ONCE)
        yield Population(
            kind=_code(given.get("code")),
            criteria=_criteria(given.get("criteria"), where),
            title=str(given.get("description") or _text(given.get("code"))),
            once=str(once.get("expression", "")) if isinstance(once, dict) else "",
        )


def _stratifiers(group: dict[str, Any], place: str) -> Iterator[Stratifier]:
    for number, given in enumerate(group.get("stratifier", ())):
        where = f"{place}.stratifier[{number}]"
        criteria = _criteria(given.get("criteria"), where)
        if criteria.language != FHIRPATH:
            message = f"A stratifier is written in {FHIRPATH}, not in {criteria.language[:64]}."
            raise Unsupported(message, expression=f"{where}.criteria.language")
        code, title = _code(given.get("code")), _text(given.get("code"))
        yield Stratifier(code or f"stratifier-{number + 1}", title, criteria.expression)


def _criteria(given: Any, place: str) -> Criteria:  # noqa: ANN401 - any JSON
    criteria = given if isinstance(given, dict) else {}
    language, expression = criteria.get("language"), criteria.get("expression")
    if not isinstance(expression, str) or not expression.strip():
        message = "The criteria have no expression."
        raise Invalid(message, expression=f"{place}.criteria.expression")
    if language not in (FHIRPATH, QUERY, CQL):
        message = f"Criteria are written in {QUERY}, {FHIRPATH} or, between two times, {CQL}."
        raise Unsupported(message, expression=f"{place}.criteria.language")
    return Criteria(language, expression.strip())


def _method(group: dict[str, Any], place: str) -> str:
    found = _extension(group, "cqfm-aggregateMethod")
    method = str(found.get("code", "")) if isinstance(found, dict) else str(found or "sum")
    if method not in METHODS:
        message = f"{method[:64]} is not a way to aggregate: {', '.join(METHODS)} are."
        raise Invalid(message, expression=f"{place}.extension")
    return method


def _extension(element: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - any value
    return _own(element, f"{_CQFM}/{name}")


def _own(element: dict[str, Any], url: str) -> Any:  # noqa: ANN401 - any value
    for one in element.get("extension", ()):
        if one.get("url") == url:
            return next((part for name, part in one.items() if name.startswith("value")), None)
    return None


def _code(concept: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the first code of a CodeableConcept or Coding, or "" ."""
    if not isinstance(concept, dict):
        return concept if isinstance(concept, str) else ""
    coding = concept.get("coding", [concept])
    return str(coding[0].get("code", "")) if coding else ""


def _text(concept: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(concept, dict):
        return ""
    displays = [one.get("display") for one in concept.get("coding", ())]
    return str(concept.get("text") or next((one for one in displays if one), ""))
