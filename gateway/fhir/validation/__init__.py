"""Validation against base R4 (https://hl7.org/fhir/R4/validation.html), from compiled definitions.

Structure, types, cardinality, choice elements, primitive formats, required bindings, reference
targets and the common invariants. Profiles are not read here.
"""

from __future__ import annotations

from gateway.fhir.validation.resource import validate

__all__ = ["validate"]
