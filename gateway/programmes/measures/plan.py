"""What must be asked to evaluate a group: a search for each population, and what narrows it.

https://hl7.org/fhir/R4/clinicalreasoning-quality-reporting.html: a numerator lies inside the
denominator, that inside the initial population; of a ratio both lie inside the initial population.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.errors import Invalid, Unsupported
from gateway.fhir.search.figures import Spread, Survey
from gateway.fhir.search.parameters import Kind, parameter
from gateway.programmes.measures.definition import CQL, FHIRPATH, QUERY
from gateway.programmes.measures.paths import between_paths, months_of, path_of, several_days
from gateway.programmes.measures.queries import Asked, read_search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.search.figures import Between, Buckets, Path
    from gateway.programmes.measures.definition import Group, Population, Stratifier

_Way = TypeVar("_Way")
_INITIAL: Final = "initial-population"
OBSERVATION: Final = "measure-observation"
# Inside what a population lies, the first that the group has.
_PARENTS: Final = {
    "denominator": (_INITIAL,),
    "denominator-exclusion": ("denominator", _INITIAL),
    "denominator-exception": ("denominator", _INITIAL),
    "numerator": ("denominator", _INITIAL),
    "numerator-exclusion": ("numerator", _INITIAL),
    "measure-population": (_INITIAL,),
    "measure-population-exclusion": ("measure-population", _INITIAL),
    OBSERVATION: ("measure-population", _INITIAL),
}
# The stratifier by which figures are kept to a subject of this type.
_SUBJECTS: Final = {
    "Organization": "structure",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitioner",
    "Location": "location",
}


@dataclass(frozen=True, slots=True)
class Span:
    """The period of a report, two dates (YYYY-MM-DD), both included."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Sought:
    """A population as it is sought: a search, and FHIRPath that must hold of what it finds.

    `days` is FHIRPath to an instant that must lie on several days for each that is counted once.
    """

    population: Population
    asked: Asked
    filters: tuple[str, ...] = ()
    days: str = ""


def sought(group: Group, span: Span, subject: str, place: str) -> dict[str, Sought]:
    """Return what each population is, by kind, kept to `subject` (`Type/id`, "" for everybody).

    Raises `Invalid` for criteria that cannot be used, `Unsupported` for a subject by which the
    group is not told.
    """
    variables = {"periodStart": span.start, "periodEnd": span.end, "subject": subject}
    found: dict[str, Sought] = {}
    for population in sorted(group.populations, key=_order):
        where = f"{place}.population.where(code.coding.code = '{population.kind}').criteria"
        parent = _parent(group, population.kind, found)
        if population.criteria.language == QUERY:
            asked = read_search(population.criteria.expression, variables, where)
            asked = asked if parent is None else parent.asked.narrowed(asked, where)
            filters = () if parent is None else parent.filters
        else:
            asked, filters = _narrowed(population, parent, where)
        found[population.kind] = Sought(population, asked, filters, _days(population, where))
    return {kind: _of_subject(one, group, subject) for kind, one in found.items()}


def _order(population: Population) -> int:
    kinds = [_INITIAL, *_PARENTS]
    return kinds.index(population.kind) if population.kind in kinds else len(kinds)


def _parent(group: Group, kind: str, found: Mapping[str, Sought]) -> Sought | None:
    parents = _PARENTS.get(kind, (_INITIAL,))
    if group.scoring == "ratio" and kind == "numerator":
        parents = (_INITIAL,)
    return next((found[one] for one in parents if one in found and kind != _INITIAL), None)


def _narrowed(
    population: Population, parent: Sought | None, where: str
) -> tuple[Asked, tuple[str, ...]]:
    if parent is None:
        message = f"The initial population is a search ({QUERY}): it says where to look."
        raise Unsupported(message, expression=f"{where}.language")
    if population.kind == OBSERVATION or population.criteria.language == CQL:
        return parent.asked, parent.filters
    return parent.asked, (*parent.filters, population.criteria.expression)


def _days(population: Population, where: str) -> str:
    if population.kind == OBSERVATION or population.criteria.language != CQL:
        return ""
    try:
        days = several_days(population.criteria.expression)
    except Invalid as fault:
        raise Invalid(fault.text, expression=f"{where}.expression") from fault
    if not population.once:
        message = "Days are counted of what is counted once: the population has no counted-once."
        raise Invalid(message, expression=where)
    return days


def _of_subject(one: Sought, group: Group, subject: str) -> Sought:
    if not subject:
        return one
    name = _subject_parameter(group, one.asked.type, subject.partition("/")[0])
    pair = (name, subject if name != "_id" else subject.partition("/")[2])
    return replace(one, asked=Asked(one.asked.type, (*one.asked.pairs, pair)))


def _subject_parameter(group: Group, searched: str, kind: str) -> str:
    if searched == kind:
        return "_id"
    if kind == "Patient":
        for code in ("patient", "subject", "member"):
            if parameter(searched, code) is not None:
                return code
    wanted = _SUBJECTS.get(kind, "")
    for stratifier in group.stratifiers:
        path = path_of(stratifier.expression, searched, Kind.REFERENCE)
        if stratifier.code == wanted and path is not None:
            return "".join(f"{step.code}:{to}." for step, to in path.steps) + path.end.code
    message = f"{group.title or group.code} is not told by {kind[:64]}."
    raise Unsupported(message, expression="subject")


@dataclass(frozen=True, slots=True)
class Indexed:
    """How the index answers a group: `by` for each stratifier, `value` of the observation.

    `days` are the instants of the populations that are told by how many days they lie on.
    """

    once: dict[str, Path | None]
    by: dict[str, Path | Buckets]
    value: Path | Between | None = None
    days: dict[str, Path] = field(default_factory=dict)

    def survey(self, kind: str, stratifier: str = "", *, each: bool = False) -> Survey:
        """Return what is asked of the search for a population."""
        value = self.value if kind == OBSERVATION else None
        return Survey(self.by.get(stratifier), self.once.get(kind), value, each)

    def spread(self, kind: str, stratifier: str = "") -> Spread | None:
        """Return what is asked of the search for a population of several days, None for others."""
        once, when = self.once.get(kind), self.days.get(kind)
        if once is None or when is None:
            return None
        return Spread(once, when, self.by.get(stratifier))


def indexed(group: Group, found: Mapping[str, Sought], span: Span) -> Indexed | None:
    """Return how the index answers everything of a group, None when it does not."""
    kind = found[_INITIAL].asked.type
    by = {one.code: _by(one, kind, span) for one in group.stratifiers}
    once = {one.kind: path_of(one.once, kind, Kind.REFERENCE) for one in group.populations}
    value = _value(group, kind)
    days = {name: path_of(one.days, kind, Kind.DATE) for name, one in found.items() if one.days}
    missing = [
        any(path is None for path in days.values()),
        any(one.filters for one in found.values()),
        any(path is None for path in by.values()),
        any(one.once and once[one.kind] is None for one in group.populations),
        value is None and group.population(OBSERVATION) is not None,
    ]
    if any(missing):
        return None
    return Indexed(once, _known(by), value, _known(days))


def _known(paths: Mapping[str, _Way | None]) -> dict[str, _Way]:
    return {name: path for name, path in paths.items() if path is not None}


def _by(one: Stratifier, kind: str, span: Span) -> Path | Buckets | None:
    month = months_of(one.expression, kind, span.start, span.end)
    return month or path_of(one.expression, kind, Kind.REFERENCE, Kind.TOKEN)


def _value(group: Group, kind: str) -> Path | Between | None:
    observation = group.population(OBSERVATION)
    if observation is None:
        return None
    criteria = observation.criteria
    if criteria.language == CQL:
        return between_paths(criteria.expression, kind)
    if criteria.language == FHIRPATH:
        return path_of(criteria.expression, kind, Kind.QUANTITY)
    message = "A measure-observation is a value of each resource, not a search."
    raise Unsupported(message)
