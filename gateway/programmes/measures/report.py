"""Figures as a MeasureReport: https://hl7.org/fhir/R4/measurereport.html."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.programmes.measures.figures import score
from gateway.programmes.measures.plan import OBSERVATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.fhir.wire import Resource
    from gateway.programmes.measures.definition import Definition, Group
    from gateway.programmes.measures.figures import Figures, GroupFigures, Value
    from gateway.programmes.measures.plan import Span

COUNTED_BY: Final = "https://passerelle.example/fhir/StructureDefinition/counted-by"
WITHHELD: Final = "https://passerelle.example/fhir/StructureDefinition/withheld"
_POPULATION: Final = "http://terminology.hl7.org/CodeSystem/measure-population"
_UCUM: Final = "http://unitsofmeasure.org"
TYPES: Final = {"individual": "individual", "subject-list": "subject-list", "summary": "summary"}
_PLACES: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the figures: `kind` is the type of report, `date` an instant of FHIR."""

    kind: str
    span: Span
    date: str
    subject: str = ""


def report(
    measure: Definition,
    heading: Heading,
    figures: Sequence[GroupFigures],
    evaluated: Sequence[str] = (),
) -> Resource:
    """Return the report; `evaluated` are the resources (`Type/id`) that were counted."""
    pairs = list(zip(measure.groups, figures, strict=True))
    told: Resource = {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": heading.kind,
        "measure": measure.canonical,
        "date": heading.date,
        "period": {"start": heading.span.start, "end": heading.span.end},
        "group": [_group(group, found, heading) for group, found in pairs],
    }
    if heading.subject:
        told["subject"] = {"reference": heading.subject}
    lists = [one for group, found in pairs for one in _lists(group, found, heading)]
    if lists:
        told["contained"] = lists
    if evaluated:
        told["evaluatedResource"] = [{"reference": one} for one in evaluated]
    return told


def _group(group: Group, found: GroupFigures, heading: Heading) -> Resource:
    told: Resource = {
        "code": _concept("", group.code, group.title),
        "population": [_population(group, kind, found, heading) for kind in _kinds(group)],
    }
    told |= _score(group, found.whole)
    strata = [_stratifier(group, code, title, found) for code, title in _told_by(group)]
    if strata:
        told["stratifier"] = strata
    return told


def _kinds(group: Group) -> list[str]:
    return [one.kind for one in group.populations]


def _told_by(group: Group) -> Iterator[tuple[str, str]]:
    for one in group.stratifiers:
        yield one.code, one.title


def _population(group: Group, kind: str, found: GroupFigures, heading: Heading) -> Resource:
    extensions: list[Resource] = []
    if kind in found.searches:
        extensions.append({"url": COUNTED_BY, "valueUrl": found.searches[kind]})
    if found.withheld.get(kind):
        extensions.append({"url": WITHHELD, "valueUnsignedInt": found.withheld[kind]})
    told: Resource = {"extension": extensions} if extensions else {}
    population = group.population(kind)
    title = population.title if population is not None else ""
    told["code"] = _concept(_POPULATION, kind, title)
    told["count"] = found.whole.numbers.get(kind, 0)
    if _is_listed(kind, found, heading):
        told["subjectResults"] = {"reference": f"#{group.code}-{kind}"}
    return told


def _is_listed(kind: str, found: GroupFigures, heading: Heading) -> bool:
    return heading.kind == "subject-list" and kind != OBSERVATION and kind in found.members


def _lists(group: Group, found: GroupFigures, heading: Heading) -> Iterator[Resource]:
    """Yield a List of the subjects of each population."""
    for kind in _kinds(group):
        if _is_listed(kind, found, heading):
            told: Resource = {
                "resourceType": "List",
                "id": f"{group.code}-{kind}",
                "status": "current",
                "mode": "snapshot",
                "title": group.title or group.code,
            }
            entries = [{"item": {"reference": one}} for one in found.members[kind]]
            yield told | ({"entry": entries} if entries else {})


def _score(group: Group, figures: Figures) -> Resource:
    value = score(group.scoring, group.method, figures)
    if value is None:
        return {}
    told: Resource = {"value": rounded(value)}
    if group.unit:
        told |= {"unit": group.unit, "system": _UCUM, "code": group.unit}
    return {"measureScore": told}


def rounded(value: float) -> Decimal:
    """Return a figure with at most four decimals, without zeros at the end."""
    found = Decimal(repr(value)).quantize(_PLACES).normalize()
    return found if found.as_tuple().exponent in range(-4, 1) else found.quantize(Decimal(1))


def _stratifier(group: Group, code: str, title: str, found: GroupFigures) -> Resource:
    strata = sorted(found.strata.get(code, {}).items())
    told: Resource = {"code": [_concept("", code, title)]}
    if strata:
        told["stratum"] = [_stratum(group, value, figures) for value, figures in strata]
    return told


def _stratum(group: Group, value: Value, figures: Figures) -> Resource:
    return {
        "value": _stratum_value(value),
        "population": [
            {"code": _concept(_POPULATION, kind, ""), "count": figures.numbers.get(kind, 0)}
            for kind in _kinds(group)
        ],
        **_score(group, figures),
    }


def _stratum_value(value: Value) -> dict[str, Any]:
    first, second = value
    if not first:
        return {"text": second}
    if ":" not in first and "/" not in first:
        return {"text": f"{first}/{second}"}
    return {"coding": [{"system": first, "code": second}]}


def _concept(system: str, code: str, title: str) -> Resource:
    if not system:
        return {"coding": [{"code": code}]} | ({"text": title} if title else {})
    return {"coding": [{"system": system, "code": code}]} | ({"text": title} if title else {})
