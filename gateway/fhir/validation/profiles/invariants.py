"""Invariants of profiles in FHIRPath; those of R4 itself are plain Python already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.definitions import resource_types
from gateway.fhir.fhirpath import compile_expression
from gateway.fhir.fhirpath.types import known_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.fhirpath import Expression
    from gateway.fhir.fhirpath.nodes import Node
    from gateway.fhir.validation.profiles.tree import Element
    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path

_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
# What snapshots repeat on every element, with or without saying where it comes from.
_ROOTS: Final = frozenset({"Element", "Resource", "DomainResource", "BackboneElement"})
_EVERYWHERE: Final = frozenset({"ele-1", "ext-1", "ref-1", "txt-1", "txt-2"})
_DOMAIN: Final = frozenset({f"dom-{number}" for number in range(2, 7)})


def invariant_checks(element: Element) -> Iterator[Check]:
    """Give the checks of the constraints that are not R4's own."""
    for constraint in element.definition.get("constraint", ()):
        if not _is_base(constraint) and constraint.get("expression"):
            yield _checked(constraint)


def _is_base(constraint: dict[str, Any]) -> bool:
    if constraint.get("key") in _EVERYWHERE | _DOMAIN:
        return True
    source = str(constraint.get("source", "")).partition("|")[0]
    name = source.removeprefix(_BASE) if source.startswith(_BASE) else ""
    return name in _ROOTS or name in resource_types() or bool(name and known_type(name))


def _checked(constraint: dict[str, Any]) -> Check:
    key, human = str(constraint.get("key")), str(constraint.get("human", "")).strip().rstrip(".")
    severity = "warning" if constraint.get("severity") == "warning" else "error"
    compiled = _compiled(constraint["expression"])
    if isinstance(compiled, str):
        return _unusable(key, compiled)

    def check(node: Node, path: Path, trial: Trial) -> None:
        try:
            held = compiled.holds_of(node, trial.shared)
        except Invalid as fault:
            trial.told(path, f"was not checked for {key}: {fault.text}", "processing", "warning")
            return
        if not held:
            trial.told(path, f"breaks {key}: {human}", "invariant", severity)

    return check


def _compiled(text: str) -> Expression | str:
    try:
        return compile_expression(text)
    except Invalid as fault:
        return fault.text


def _unusable(key: str, fault: str) -> Check:
    def check(_node: Node, path: Path, trial: Trial) -> None:
        trial.told(path, f"was not checked for {key}: {fault}", "processing", "warning")

    return check
