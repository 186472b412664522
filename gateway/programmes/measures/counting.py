"""Figures of resources one by one: what FHIRPath says that no index knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import Invalid
from gateway.fhir.fhirpath import compile_expression
from gateway.fhir.search.dates import date_range
from gateway.programmes.measures.definition import CQL
from gateway.programmes.measures.figures import in_unit
from gateway.programmes.measures.paths import UNITS, between
from gateway.programmes.measures.plan import OBSERVATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.fhir.fhirpath import Services
    from gateway.fhir.wire import Resource
    from gateway.programmes.measures.definition import Criteria, Group
    from gateway.programmes.measures.figures import Figures, GroupFigures, Value
    from gateway.programmes.measures.plan import Sought


@dataclass(slots=True)
class Counting:
    """Counts the resources of one population into the figures of its group."""

    group: Group
    sought: Sought
    services: Services
    variables: Mapping[str, str]
    _seen: dict[tuple[str, Value | None], set[str]] = field(default_factory=dict)
    _least: dict[int, tuple[Figures, dict[str, float]]] = field(default_factory=dict)

    def count(self, resources: Iterable[Resource], into: GroupFigures) -> None:
        """Count; raises `Invalid` for an expression that cannot be evaluated."""
        for resource in resources:
            if all(self._expression(one, resource) == [True] for one in self.sought.filters):
                self._count(resource, into)
        for figures, least in self._least.values():
            figures.values = [(value, 1) for value in least.values()]

    def _count(self, resource: Resource, into: GroupFigures) -> None:
        kind = self.sought.population.kind
        keys = self._keys(resource)
        value = self._value(resource) if kind == OBSERVATION else None
        places: list[tuple[str, Value | None]] = [("", None)]
        for one in self.group.stratifiers:
            places += [(one.code, stratum) for stratum in self._strata(one.expression, resource)]
        for stratifier, stratum in places:
            seen = self._seen.setdefault((stratifier, stratum), set())
            seen.update(keys)
            figures = into.whole if stratum is None else into.stratum(stratifier, stratum)
            figures.numbers[kind] = len(seen)
            if value is not None:
                self._add(value, figures, keys)
        into.members.setdefault(kind, []).extend(key for key in keys)

    def _add(self, value: float, figures: Figures, keys: list[str]) -> None:
        """Keep a value; what is counted once counts with its smallest."""
        if not self.sought.population.once:
            figures.values.append((value, 1))
            return
        _, least = self._least.setdefault(id(figures), (figures, {}))
        for key in keys:
            least[key] = min(value, least.get(key, value))

    def _keys(self, resource: Resource) -> list[str]:
        once = self.sought.population.once
        if not once:
            return [f"{resource['resourceType']}/{resource['id']}"]
        found = self._expression(once, resource)
        return [one["reference"] for one in found if isinstance(one, dict) and "reference" in one]

    def _strata(self, expression: str, resource: Resource) -> Iterator[Value]:
        yield from dict.fromkeys(
            value for one in self._expression(expression, resource) for value in _values(one)
        )

    def _value(self, resource: Resource) -> float | None:
        criteria = self.sought.population.criteria
        if criteria.language == CQL:
            return self._between(criteria, resource)
        found = self._expression(criteria.expression, resource)
        if len(found) != 1:
            return None
        given = found[0]
        if isinstance(given, dict):
            number, unit = given.get("value"), str(given.get("code", ""))
            return None if number is None else in_unit(float(number), unit, self.group.unit)
        return float(given) if isinstance(given, int | float) else None

    def _between(self, criteria: Criteria, resource: Resource) -> float | None:
        unit, start, end = between(criteria.expression)
        ends = [self._instant(one, resource) for one in (start, end)]
        if ends[0] is None or ends[1] is None:
            return None
        return whole_units(ends[1] - ends[0], unit)

    def _instant(self, expression: str, resource: Resource) -> int | None:
        found = self._expression(expression, resource)
        known = date_range(str(found[0])) if len(found) == 1 else None
        return None if known is None else known[0]

    def _expression(self, text: str, resource: Resource) -> list[Any]:
        try:
            return compile_expression(text).evaluate(resource, self.variables, self.services)
        except Invalid as fault:
            message = f"{text[:200]} cannot be evaluated: {fault.text}"
            raise Invalid(message, expression="Measure.group") from fault


def whole_units(micros: float, unit: str) -> float:
    """Return a duration in whole days, hours or minutes, as CQL has it."""
    return float(int(micros / UNITS[unit][0]))


def _values(one: Any) -> Iterator[Value]:  # noqa: ANN401 - any element
    if not isinstance(one, dict):
        yield "", str(one)
    elif "reference" in one:
        kind, _, identity = str(one["reference"]).rpartition("/")
        yield kind, identity
    else:
        for coding in one.get("coding", [one]):
            if "code" in coding:
                yield str(coding.get("system", "")), str(coding["code"])
