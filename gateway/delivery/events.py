"""What a change of a resource is in the words of HL7 v2: a pure rule, one table a resource.

The same change is another event for a system that knows the thing already than for one that does
not: what is new to it is `NW`, `A28`, `S12`, `T02`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.delivery.recipients import RELEASED, WITHDRAWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.fhir.wire import Resource

# What is sent, by the names that routes in `gateway.toml` use.
MATTERS: Final = {
    "ServiceRequest": "orders",
    "Patient": "identity",
    "Appointment": "appointments",
    "DiagnosticReport": "reports",
    "DocumentReference": "documents",
}
# After these the receiver holds the thing no longer, and would not know a change of it.
ENDS: Final = frozenset({"CA", "S15", "S17", "S26", "T04"})
MERGE: Final = "A40"
RENUMBER: Final = "A47"
_PROVISIONAL: Final = {"system": "urn:passerelle:identity", "code": "provisional"}
# http://hl7.org/fhir/request-intent: what somebody is asked to do.
_ORDERS: Final = frozenset(
    {"order", "original-order", "reflex-order", "filler-order", "instance-order"}
)
_OPEN: Final = frozenset({"active", "on-hold"})
_BOOKED: Final = frozenset({"booked", "pending", "arrived", "checked-in", "waitlist"})
_APPOINTMENT_ENDS: Final = {"cancelled": "S15", "entered-in-error": "S17", "noshow": "S26"}

# The elements that a message carries: a change of any other is no news.
_ELEMENTS: Final = {
    "ServiceRequest": (
        "identifier",
        "requisition",
        "status",
        "priority",
        "code",
        "orderDetail",
        "subject",
        "encounter",
        "occurrenceDateTime",
        "occurrencePeriod",
        "authoredOn",
        "requester",
        "performer",
        "reasonCode",
        "supportingInfo",
        "bodySite",
        "note",
        "extension",
    ),
    "Patient": (
        "identifier",
        "name",
        "telecom",
        "gender",
        "birthDate",
        "deceasedBoolean",
        "deceasedDateTime",
        "address",
        "maritalStatus",
        "generalPractitioner",
        "extension",
    ),
    "Appointment": (
        "identifier",
        "status",
        "start",
        "end",
        "minutesDuration",
        "serviceType",
        "appointmentType",
        "reasonCode",
        "comment",
        "participant",
        "basedOn",
    ),
    "DiagnosticReport": (
        "status",
        "code",
        "issued",
        "conclusion",
        "presentedForm",
        "effectiveDateTime",
        "effectivePeriod",
        "result",
        "resultsInterpreter",
    ),
    "DocumentReference": (
        "masterIdentifier",
        "status",
        "docStatus",
        "type",
        "content",
        "securityLabel",
        "date",
        "author",
        "description",
    ),
}  # fmt: skip - one resource a paragraph


@dataclass(frozen=True, slots=True)
class Change:
    """A resource as it was (empty when there was none) and as it is.

    `known` says that the receiver has it, `wanted` that a route sends it there now.
    """

    before: Resource
    after: Resource
    known: bool
    wanted: bool

    @property
    def is_news(self) -> bool:
        """Whether anything changed that a message would say."""
        names = _ELEMENTS[self.after["resourceType"]]
        return _differ(self.before, self.after, names)


def _differ(before: Resource, after: Resource, names: Iterable[str]) -> bool:
    """Say whether any of the elements differ; an empty one is none."""
    return any((before.get(name) or None) != (after.get(name) or None) for name in names)


def events_of(change: Change) -> tuple[str, ...]:
    """Return the events to send, in their order; none when the receiver need not hear of it."""
    return _RULES[change.after["resourceType"]](change)


def identifiers_lost(before: Resource, after: Resource) -> bool:
    """Whether a patient has no longer, or only as an old one, a number that he had."""
    had, has = (
        {
            (one.get("system"), one.get("value"))
            for one in patient.get("identifier", ())
            if one.get("use") != "old"
        }
        for patient in (before, after)
    )
    return bool(had - has)


def replaced_by(patient: Resource) -> str:
    """Return the reference to the record that took the place of this one; empty when none did."""
    links = (one for one in patient.get("link", ()) if one.get("type") == "replaced-by")
    return next((str(one.get("other", {}).get("reference", "")) for one in links), "")


def _order(change: Change) -> tuple[str, ...]:
    order, known = change.after, change.known
    if order.get("intent") not in _ORDERS:
        return ()
    status = order.get("status")
    if status in WITHDRAWN_ORDERS:
        return ("CA",) if known else ()
    if status not in _OPEN:
        return ()
    if not change.wanted:
        # Somebody else does it now.
        return ("CA",) if known else ()
    if not known:
        return ("NW",)
    return ("XO",) if change.is_news else ()


def _patient(change: Change) -> tuple[str, ...]:
    patient = change.after
    if not change.wanted or _PROVISIONAL in patient.get("meta", {}).get("tag", ()):
        return ()
    if other := replaced_by(patient):
        return (MERGE,) if replaced_by(change.before) != other else ()
    if not change.known:
        return ("A28",)
    if not change.is_news:
        return ()
    if change.before and identifiers_lost(change.before, patient):
        rest = ("A31",) if _beside_numbers(change) else ()
        return (RENUMBER, *rest)
    return ("A31",)


def _beside_numbers(change: Change) -> bool:
    names = (name for name in _ELEMENTS["Patient"] if name != "identifier")
    return _differ(change.before, change.after, names)


def _appointment(change: Change) -> tuple[str, ...]:
    appointment, known = change.after, change.known
    status = appointment.get("status", "")
    if status in _APPOINTMENT_ENDS:
        return (_APPOINTMENT_ENDS[status],) if known else ()
    if not change.wanted:
        return ("S15",) if known else ()
    if not known:
        return ("S12",) if status in _BOOKED else ()
    if not change.is_news:
        return ()
    moved = any(change.before.get(end) != appointment.get(end) for end in ("start", "end"))
    return ("S13",) if moved else ("S14",)


def _report(change: Change) -> tuple[str, ...]:
    """Whoever has a report learns of its correction and withdrawal, wanted or not."""
    status = change.after.get("status")
    if status in WITHDRAWN:
        return ("R01",) if change.known and change.is_news else ()
    if status not in RELEASED:
        return ()
    if change.known:
        return ("R01",) if change.is_news else ()
    return ("R01",) if change.wanted else ()


def _document(change: Change) -> tuple[str, ...]:
    document, known = change.after, change.known
    if document.get("status") == "entered-in-error":
        return ("T04",) if known else ()
    if document.get("status") != "current" or document.get("docStatus") == "preliminary":
        return ()
    if known:
        return ("T08",) if change.is_news else ()
    if not change.wanted:
        return ()
    relations = (one.get("code") for one in document.get("relatesTo", ()))
    return ("T10",) if "replaces" in relations else ("T02",)


WITHDRAWN_ORDERS: Final = frozenset({"revoked", "entered-in-error"})
_RULES: Final[dict[str, Callable[[Change], tuple[str, ...]]]] = {
    "ServiceRequest": _order,
    "Patient": _patient,
    "Appointment": _appointment,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
}
