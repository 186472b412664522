"""REF and RRI: a referral is a ServiceRequest, what became of it a Task (HL7 v2.5.1 chapter 11).

I12 asks, I13 changes, I14 cancels; RRI answers. REF is the authority on the request, RRI on the
Task only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, concept, reference
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.groups import order_groups
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.obx import obx_observation
from gateway.mapping.hl7v2.obx_kind import Kind
from gateway.mapping.hl7v2.order_detail import attached_document
from gateway.mapping.hl7v2.order_task import order_task
from gateway.mapping.hl7v2.pid import pid_patient
from gateway.mapping.hl7v2.prd import ctd_callbacks, prd_providers
from gateway.mapping.hl7v2.reason import dg1_reasons
from gateway.mapping.hl7v2.reply import is_refusal, refusal_reason
from gateway.mapping.hl7v2.rf1 import (
    REFERRAL,
    rf1_comment,
    rf1_numbers,
    rf1_service_request,
    rf1_state,
)

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.numbers import OrderNumbers
    from gateway.mapping.hl7v2.prd import Providers

_CANCELLATION: Final = "I14"
# OBR: when it was observed, when results were reported, their state.
_DONE_FIELDS: Final = (7, 22, 25)
_ENDED: Final = frozenset({"cancelled", "entered-in-error"})
_INFORMATION: Final = frozenset({Kind.RESULT, Kind.TEXT})


def ref_message(gathering: Gathering) -> None:
    """Take a referral: the request, and that it is asked for."""
    rf1, numbers = _referral(gathering)
    providers = prd_providers(gathering)
    asked = _asked(gathering)
    state = "cancelled" if gathering.message.event == _CANCELLATION else None
    state = state or rf1_state(rf1, gathering) or "requested"
    parts: Element = {
        "extension": ctd_callbacks(gathering),
        "identifier": numbers.identifiers,
        "status": "revoked" if state in _ENDED else "active",
        "intent": "order",
        **rf1_service_request(rf1, gathering),
        "code": coded_field(rf1, 4, gathering) or asked,
        "subject": reference(gathering.subject),
        "requester": providers.requester,
        "performer": providers.performers,
        "supportingInfo": _information(numbers, gathering),
        "note": [*rf1_comment(rf1), *nte_annotations(gathering.message.all("NTE"))],
    }
    parts["reasonCode"] += dg1_reasons(gathering)
    request: Element = {"resourceType": "ServiceRequest"}
    request |= {name: part for name, part in parts.items() if part}
    order = gathering.state(request, numbers.keys)
    _task(order, state, numbers, providers, gathering)


def rri_message(gathering: Gathering) -> None:
    """Take the answer to a referral: accepted, rejected, cancelled, or received and no more."""
    rf1, numbers = _referral(gathering)
    providers = prd_providers(gathering)
    request: Element = {
        "resourceType": "ServiceRequest",
        "identifier": numbers.identifiers,
        "status": "active",
        "intent": "order",
        "category": [REFERRAL],
        "subject": reference(gathering.subject),
    }
    order = gathering.mention(request, numbers.keys)
    _task(order, _answer(rf1, gathering), numbers, providers, gathering)


def _referral(gathering: Gathering) -> tuple[Segment, OrderNumbers]:
    """Return RF1 and its numbers; raises `RequiredMissing` without."""
    pid_patient(gathering)
    rf1 = gathering.message.first("RF1")
    if rf1 is None:
        message = "The referral has no RF1 segment."
        raise RequiredMissing(message, location="RF1")
    numbers = rf1_numbers(rf1, gathering)
    if not numbers.all:
        message = "The referral has no number: RF1-6 and RF1-11 are empty."
        raise RequiredMissing(message, location="RF1^1^6")
    numbers.link(gathering)
    return rf1, numbers


def _answer(rf1: Segment, gathering: Gathering) -> str:
    """Return the state of the work: a refusal of MSA-1 first, then the event, then RF1-1."""
    if is_refusal(gathering.message):
        return "rejected"
    if gathering.message.event == _CANCELLATION:
        return "cancelled"
    state = rf1_state(rf1, gathering)
    # "Pending" at the other side: it has come in, nobody has decided.
    return "received" if state in (None, "requested") else state


def _asked(gathering: Gathering) -> Element:
    """Return the examination that is asked for: the first OBR that tells of nothing done.

    An OBR with a time of observation, of results or a result status is earlier work: what was
    observed is information for the request, and the OBR itself stays in the journal.
    """
    asked: Element = {}
    for group in order_groups(gathering.message):
        obr = group.obr
        if obr is None:
            continue
        done = any(obr.text(field) for field in _DONE_FIELDS)
        if not done and not asked:
            asked = coded_field(obr, 4, gathering)
        else:
            text = "Of earlier or further examinations the results are mapped, the OBR is not."
            gathering.unmapped(text, f"OBR^{obr.sequence}")
    return asked


def _task(
    order: str, state: str, numbers: OrderNumbers, providers: Providers, gathering: Gathering
) -> None:
    words = refusal_reason(gathering.message) if state == "rejected" else ""
    parts: Element = {
        "basedOn": [reference(order)],
        "status": state,
        "statusReason": concept(text=words) if words else None,
        "focus": reference(order),
        "for": reference(gathering.subject),
        "requester": providers.requester,
        "owner": next(iter(providers.performers), None),
    }
    order_task(gathering.name_of(numbers.keys[0]), parts, gathering)


def _information(numbers: OrderNumbers, gathering: Gathering) -> list[Element]:
    """Take the results and documents that come with the referral."""
    owner = gathering.name_of(numbers.keys[0])
    found: list[Element] = []
    for group in order_groups(gathering.message):
        for observed in group.observed:
            if observed.kind is Kind.DOCUMENT:
                kind = coded_field(observed.obx, 3, gathering) or concept(text="Document joint")
                found.extend(attached_document(observed.obx, owner, kind, gathering))
            elif observed.kind in _INFORMATION:
                url = obx_observation(observed, gathering, owner=owner, more={})
                found.append(reference(url))
            else:
                gathering.unmapped(
                    "An observation of the referral is kept in the journal, not mapped.",
                    f"OBX^{observed.obx.sequence}",
                )
    return found
