"""FHIRPath that the index answers: paths that search parameters have already taken.

`Encounter.subject`, `Appointment.basedOn.resolve().requester`, `Encounter.period.start`; a month is
`Encounter.period.start.toString().substring(0, 7)`. Of CQL, `days between A and B` is known, whole
units as in https://cql.hl7.org/09-b-cqlreference.html#duration, and of what is counted
once `Count(distinct date from A) > 1`. Anything else is evaluated resource by resource
(`gateway.programmes.measures.counting`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.figures import Between, Buckets, Path
from gateway.fhir.search.parameters import Kind, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.search.parameters import SearchParameter

_MONTH: Final = ".toString().substring(0, 7)"
_BETWEEN: Final = re.compile(r"(days|hours|minutes) between (.+) and (.+)", re.DOTALL)
# Microseconds of the units of CQL, and their code in UCUM.
UNITS: Final = {
    "days": (86_400_000_000, "d"),
    "hours": (3_600_000_000, "h"),
    "minutes": (60_000_000, "min"),
}
_SEVERAL_DAYS: Final = re.compile(r"Count\(distinct date from (.+)\) > 1", re.DOTALL)
_OF_TYPE: Final = re.compile(r"\.?ofType\((\w+)\)")
_PLAIN: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
_ENDS: Final = {
    Kind.REFERENCE: ("Reference",),
    Kind.TOKEN: ("CodeableConcept", "Coding"),
    Kind.DATE: ("dateTime", "instant", "date", "Period"),
    Kind.QUANTITY: ("Duration", "Quantity"),
}
_DECEMBER: Final = 12


def path_of(expression: str, resource_type: str, *kinds: Kind) -> Path | None:
    """Return the path along search parameters that an expression takes, or None.

    `kinds` are those of the last parameter that will do.
    """
    head, *rest = expression.removeprefix(f"{resource_type}.").split(".resolve()")
    steps: list[tuple[SearchParameter, str]] = []
    owner = resource_type
    for following in rest:
        step = _parameter(owner, head, (Kind.REFERENCE,))
        if step is None:
            return None
        named = _OF_TYPE.match(following)
        head = (following[named.end() :] if named else following).removeprefix(".")
        owner = named[1] if named else step.targets[0] if len(step.targets) == 1 else ""
        if not owner:
            return None
        steps.append((step, owner))
    end = _parameter(owner, head, kinds)
    return None if end is None else Path(tuple(steps), end)


def _parameter(owner: str, element: str, kinds: tuple[Kind, ...]) -> SearchParameter | None:
    if not _PLAIN.fullmatch(element):
        return None
    for one in parameters(owner):
        if one.kind in kinds and len(one.paths) == 1 and one.paths[0] in _written(one, element):
            return one
    return None


def _written(found: SearchParameter, element: str) -> Iterator[str]:
    """Yield how the table of parameters writes the element, as each type that it may be."""
    for kind in _ENDS[found.kind]:
        if kind != "Period":
            yield f"{element}:{kind}"
        elif element.endswith(".start"):
            yield f"{element.removesuffix('.start')}:Period"


def months_of(expression: str, resource_type: str, start: str, end: str) -> Buckets | None:
    """Return the months of an instant from the date `start` to the date `end`, or None."""
    if not expression.endswith(_MONTH):
        return None
    path = path_of(expression.removesuffix(_MONTH), resource_type, Kind.DATE)
    if path is None:
        return None
    names = months(start, end)
    ranges = [date_range(name) for name in names[1:]]
    return Buckets(path, tuple(one[0] for one in ranges if one is not None))


def months(start: str, end: str) -> list[str]:
    """Return the months, YYYY-MM, from one date to another, both included."""
    now, last = date.fromisoformat(start).replace(day=1), date.fromisoformat(end)
    found = []
    while now <= last:
        found.append(now.isoformat()[:7])
        year, month = divmod(now.year * _DECEMBER + now.month, _DECEMBER)
        now = date(year, month + 1, 1)
    return found


def between(expression: str) -> tuple[str, str, str]:
    """Return (unit, start, end) of `days between A and B`; raises `Invalid` for other CQL."""
    found = _BETWEEN.fullmatch(expression)
    if found is None:
        message = "Of CQL only 'days between A and B' is known (also hours and minutes)."
        raise Invalid(message)
    return found[1], found[2].strip(), found[3].strip()


def several_days(expression: str) -> str:
    """Return A of `Count(distinct date from A) > 1`; raises `Invalid` for other CQL."""
    found = _SEVERAL_DAYS.fullmatch(expression)
    if found is None:
        message = (
            "Of CQL a population knows 'Count(distinct date from A) > 1', "
            "and a measure-observation 'days between A and B'."
        )
        raise Invalid(message)
    return found[1].strip()


def between_paths(expression: str, resource_type: str) -> Between | None:
    """Return the two instants of a `between` as paths, or None."""
    _, start, end = between(expression)
    first = path_of(start, resource_type, Kind.DATE)
    second = path_of(end, resource_type, Kind.DATE)
    return None if first is None or second is None else Between(first, second)
