"""Evaluates a Measure over the store: https://hl7.org/fhir/R4/measure-operation-evaluate-measure.html.

The database counts wherever the index knows what is asked; else resources are read one by one, up
to a bound.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gateway.access.labels import CONFIDENTIALITY
from gateway.errors import Invalid, Unsupported
from gateway.fhir.fhirpath import Services
from gateway.fhir.search.dates import local_day
from gateway.fhir.search.figures import Between
from gateway.fhir.search.query import TooCostly, parse_search
from gateway.programmes.measures.counting import Counting, whole_units
from gateway.programmes.measures.definition import read_measure
from gateway.programmes.measures.figures import GroupFigures, in_unit
from gateway.programmes.measures.paths import between, months
from gateway.programmes.measures.plan import OBSERVATION, Span, indexed, sought
from gateway.programmes.measures.report import Heading, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gateway.fhir.search.figures import Extent, Survey, Tally
    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.wire import Resource
    from gateway.programmes.measures.definition import Definition, Group, Stratifier
    from gateway.programmes.measures.figures import Figures, Value
    from gateway.programmes.measures.plan import Indexed, Sought
    from gateway.store.api import Store

# Read one by one, at most.
MOST_READ: Final = 50_000
# Groups of a measure, side by side.
_AT_ONCE: Final = 4
# Subjects in a list, and resources of an individual report, at most.
MOST_LISTED: Final = 10_000
_RESOLVED: Final = 4_096
_SPLIT: Final = 200
# What a list of subjects leaves out (`gateway.access.labels`).
_HIDDEN: Final = (
    "_security:not",
    ",".join([*(f"{system}|V" for system in sorted(CONFIDENTIALITY)), "MASQUE_PS"]),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: the period, the type of report, and a subject or "" for everybody."""

    span: Span
    kind: str = "summary"
    subject: str = ""


class Measuring:
    """Evaluates measures over `store`."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        terminology: Terminology | None = None,
    ) -> None:
        """Read from `store`; `clock` gives the date of reports."""
        self._store = store
        self._clock = clock
        self._terminology = terminology

    def evaluate(self, measure: Resource, request: Request) -> Resource:
        """Return the MeasureReport.

        Raises `Invalid` and `Unsupported` for a measure that cannot be evaluated, naming the
        element, `TooCostly` for what takes too long.
        """
        definition = read_measure(measure)
        found = self._groups(definition, request)
        date = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        heading = Heading(request.kind, request.span, date, request.subject)
        evaluated = self._evaluated(definition, request) if request.kind == "individual" else ()
        return report(definition, heading, found, evaluated)

    def _groups(self, definition: Definition, request: Request) -> list[GroupFigures]:
        """Evaluate the groups, side by side where another program answers what is asked."""
        groups = [(one, f"Measure.group[{n}]") for n, one in enumerate(definition.groups)]
        if self._store.local_reads:
            return [self._group(one, request, place) for one, place in groups]
        with ThreadPoolExecutor(_AT_ONCE, "measure") as pool:
            found = [pool.submit(self._group, one, request, place) for one, place in groups]
            try:
                return [one.result() for one in found]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def figures(self, measure: Resource, code: str, request: Request) -> GroupFigures:
        """Return the figures of one group of a measure; raises `Invalid` when it has no such."""
        definition = read_measure(measure)
        for number, group in enumerate(definition.groups):
            if group.code == code:
                return self._group(group, request, f"Measure.group[{number}]")
        message = f"{definition.canonical} has no group {code[:64]}."
        raise Invalid(message, expression="Measure.group")

    def _group(self, group: Group, request: Request, place: str) -> GroupFigures:
        found = sought(group, request.span, request.subject, place)
        figures = GroupFigures()
        for kind, one in found.items():
            figures.searches[kind] = one.asked.url
        plan = indexed(group, found, request.span)
        if plan is not None:
            self._count(found, _Counted(self._store, group, plan, request.span, figures))
            if request.kind == "subject-list":
                for kind, one in found.items():
                    if kind != OBSERVATION:
                        self._list(kind, one, plan, figures)
        elif any(one.days for one in found.values()):
            message = "Days are told apart where the paths of the group are search parameters'."
            raise Unsupported(message, expression=f"{place}.population")
        else:
            self._read(group, found, request, figures)
        return figures

    def _count(self, found: dict[str, Sought], counted: _Counted) -> None:
        # Populations that are the same search are found together.
        searches: dict[str, list[Sought]] = {}
        for one in found.values():
            if one.days:
                counted.add_of_several_days(one.population.kind, self._query(one))
            else:
                searches.setdefault(one.asked.url, []).append(one)
        for several in searches.values():
            kinds = [one.population.kind for one in several]
            counted.add(kinds, self._query(several[0]))

    def _query(self, one: Sought, *more: tuple[str, str]) -> SearchQuery:
        pairs = (*one.asked.pairs, *more)
        try:
            return parse_search(
                one.asked.type,
                pairs,
                local_bases=self._store.local_bases,
                terminology=self._terminology,
            )
        except (Unsupported, Invalid) as fault:
            message = f"The population {one.population.kind} cannot be searched for: {fault.text}"
            raise Invalid(message, expression="Measure.group.population.criteria") from fault

    # Lists

    def _list(self, kind: str, one: Sought, plan: Indexed, figures: GroupFigures) -> None:
        query, days = self._query(one, _HIDDEN), plan.spread(kind)
        listed = (
            self._store.members(query, plan.once.get(kind), MOST_LISTED + 1)
            if days is None
            else sorted(_of_several_days(self._store.extents(query, days)))
        )
        if len(listed) > MOST_LISTED:
            message = (
                f"The list holds more than {MOST_LISTED} subjects: ask for a shorter period, for "
                "one structure, or page through the search that the summary names."
            )
            raise TooCostly(message)
        kept = self._shown(listed)
        figures.members[kind] = kept
        figures.withheld[kind] = figures.whole.numbers.get(kind, 0) - len(kept)

    def _shown(self, listed: list[str]) -> list[str]:
        """Return the subjects that no label of their own keeps back."""
        ids = [one.partition("/")[2] for one in listed if one.startswith("Patient/")]
        hidden: set[str] = set()
        labels = _HIDDEN[1]
        for first in range(0, len(ids), _SPLIT):
            some = ",".join(ids[first : first + _SPLIT])
            pairs = [("_id", some), ("_security", labels), ("_count", str(_SPLIT))]
            page = self._store.search(parse_search("Patient", pairs))
            hidden |= {match.reference for match in page.matches}
        return [one for one in listed if one not in hidden]

    def _evaluated(self, definition: Definition, request: Request) -> list[str]:
        found: dict[str, None] = {}
        for number, group in enumerate(definition.groups):
            for one in sought(
                group, request.span, request.subject, f"Measure.group[{number}]"
            ).values():
                listed = self._store.members(self._query(one, _HIDDEN), None, MOST_LISTED)
                found |= dict.fromkeys(listed)
        return list(found)

    # One by one

    def _read(
        self, group: Group, found: dict[str, Sought], request: Request, figures: GroupFigures
    ) -> None:
        resolve = lru_cache(maxsize=_RESOLVED)(self._resource)
        services = Services(resolve=resolve, now=self._clock)
        variables: dict[str, Any] = {
            "periodStart": request.span.start,
            "periodEnd": request.span.end,
        }
        for kind, one in found.items():
            counting = Counting(group, one, services, variables)
            counting.count(self._resources(self._query(one)), figures)
            figures.whole.numbers.setdefault(kind, 0)
        if request.kind == "subject-list":
            for kind, listed in figures.members.items():
                kept = self._shown(sorted(set(listed))[:MOST_LISTED])
                figures.members[kind] = kept
                figures.withheld[kind] = figures.whole.numbers[kind] - len(kept)

    def _resource(self, reference: str) -> Resource | None:
        kind, _, identity = reference.rpartition("/")
        stored = self._store.read(kind.rpartition("/")[2], identity) if kind else None
        return None if stored is None or stored.deleted else stored.resource

    def _resources(self, query: SearchQuery) -> Iterator[Resource]:
        # Which they are is found out once: page by page, a search that has to gather would gather
        # all of it for each page.
        listed = self._store.members(query, None, MOST_READ + 1)
        if len(listed) > MOST_READ:
            message = (
                f"More than {MOST_READ} resources would be read one by one: write the criteria "
                "as a search, or ask for a shorter period."
            )
            raise TooCostly(message)
        for first in range(0, len(listed), _SPLIT):
            ids = [one.partition("/")[2] for one in listed[first : first + _SPLIT]]
            pairs = [("_id", ",".join(ids)), ("_count", str(_SPLIT))]
            page = self._store.search(parse_search(query.type, pairs))
            yield from (one.resource for one in page.matches)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Puts what the database counted into the figures of a group."""

    store: Store
    group: Group
    plan: Indexed
    span: Span
    figures: GroupFigures

    def add(self, kinds: Sequence[str], query: SearchQuery) -> None:
        """Count populations that one search finds, as a whole and by each stratifier."""
        by = [None, *self.group.stratifiers]
        asked = [(kind, one) for kind in kinds for one in by]
        surveys = [self._survey(kind, one.code if one else "") for kind, one in asked]
        found = self.store.tallies(query, surveys)
        for (kind, stratifier), tallies in zip(asked, found, strict=True):
            self.figures.whole.numbers.setdefault(kind, 0)
            for one in tallies:
                if stratifier is None:
                    self._put(kind, one, self.figures.whole)
                elif one.stratum is not None:
                    value = self._named(stratifier.expression, one.stratum)
                    self._put(kind, one, self.figures.stratum(stratifier.code, value))

    def add_of_several_days(self, kind: str, query: SearchQuery) -> None:
        """Count what lies on more than one day, as a whole and by each stratifier."""
        stratifiers: tuple[Stratifier | None, ...] = self.group.stratifiers or (None,)
        for stratifier in stratifiers:
            spread = self.plan.spread(kind, stratifier.code if stratifier is not None else "")
            extents = self.store.extents(query, spread) if spread is not None else []
            several = _of_several_days(extents)
            self.figures.whole.numbers[kind] = len(several)
            for one in extents:
                if stratifier is not None and one.stratum is not None and one.key in several:
                    value = self._named(stratifier.expression, one.stratum)
                    numbers = self.figures.stratum(stratifier.code, value).numbers
                    numbers[kind] = numbers.get(kind, 0) + 1

    def _survey(self, kind: str, stratifier: str) -> Survey:
        # A sum may be made of sums; everything else needs each value.
        each = kind == OBSERVATION and (
            self.group.method != "sum" or isinstance(self.plan.value, Between)
        )
        return self.plan.survey(kind, stratifier, each=each)

    def _put(self, kind: str, one: Tally, figures: Figures) -> None:
        figures.numbers[kind] = figures.numbers.get(kind, 0) + one.number
        if kind != OBSERVATION or one.total is None:
            return
        value = self._value(one)
        if value is not None:
            figures.values.append((value, 1 if self.group.method == "sum" else one.number))

    def _value(self, one: Tally) -> float | None:
        total = one.total or 0.0
        if isinstance(self.plan.value, Between):
            observation = self.group.population(OBSERVATION)
            unit = between(observation.criteria.expression)[0] if observation else "days"
            whole = whole_units(total, unit)
            return whole * one.number if self.group.method == "sum" else whole
        return in_unit(total, one.unit, self.group.unit)

    def _named(self, expression: str, stratum: Value) -> Value:
        if stratum[0] or not expression.endswith(")"):
            return stratum
        return "", months(self.span.start, self.span.end)[int(stratum[1])]


def _of_several_days(extents: Sequence[Extent]) -> set[str]:
    """Return what does not begin and end on one day, local time, in whichever strata."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for one in extents:
        first[one.key] = min(one.first, first.get(one.key, one.first))
        last[one.key] = max(one.last, last.get(one.key, one.last))
    return {key for key in first if local_day(first[key]) != local_day(last[key])}


__all__ = ["Measuring", "Request", "Span"]
