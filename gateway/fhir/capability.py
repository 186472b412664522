"""The CapabilityStatement, made of the tables (https://hl7.org/fhir/R4/capabilitystatement.html).

It declares what the rows say and the search parameters that the table of parameters serves, and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import FHIR_VERSION
from gateway.fhir.search.parameters import Kind, SearchParameter, parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource

_SYSTEM_LEVEL: Final = frozenset({"transaction", "batch", "search-system", "history-system"})


@dataclass(frozen=True, slots=True)
class Served:
    """One resource type and what is offered on it.

    `interactions` are codes of http://hl7.org/fhir/restful-interaction; `flags` are further
    elements of CapabilityStatement.rest.resource, such as `versioning` or `conditionalCreate`;
    `operations` are (name, canonical URL of the definition).
    """

    type: str
    interactions: tuple[str, ...]
    flags: dict[str, object] = field(default_factory=dict)
    operations: tuple[tuple[str, str], ...] = ()


def capability_statement(  # noqa: PLR0913 - what a deployment says of itself
    rows: Sequence[Served],
    *,
    base_url: str,
    version: str,
    date: str,
    formats: Sequence[str] = ("json",),
    system_interactions: Sequence[str] = (),
    operations: Sequence[tuple[str, str]] = (),
) -> Resource:
    """Return the statement of this server; `date` is a dateTime, when the software was made."""
    rest: dict[str, Any] = {
        "mode": "server",
        "resource": [_resource(row) for row in sorted(rows, key=lambda row: row.type)],
        "interaction": [{"code": code} for code in system_interactions if code in _SYSTEM_LEVEL],
        "operation": _operations(operations),
    }
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base_url}/metadata",
        "version": version,
        "name": "PasserelleGateway",
        "title": "Passerelle",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Passerelle", "version": version},
        "implementation": {"description": "Passerelle FHIR gateway", "url": base_url},
        "fhirVersion": FHIR_VERSION,
        "format": list(formats),
        "rest": [_without_empty(rest)],
    }


def _resource(row: Served) -> dict[str, Any]:
    searched = "search-type" in row.interactions
    offered = [each for each in parameters(row.type) if each.searchable] if searched else []
    told = {
        "type": row.type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{row.type}",
        "interaction": [{"code": code} for code in row.interactions],
        **row.flags,
        "searchInclude": [f"{row.type}:{one.code}" for one in offered if _points(one)],
        "searchParam": [_parameter(one) for one in sorted(offered, key=lambda one: one.code)],
        "operation": _operations(row.operations),
    }
    return _without_empty(told)


def _points(one: SearchParameter) -> bool:
    return one.kind is Kind.REFERENCE


def _parameter(one: SearchParameter) -> dict[str, Any]:
    return {"name": one.code, "definition": one.definition, "type": str(one.kind)}


def _operations(operations: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "definition": definition} for name, definition in operations]


def _without_empty(element: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in element.items() if value not in ([], ())}
