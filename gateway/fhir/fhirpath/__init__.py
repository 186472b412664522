"""FHIRPath N1 over R4 resources (http://hl7.org/fhirpath/N1/, https://hl7.org/fhir/R4/fhirpath.html).

An expression is read once and becomes a chain of closures; elements keep their R4 type.
"""

from __future__ import annotations

from gateway.errors import Invalid
from gateway.fhir.fhirpath.environment import Services
from gateway.fhir.fhirpath.expression import Expression, compile_expression
from gateway.fhir.fhirpath.nodes import Node, node

__all__ = ["Expression", "Invalid", "Node", "Services", "compile_expression", "node"]
