"""The rows of the operations of the care programmes."""

from __future__ import annotations

from typing import Final

from gateway.rest.dispatch import operation
from gateway.rest.operations import apply, eligibility, follow_up, include, rcp

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
    *operation(
        "$follow-up",
        f"{_OWN}/PlanDefinition-follow-up",
        follow_up.follow_programme,
        _INSTANCE,
        only="PlanDefinition",
        inputs=follow_up.ALL_INPUTS,
    ),
    *operation(
        "$follow-up",
        f"{_OWN}/EpisodeOfCare-follow-up",
        follow_up.follow_episode,
        _INSTANCE,
        only="EpisodeOfCare",
        inputs=follow_up.ONE_INPUTS,
    ),
    *operation(
        "$plan-rcp",
        f"{_OWN}/PlanDefinition-plan-rcp",
        rcp.plan_rcp,
        _INSTANCE,
        only="PlanDefinition",
        methods=_POST,
        inputs=rcp.PLAN_INPUTS,
    ),
    *operation(
        "$prepare-rcp",
        f"{_OWN}/Appointment-prepare-rcp",
        rcp.prepare_rcp,
        _INSTANCE,
        only="Appointment",
    ),
    *operation(
        "$hold-rcp",
        f"{_OWN}/Appointment-hold-rcp",
        rcp.hold_rcp,
        _INSTANCE,
        only="Appointment",
        methods=_POST,
        inputs=rcp.HOLD_INPUTS,
    ),
)
