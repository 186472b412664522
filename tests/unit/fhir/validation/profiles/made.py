"""Profiles of our own, made for one rule each, and a library that holds them."""

from __future__ import annotations

from typing import Any

from gateway.fhir.fhirpath import Services
from gateway.fhir.validation.profiles import ProfileValidator

Json = dict[str, Any]

BASE = "http://example.org/StructureDefinition"
LOINC = "http://loinc.org"


class Shelf:
    """A library of the structures given."""

    def __init__(self, *structures: Json) -> None:
        self.structures = list(structures)
        self.number = 1

    def generation(self) -> int:
        return self.number

    def structure(self, canonical: str) -> Json | None:
        url, _, version = canonical.partition("|")
        found = [one for one in self.structures if one["url"] == url]
        found = [one for one in found if version in ("", one.get("version"))]
        return found[-1] if found else None


def profile(kind: str, *elements: Json, name: str = "mine", **more: Any) -> Json:  # noqa: ANN401 - any JSON
    """Return a profile whose snapshot is the root and these elements."""
    listed = [{"id": kind, "path": kind, "min": 0, "max": "*"}]
    for one in elements:
        path = ".".join(step.partition(":")[0] for step in one["id"].split("."))
        if one["id"] == kind:
            listed[0] |= one
        else:
            listed.append({"path": path, "min": 0, "max": "*"} | one)
    url = f"{BASE}/{name}"
    made = {"resourceType": "StructureDefinition", "id": name, "url": url, "type": kind}
    return made | {"snapshot": {"element": listed}} | more


def found(
    structure: Json, resource: Json, *others: Json, services: Services | None = None
) -> list[tuple[str, str | None, str | None]]:
    """Return (severity, code, expression) of everything that is wrong."""
    validator = ProfileValidator(Shelf(structure, *others), services or Services())
    issues = validator(resource, [structure["url"]])
    assert all("Traceback" not in one.text for one in issues)
    return [(one.severity, one.code, one.expression) for one in issues]


def patient(**more: Any) -> Json:  # noqa: ANN401 - any JSON
    return {"resourceType": "Patient"} | more


def observation(**more: Any) -> Json:  # noqa: ANN401 - any JSON
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}} | more


def coded(*codes: str) -> Json:
    return {"coding": [{"system": LOINC, "code": one} for one in codes]}
