"""The CapabilityStatement, made of the tables (https://hl7.org/fhir/R4/capabilitystatement.html).

It declares what the rows say and the search parameters that the table of parameters serves, and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import FHIR_VERSION
from gateway.fhir.search.parameters import SearchParameter, parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource

_SYSTEM_LEVEL: Final = frozenset({"transaction", "batch", "search-system", "history-system"})
_BASE: Final = "http://hl7.org/fhir"
# The resource types whose status in R4 is normative, for mode=normative.
NORMATIVE: Final = frozenset(
    {
        "Binary",
        "Bundle",
        "CapabilityStatement",
        "CodeSystem",
        "Observation",
        "OperationDefinition",
        "OperationOutcome",
        "Parameters",
        "Patient",
        "StructureDefinition",
        "ValueSet",
    }
)
# What searches on every type take besides the parameters of the table
# (https://hl7.org/fhir/R4/search.html#all).
_EVERYWHERE: Final = (
    ("_filter", "special", f"{_BASE}/SearchParameter/filter"),
    ("_has", "special", None),
    ("_list", "special", None),
    ("_type", "special", None),
)


# What ValueSet/$expand takes (https://hl7.org/fhir/R4/valueset-operation-expand.html).
_EXPANSION: Final = (
    "activeOnly",
    "count",
    "displayLanguage",
    "exclude-system",
    "filter",
    "includeDesignations",
    "offset",
    "system-version",
    "url",
    "valueSet",
)


@dataclass(frozen=True, slots=True)
class Served:
    """One resource type and what is offered on it.

    `interactions` are codes of http://hl7.org/fhir/restful-interaction; `flags` are further
    elements of CapabilityStatement.rest.resource, such as `versioning` or `conditionalCreate`;
    `operations` are (name, canonical URL of the definition); `profiles` are those that resources of
    the type are validated against when they declare them.
    """

    type: str
    interactions: tuple[str, ...]
    flags: dict[str, object] = field(default_factory=dict)
    operations: tuple[tuple[str, str], ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered beside the single types; `compartments` are resource types."""

    formats: tuple[str, ...] = ("json",)
    patch_formats: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    operations: tuple[tuple[str, str], ...] = ()
    compartments: tuple[str, ...] = ()


def capability_statement(
    rows: Sequence[Served], offer: Offer, *, base_url: str, version: str, date: str
) -> Resource:
    """Return the statement of this server; `date` is a dateTime, when the software was made."""
    told = {
        **_named("CapabilityStatement", base_url, version, date),
        "fhirVersion": FHIR_VERSION,
        "format": list(offer.formats),
        "patchFormat": list(offer.patch_formats),
        "rest": [_rest(rows, offer)],
    }
    return _without_empty(told)


def terminology_capabilities(*, base_url: str, version: str, date: str) -> Resource:
    """Return what mode=terminology asks for.

    https://hl7.org/fhir/R4/terminologycapabilities.html. Code systems are resources like others:
    which ones are here is asked by a search for them.
    """
    told = {
        **_named("TerminologyCapabilities", base_url, version, date),
        "lockedDate": False,
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in _EXPANSION],
        },
        "codeSearch": "explicit",
        "validateCode": {"translations": False},
        "translation": {"needsMap": True},
        "closure": {"translation": False},
    }
    return _without_empty(told)


def _named(kind: str, base_url: str, version: str, date: str) -> Resource:
    return {
        "resourceType": kind,
        "url": f"{base_url}/metadata",
        "version": version,
        "name": "PasserelleGateway",
        "title": "Passerelle",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Passerelle", "version": version},
        "implementation": {"description": "Passerelle FHIR gateway", "url": base_url},
    }


def _rest(rows: Sequence[Served], offer: Offer) -> dict[str, Any]:
    pointers = _pointers([row.type for row in rows if "search-type" in row.interactions])
    searched = "search-system" in offer.interactions
    rest = {
        "mode": "server",
        "resource": [_resource(row, pointers) for row in sorted(rows, key=lambda row: row.type)],
        "interaction": [{"code": code} for code in offer.interactions if code in _SYSTEM_LEVEL],
        "searchParam": [_everywhere(*one) for one in _EVERYWHERE] if searched else [],
        "operation": _operations(offer.operations),
        "compartment": [
            f"{_BASE}/CompartmentDefinition/{name.lower()}" for name in offer.compartments
        ],
    }
    return _without_empty(rest)


def _everywhere(name: str, kind: str, definition: str | None) -> dict[str, str]:
    return {"name": name, "type": kind} | ({"definition": definition} if definition else {})


# Type -> what may refer to it as `Source:parameter`; "" -> what may refer to any type.
Pointers = dict[str, list[str]]


def _pointers(types: Sequence[str]) -> Pointers:
    found: Pointers = {"": []}
    for source in types:
        for one in parameters(source):
            if one.followed:
                for target in one.targets or ("",):
                    found.setdefault(target, []).append(f"{source}:{one.code}")
    return found


def _resource(row: Served, pointers: Pointers) -> dict[str, Any]:
    searched = "search-type" in row.interactions
    offered = sorted(parameters(row.type), key=lambda one: one.code) if searched else []
    pointing = pointers.get(row.type, []) + pointers[""] if searched else []
    told = {
        "type": row.type,
        "profile": f"{_BASE}/StructureDefinition/{row.type}",
        "supportedProfile": list(row.profiles),
        "interaction": [{"code": code} for code in row.interactions],
        **row.flags,
        "searchInclude": [f"{row.type}:{one.code}" for one in offered if one.followed],
        "searchRevInclude": sorted(pointing),
        "searchParam": [_parameter(one) for one in offered],
        "operation": _operations(row.operations),
    }
    return _without_empty(told)


def _parameter(one: SearchParameter) -> dict[str, Any]:
    return {"name": one.code, "definition": one.definition, "type": str(one.kind)}


def _operations(operations: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "definition": definition} for name, definition in operations]


def _without_empty(element: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in element.items() if value not in ([], ())}
