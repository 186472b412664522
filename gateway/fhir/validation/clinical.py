"""The invariants of clinical and administrative resources: one row a rule."""

from __future__ import annotations

from typing import Any, Final

from gateway.fhir.validation.rules import (
    Element,
    Rule,
    any_of,
    has,
    needs,
    not_after,
    not_both,
    one_of,
    only_when,
)

_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"


def _coded(concept: Any, system: str, *codes: str) -> bool:  # noqa: ANN401 - any JSON
    """Whether a CodeableConcept has one of the codes of a HL7 code system."""
    codings = concept.get("coding", []) if isinstance(concept, dict) else []
    wanted = [(_TERMINOLOGY + system, code) for code in codes]
    return any((one.get("system"), one.get("code")) in wanted for one in codings)


def _condition_abatement(one: Element) -> bool:
    ended = ("resolved", "remission", "inactive")
    status = one.get("clinicalStatus")
    return not has(one, "abatement[x]") or _coded(status, "condition-clinical", *ended)


def _in_error(one: Element, system: str) -> bool:
    return _coded(one.get("verificationStatus"), system, "entered-in-error")


def _start_and_end(one: Element) -> bool:
    open_ended = one.get("status") in ("proposed", "cancelled", "waitlist")
    return open_ended or (has(one, "start") and has(one, "end"))


def _component_codes(one: Element) -> bool:
    if not has(one, "value[x]"):
        return True
    own = [(code.get("system"), code.get("code")) for code in one["code"].get("coding", ())]
    codings = [code for part in one.get("component", ()) for code in part["code"].get("coding", ())]
    return not any((code.get("system"), code.get("code")) in own for code in codings)


def _no_home(name: str) -> Any:  # noqa: ANN401 - a test
    return lambda one: all(part.get("use") != "home" for part in one.get(name, ()))


def _entry_flags(one: Element) -> bool:
    return one.get("mode") == "changes" or not any(
        has(part, "deleted") for part in one.get("entry", ())
    )


def _entry_dates(one: Element) -> bool:
    return one.get("mode") == "working" or not any(
        has(part, "date") for part in one.get("entry", ())
    )


def _on_behalf(one: Element) -> bool:
    # What the reference does not say itself nobody resolves here: that passes, as empty() does.
    target = one.get("member", {}).get("reference", "").rpartition("/")[0].rpartition("/")[2]
    return not has(one, "onBehalfOf") or not target.isalpha() or target == "Practitioner"


def _percentages(one: Element) -> bool:
    parts = [one.get("probabilityRange", {}).get(name) for name in ("low", "high")]
    return all(
        part.get("code") == "%" and part.get("system") == "http://unitsofmeasure.org"
        for part in parts
        if part is not None
    )


_YES: Final = (True,)
_DONE: Final = ("noshow", "cancelled")
CLINICAL: Final[dict[str, tuple[Rule, ...]]] = {
    "AllergyIntolerance": (
        Rule(
            "ait-1",
            "needs a clinicalStatus",
            lambda one: (
                _in_error(one, "allergyintolerance-verification") or has(one, "clinicalStatus")
            ),
        ),
        Rule(
            "ait-2",
            "is entered in error and has a clinicalStatus",
            lambda one: (
                not (
                    _in_error(one, "allergyintolerance-verification") and has(one, "clinicalStatus")
                )
            ),
        ),
    ),
    "Appointment": (
        Rule("app-2", "needs both start and end", lambda one: has(one, "start") == has(one, "end")),
        Rule("app-3", "needs a start and an end unless proposed or cancelled", _start_and_end),
        only_when("app-4", "cancelationReason", "status", *_DONE),
    ),
    "Appointment.participant": (any_of("app-1", "type", "actor"),),
    "AppointmentResponse": (any_of("apr-1", "participantType", "actor"),),
    "AuditEvent.entity": (not_both("sev-1", "name", "query"),),
    "CarePlan.activity": (not_both("cpl-3", "detail", "reference"),),
    "CareTeam.participant": (
        Rule("ctm-1", "has onBehalfOf, which only a Practitioner can have", _on_behalf),
    ),
    "Composition.section": (
        any_of("cmp-1", "text", "entry", "section"),
        not_both("cmp-2", "emptyReason", "entry"),
    ),
    "Condition": (
        Rule("con-4", "has ended: clinicalStatus must say so", _condition_abatement),
        Rule(
            "con-5",
            "is entered in error and has a clinicalStatus",
            lambda one: not (_in_error(one, "condition-ver-status") and has(one, "clinicalStatus")),
        ),
    ),
    "Condition.evidence": (any_of("con-2", "code", "detail"),),
    "Condition.stage": (any_of("con-1", "summary", "assessment"),),
    "Consent": (any_of("ppc-1", "policy", "policyRule"),),
    "CoverageEligibilityResponse.insurance.item": (
        one_of("ces-1", "category", "productOrService"),
    ),
    "FamilyMemberHistory": (
        not_both("fhs-1", "age[x]", "born[x]"),
        needs("fhs-2", "estimatedAge", "age[x]"),
    ),
    "Goal.target": (needs("gol-1", "detail[x]", "measure"),),
    "Group": (only_when("grp-1", "member", "actual", *_YES),),
    "Immunization.education": (any_of("imm-1", "documentType", "reference"),),
    "ImmunizationRecommendation.recommendation": (any_of("imr-1", "vaccineCode", "targetDisease"),),
    "InsurancePlan": (any_of("ipn-1", "identifier", "name"),),
    "Linkage": (Rule("lnk-1", "links fewer than two items", lambda one: len(one["item"]) > 1),),
    "List": (
        not_both("lst-1", "emptyReason", "entry"),
        Rule("lst-2", "has deleted entries, which needs mode changes", _entry_flags),
        Rule("lst-3", "has dated entries, which needs mode working", _entry_dates),
    ),
    "MedicationAdministration.dosage": (any_of("mad-1", "dose", "rate[x]"),),
    "MedicationDispense": (
        Rule(
            "mdd-1", "was handed over before prepared", not_after("whenPrepared", "whenHandedOver")
        ),
    ),
    "Observation": (
        not_both("obs-6", "dataAbsentReason", "value[x]"),
        Rule("obs-7", "has a value, and a component with the same code", _component_codes),
    ),
    "Observation.referenceRange": (any_of("obs-3", "low", "high", "text"),),
    "Organization": (
        any_of("org-1", "identifier", "name"),
        Rule("org-2", "has an address for home", _no_home("address")),
        Rule("org-3", "has a telecom for home", _no_home("telecom")),
    ),
    "Patient.contact": (any_of("pat-1", "name", "telecom", "address", "organization"),),
    "QuestionnaireResponse.item": (not_both("qrs-1", "answer", "item"),),
    "RequestGroup.action": (one_of("rqg-1", "resource", "action"),),
    "RiskAssessment.prediction": (
        Rule("ras-2", "is above 100 %", lambda one: one.get("probabilityDecimal", 0) <= 100),  # noqa: PLR2004 - percent
        Rule("ras-1", "has a range that is not in %", _percentages),
    ),
    "ServiceRequest": (needs("prr-1", "orderDetail", "code"),),
    "Task": (
        Rule("inv-1", "was modified before authored", not_after("authoredOn", "lastModified")),
    ),
}
