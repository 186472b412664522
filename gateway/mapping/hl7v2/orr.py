"""ORR, ORG and ORI: what the other side answers to an order (HL7 v2.5.1, 4.4.2, 4.4.5, 4.4.11).

The answer is a Task on the order; where it changes the order's state (refused, cancelled, held),
the ServiceRequest says so too. Nothing else of the order is repeated from an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.mapping.entry import Write
from gateway.mapping.hl7v2.groups import order_groups
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.numbers import apart, order_numbers
from gateway.mapping.hl7v2.orc import (
    STATUS_REASON,
    orc_control,
    orc_owner,
    orc_reason,
    orc_status,
    orc_write,
)
from gateway.mapping.hl7v2.order_task import V2_0119, order_task
from gateway.mapping.hl7v2.pid import pid_patient
from gateway.mapping.hl7v2.reply import is_refusal, refusal_reason

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup
    from gateway.mapping.hl7v2.numbers import OrderNumbers

# Table HL70119 to http://hl7.org/fhir/task-status: what the answer makes of the work.
_TASK: Final = {
    "OK": "accepted",
    "NA": "accepted",
    "AF": "accepted",
    "XR": "accepted",
    "RQ": "accepted",
    "OR": "accepted",
    "RR": "received",
    "SN": "received",
    "UA": "rejected",
    "DF": "rejected",
    "DE": "rejected",
    "OC": "cancelled",
    "CR": "cancelled",
    "DR": "cancelled",
    "OD": "cancelled",
    "HR": "on-hold",
    "OH": "on-hold",
}
_UNNAMED: Final = {"display": "Patient que la réponse ne nomme pas"}
# ORC-5 of the answers SC and SR, table HL70038.
_PROGRESS: Final = {
    "A": "in-progress",
    "IP": "in-progress",
    "SC": "accepted",
    "CM": "completed",
    "CA": "cancelled",
    "DC": "cancelled",
    "HD": "on-hold",
    "ER": "failed",
}


def order_reply(gathering: Gathering) -> None:
    """Take the answer to every order; raises `RequiredMissing` when it does not say which.

    An answer without PID is taken when its numbers have an authority: they name one order.
    """
    has_patient = gathering.message.first("PID") is not None
    if has_patient:
        pid_patient(gathering)
    groups = [group for group in order_groups(gathering.message) if group.orc]
    if not groups:
        message = "The answer has no ORC segment: to which order is not said."
        raise RequiredMissing(message, location="ORC")
    for group in groups:
        numbers = order_numbers(group, gathering)
        if not any(one.key.system or has_patient for one in numbers.all):
            message = "The answer does not say to which order, or to whose."
            raise RequiredMissing(message, location="ORC^1^2")
        numbers.link(gathering)
        _answer(group, apart(numbers, group, gathering), gathering)


def _answer(group: OrderGroup, numbers: OrderNumbers, gathering: Gathering) -> None:
    order = _order(group, numbers, gathering)
    control = orc_control(group.orc)
    patient = gathering.first("Patient")
    parts: Element = {
        "basedOn": [reference(order)],
        "status": _status(group, gathering),
        "statusReason": _reason(group, gathering),
        "businessStatus": concept(coding(V2_0119, control)) if control else None,
        "focus": reference(order),
        "for": reference(patient) if patient else None,
        "owner": orc_owner(group.orc, gathering),
        "note": nte_annotations(group.notes),
    }
    order_task(gathering.name_of(numbers.keys[0]), parts, gathering)


def _order(group: OrderGroup, numbers: OrderNumbers, gathering: Gathering) -> str:
    """Take the order with its numbers and its state, and nothing else."""
    state = orc_status(group.orc, gathering)
    write = orc_write(group.orc)
    refused = is_refusal(gathering.message) and orc_control(group.orc) not in _TASK
    patient = gathering.first("Patient")
    order: Element = {
        "resourceType": "ServiceRequest",
        "identifier": numbers.identifiers,
        "status": state,
        "intent": "order",
        "subject": reference(patient)
        if patient
        else {"display": "Patient que la réponse ne nomme pas"},
    }
    reason = _reason(group, gathering)
    if reason and write is Write.ASSERT:
        order["extension"] = [{"url": STATUS_REASON, "valueCodeableConcept": reason}]
    return gathering.add(order, numbers.keys, Write.MENTION if refused else write)


def _status(group: OrderGroup, gathering: Gathering) -> str:
    control = orc_control(group.orc)
    if control in _TASK:
        return _TASK[control]
    if group.orc and (progress := _PROGRESS.get(group.orc.text(5))):
        return progress
    return "rejected" if is_refusal(gathering.message) else "received"


def _reason(group: OrderGroup, gathering: Gathering) -> Element | None:
    """Return why: ORC-16, else the words of the acknowledgement when it refuses."""
    named = orc_reason(group.orc, gathering) if group.orc else {}
    if named:
        return named
    words = refusal_reason(gathering.message) if is_refusal(gathering.message) else ""
    return concept(text=words) if words else None
