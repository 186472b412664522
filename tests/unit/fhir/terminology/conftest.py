"""A small terminology of resources, and the real one of R4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.terminology.code_system import CodeSystem, read_code_system
from gateway.fhir.terminology.concept_map import ConceptMap, read_concept_map
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.terminology.value_set import ValueSet, read_value_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.fhir.terminology.canonical import Canonical

    Of = Callable[..., Terminology]

SYSTEM = "http://example.org/fhir/CodeSystem/imaging"


class Held:
    """A resolver over a list of resources, in their order."""

    def __init__(self, resources: Iterable[dict[str, Any]]) -> None:
        self._resources = list(resources)

    def _find(self, kind: str, asked: Canonical) -> dict[str, Any] | None:
        for one in self._resources:
            same = one["resourceType"] == kind and one["url"] == asked.url
            if same and asked.version in ("", one.get("version", "")):
                return one
        return None

    def code_system(self, canonical: Canonical) -> CodeSystem | None:
        found = self._find("CodeSystem", canonical)
        return None if found is None else read_code_system(found)

    def value_set(self, canonical: Canonical) -> ValueSet | None:
        found = self._find("ValueSet", canonical)
        return None if found is None else read_value_set(found)

    def concept_map(self, canonical: Canonical) -> ConceptMap | None:
        found = self._find("ConceptMap", canonical)
        return None if found is None else read_concept_map(found)

    def concept_maps(self, system: str, *, reverse: bool = False) -> list[ConceptMap]:
        maps = [read_concept_map(r) for r in self._resources if r["resourceType"] == "ConceptMap"]
        return [one for one in maps if one.covers(system, reverse=reverse)]


def value_set(name: str, *includes: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - FHIR elements
    """Return a ValueSet resource."""
    return {
        "resourceType": "ValueSet",
        "url": f"http://example.org/fhir/ValueSet/{name}",
        "status": "active",
        "compose": {"include": list(includes), **more},
    }


@pytest.fixture
def imaging() -> dict[str, Any]:
    """A code system with a hierarchy, properties, designations, an old code and a group."""
    return {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "version": "2",
        "name": "Imaging",
        "status": "active",
        "content": "complete",
        "hierarchyMeaning": "is-a",
        "property": [{"code": "dose", "type": "integer"}],
        "concept": [
            {
                "code": "IMG",
                "display": "Imaging",
                "property": [{"code": "notSelectable", "valueBoolean": True}],
                "concept": [
                    {
                        "code": "CT",
                        "display": "Computed tomography",
                        "definition": "X-rays from all sides",
                        "designation": [
                            {"language": "fr", "value": "Scanner"},
                            {"language": "de-AT", "value": "Computertomographie"},
                        ],
                        "property": [{"code": "dose", "valueInteger": 10}],
                    },
                    {
                        "code": "XR",
                        "display": "Radiography",
                        "property": [{"code": "dose", "valueInteger": 1}],
                        "concept": [{"code": "MG", "display": "Mammography"}],
                    },
                    {
                        "code": "FL",
                        "display": "Fluorography",
                        "property": [{"code": "inactive", "valueBoolean": True}],
                    },
                ],
            },
            {"code": "LAB", "display": "Laboratory"},
        ],
    }


@pytest.fixture
def terminology_of() -> Of:
    """Terminology over the resources given."""
    return lambda *resources: Terminology(Held(resources))
