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
        returns="CarePlan",
        says="What a plan asks for a patient, contained in a CarePlan; nothing is written.",
    ),
    *operation(
        "$check-eligibility",
        f"{_OWN}/PlanDefinition-check-eligibility",
        eligibility.check_eligibility,
        _INSTANCE,
        only="PlanDefinition",
        inputs=eligibility.INPUTS,
        returns=eligibility.OUTPUTS,
        says="Whether a patient may be included in a programme, criterion by criterion.",
    ),
    *operation(
        "$include",
        f"{_OWN}/PlanDefinition-include",
        include.include,
        _INSTANCE,
        only="PlanDefinition",
        methods=_POST,
        inputs=include.INPUTS,
        returns="Bundle",
        says="Includes a patient in a programme, all of it in one commit.",
        affects=True,
    ),
    *operation(
        "$follow-up",
        f"{_OWN}/PlanDefinition-follow-up",
        follow_up.follow_programme,
        _INSTANCE,
        only="PlanDefinition",
        inputs=follow_up.ALL_INPUTS,
        returns="Bundle",
        says="How the patients of a programme stand, in pages: a List, then the episodes.",
    ),
    *operation(
        "$follow-up",
        f"{_OWN}/EpisodeOfCare-follow-up",
        follow_up.follow_episode,
        _INSTANCE,
        only="EpisodeOfCare",
        inputs=follow_up.ONE_INPUTS,
        returns=follow_up.ONE_OUTPUTS,
        says="How an episode stands: what was done, what is late.",
    ),
    *operation(
        "$plan-rcp",
        f"{_OWN}/PlanDefinition-plan-rcp",
        rcp.plan_rcp,
        _INSTANCE,
        only="PlanDefinition",
        methods=_POST,
        inputs=rcp.PLAN_INPUTS,
        returns="Bundle",
        says="Plans a multi-professional meeting with the patients on its list.",
        affects=True,
    ),
    *operation(
        "$prepare-rcp",
        f"{_OWN}/Appointment-prepare-rcp",
        rcp.prepare_rcp,
        _INSTANCE,
        only="Appointment",
        returns="Bundle",
        says="A summary sheet for each patient of a meeting; nothing is written.",
    ),
    *operation(
        "$hold-rcp",
        f"{_OWN}/Appointment-hold-rcp",
        rcp.hold_rcp,
        _INSTANCE,
        only="Appointment",
        methods=_POST,
        inputs=rcp.HOLD_INPUTS,
        returns="Bundle",
        says="Writes down the discussion of one patient in a meeting.",
        affects=True,
    ),
)
