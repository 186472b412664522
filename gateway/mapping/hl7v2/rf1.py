"""RF1, referral information: a ServiceRequest for what a colleague is asked to take over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import SNOMED, Element, coding, concept, period
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded_field, state_of
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.numbers import OrderNumbers

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

REFERRAL: Final = concept(coding(SNOMED, "3457005", "Patient referral"))
# Table HL70283 to http://hl7.org/fhir/task-status: what became of the referral. C is what senders
# write for a cancellation.
_TASKS: Final = {
    "A": "accepted",
    "P": "requested",
    "R": "rejected",
    "E": "cancelled",
    "C": "cancelled",
}
# Table HL70280 to http://hl7.org/fhir/request-priority.
_PRIORITIES: Final = {"S": "stat", "A": "asap", "R": "routine"}


def rf1_numbers(rf1: Segment, gathering: Gathering) -> OrderNumbers:
    """Return the numbers of the referral: RF1-6 of who asks, RF1-11 of who is asked."""
    system = f"{gathering.sender_system}:referral"
    return OrderNumbers(
        ei_number(rf1.value(6), gathering.context, "PLAC", system),
        ei_number(rf1.value(11), gathering.context, "FILL", f"{system}:external"),
    )


def rf1_state(rf1: Segment, gathering: Gathering) -> str | None:
    """Return the state of the work, RF1-1; None when it says none that is known."""
    return state_of(rf1, 1, _TASKS, gathering)


def rf1_service_request(rf1: Segment, gathering: Gathering) -> Element:
    """Return the elements of a ServiceRequest that RF1 gives, status excepted."""
    kind = coded_field(rf1, 3, gathering)
    return {
        "category": [REFERRAL, *([kind] if kind else [])],
        "priority": _PRIORITIES.get(rf1.text(2).upper()),
        "occurrencePeriod": period(fhir_datetime(rf1.text(7)), fhir_datetime(rf1.text(8))),
        "authoredOn": fhir_datetime(rf1.text(9)),
        "locationCode": _location(rf1, gathering),
        "reasonCode": [reason for reason in (coded_field(rf1, 10, gathering),) if reason],
    }


def rf1_comment(rf1: Segment) -> list[Element]:
    """Return the comment of RF1-24 (HL7 v2.8) as an Annotation."""
    words = rf1.text(24, 2) or rf1.text(24)
    return [{"text": words}] if words else []


def _location(rf1: Segment, gathering: Gathering) -> list[Element]:
    """Return the category of RF1-5: in the ward, in the practice."""
    category = coded_field(rf1, 5, gathering)
    return [category] if category else []
