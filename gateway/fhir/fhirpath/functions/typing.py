"""is, as and ofType (http://hl7.org/fhirpath/N1/#types)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.fhirpath.run import single
from gateway.fhir.fhirpath.types import is_a

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run


def is_type(name: str) -> Run:
    """Return the test of the type of a single item."""

    def run(_env: Environment, focus: Collection) -> Collection:
        single(focus)
        return [is_a(item, name) for item in focus]

    return run


def of_type(name: str) -> Run:
    """Return the filter that keeps the items of a type."""
    return lambda _env, focus: [item for item in focus if is_a(item, name)]


def as_type(name: str) -> Run:
    """Return the filter; R4's own expressions use `as` on several items."""
    return of_type(name)
