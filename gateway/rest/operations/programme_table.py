"""The rows of the operations of the care programmes."""

from __future__ import annotations

from typing import Final

from gateway.rest.dispatch import operation
from gateway.rest.operations import apply, eligibility, include

# Where HL7 keeps the definitions of its operations, and where ours are.
_DEFINED: Final = "http://hl7.org/fhir/OperationDefinition"
_OWN: Final = "https://passerelle.example/fhir/OperationDefinition"
_TYPE: Final = "/fhir/{type}"
_INSTANCE: Final = "/fhir/{type}/{id}"
_POST: Final = ("POST",)

PROGRAMMES: Final = (
    *operation(
        "$apply",
        f"{_DEFINED}/PlanDefinition-apply",
        apply.apply_plan,
        _TYPE,
        _INSTANCE,
        only="PlanDefinition",
        inputs=apply.INPUTS,
    ),
    *operation(
        "$check-eligibility",
        f"{_OWN}/PlanDefinition-check-eligibility",
        eligibility.check_eligibility,
        _INSTANCE,
        only="PlanDefinition",
        inputs=eligibility.INPUTS,
    ),
    *operation(
        "$include",
        f"{_OWN}/PlanDefinition-include",
        include.include,
        _INSTANCE,
        only="PlanDefinition",
        methods=_POST,
        inputs=include.INPUTS,
    ),
)
