"""HL7 v2 messages that a change makes necessary, queued in the transaction that changes it.

The outbox row names the version and the event; the message is written when it is sent. What a
system has said itself is not said back to it, and what a message would not say makes none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.access.origin import sender
from gateway.delivery.events import ENDS, MATTERS, Change, events_of
from gateway.delivery.failures import Failure
from gateway.delivery.routing import allowed, routed
from gateway.fhir.datatypes import namespace_system, stable_id
from gateway.store.records import DeliveryState, NewDelivery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.settings import Destination, Route
    from gateway.store.api import Transaction, Written
    from gateway.store.records import Delivery

CHANNEL: Final = "mllp"
# The outbox keeps the order for each recipient: an Endpoint stands for a receiving system.
RECIPIENT: Final = "Endpoint/"
V2_0203: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
# Two systems that each answer the other's change with a change of their own never come to rest.
LOOP_LIMIT: Final = 20
LOOP_WINDOW: Final = timedelta(minutes=10)
LOOPING: Final = "Sent too often within ten minutes: two systems seem to answer each other."
# Who somebody is may become known after what concerns him; what is older than this has had its
# time, and a new physician is not flooded with old reports.
LATE: Final = timedelta(days=1)
# What receivers cannot do without: the type of number that a thing without any is given.
_NUMBERED: Final = {"ServiceRequest": "PLAC", "Appointment": "FILL"}
# 16 characters: what DICOM and old systems hold of an order number.
_DIGITS: Final = 16
# Who must be known before it is known where something goes: type of what goes, by parameter.
_LATE: Final = {
    "Practitioner": (("ServiceRequest", "performer"), ("Appointment", "actor")),
    "PractitionerRole": (("ServiceRequest", "performer"), ("Appointment", "actor")),
    "Organization": (("ServiceRequest", "performer"), ("Patient", "organization")),
    "HealthcareService": (("ServiceRequest", "performer"), ("Appointment", "actor")),
    "Location": (("Appointment", "actor"),),
    "Device": (("ServiceRequest", "performer"), ("Appointment", "actor")),
}
_PEOPLE: Final = frozenset({"Practitioner", "PractitionerRole", "Organization"})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A resource as the hook sees it: before, now, and which version that is."""

    before: Resource
    after: Resource
    version: int

    @property
    def focus(self) -> str:
        return f"{self.after['resourceType']}/{self.after['id']}"


class Outgoing:
    """Queues messages for the destinations; `changed` is the hook for `Store.watch`."""

    def __init__(self, destinations: Sequence[Destination], routes: Sequence[Route]) -> None:
        """Serve these destinations by these routes."""
        self._routes = {
            one: [route for route in routes if route.to == one.name] for one in destinations
        }
        self._late = any(route.concerning for route in routes)
        # What was before a version that lacks its number: the next one is judged by it.
        self._unnumbered: dict[str, Resource] = {}

    def changed(self, tx: Transaction, written: Written) -> None:
        """Queue what the change makes necessary."""
        kind = written.stored.type
        if kind in MATTERS:
            if (seen := _seen(tx, written)) is not None:
                before = self._unnumbered.pop(seen.focus, seen.before)
                self._queue(tx, replace(seen, before=before))
            self._follow_up(tx, written)
        elif self._late and kind in _LATE and written.outcome == "created":
            self._again(tx, written.stored.reference, kind)

    def _queue(self, tx: Transaction, seen: _Seen) -> None:
        past = tx.deliveries_of(seen.focus)
        read = _reader(tx)
        for destination, routes in self._routes.items():
            if not _is_origin(destination):
                wanted = routed(seen.after, routes, read)
                mine = [one for one in past if one.recipient == recipient_of(destination)]
                if (wanted or mine) and _needs_number(seen.after):
                    # The write calls the hooks again, for the version that has a number.
                    self._unnumbered[seen.focus] = seen.before
                    tx.put(_numbered(seen.after, destination))
                    return
                self._queue_for(tx, destination, seen, mine, wanted=wanted)

    def _queue_for(
        self,
        tx: Transaction,
        destination: Destination,
        seen: _Seen,
        past: Sequence[Delivery],
        *,
        wanted: bool,
    ) -> None:
        if any(one.focus_version >= seen.version for one in past):
            return
        known = _has(past) or (not past and _told_us(tx, destination, seen))
        change = Change(seen.before, seen.after, known=known, wanted=wanted)
        kind = seen.after["resourceType"]
        for event in events_of(change):
            if allowed(event, self._routes[destination], kind):
                tx.enqueue(_delivery(tx, destination, seen, event, past))

    # Whose arrival decides where earlier things go

    def _follow_up(self, tx: Transaction, written: Written) -> None:
        """Look again at the reports of an order or a patient who has got another physician."""
        if not self._late or written.outcome == "deleted":
            return
        kind, reference = written.stored.type, written.stored.reference
        if kind == "ServiceRequest" and _differs(written, "requester"):
            self._look_again(tx, "DiagnosticReport", "based-on", reference)
        if kind == "Patient" and _differs(written, "generalPractitioner"):
            self._look_again(tx, "DiagnosticReport", "subject", reference)
        if kind == "DiagnosticReport" and written.before is None:
            self._look_again(tx, "DocumentReference", "related", reference)

    def _again(self, tx: Transaction, reference: str, kind: str) -> None:
        for resource_type, param in _LATE[kind]:
            self._look_again(tx, resource_type, param, reference)
        if kind in _PEOPLE:
            for order in tx.find_referring("ServiceRequest", "requester", reference):
                self._look_again(tx, "DiagnosticReport", "based-on", order.reference)
            for patient in tx.find_referring("Patient", "general-practitioner", reference):
                self._look_again(tx, "DiagnosticReport", "subject", patient.reference)

    def _look_again(self, tx: Transaction, resource_type: str, param: str, reference: str) -> None:
        for found in tx.find_referring(resource_type, param, reference):
            if tx.now - found.last_updated > LATE:
                continue
            resource = found.resource
            self._queue(tx, _Seen(resource, resource, found.version))


def recipient_of(destination: Destination) -> str:
    """Return the recipient of deliveries to a destination."""
    return f"{RECIPIENT}{destination.name}"


def own_number(resource: Resource, destination: Destination) -> Element:
    """Return the number that the gateway gives to a thing that nobody has numbered."""
    focus = f"{resource['resourceType']}/{resource['id']}"
    digits = hashlib.sha256(focus.encode()).hexdigest()[:_DIGITS].upper()
    kind = _NUMBERED[resource["resourceType"]]
    return {
        "type": {"coding": [{"system": V2_0203, "code": kind}]},
        "system": namespace_system(destination.sending_application),
        "value": digits,
    }


def _seen(tx: Transaction, written: Written) -> _Seen | None:
    """Return what to judge: the current version, against what was before the write."""
    before = written.before
    held: Resource = {} if before is None or before.deleted else before.resource
    if written.outcome == "deleted":
        return None if before is None else _Seen(held, _ended(held), before.version + 1)
    stored = written.stored
    current = tx.read(stored.type, stored.id)
    if current is None or current.deleted or current.version == stored.version:
        return _Seen(held, written.resource, stored.version)
    # Another hook has linked it meanwhile: that version is what goes out.
    return _Seen(held, current.resource, current.version)


def _ended(resource: Resource) -> Resource:
    """Return what a deleted resource is for those who have it."""
    return {**resource, "status": "entered-in-error"}


def _needs_number(resource: Resource) -> bool:
    named = [one for one in resource.get("identifier", ()) if one.get("value")]
    # An accession number says which examination it is, not whose order: it is no placer number.
    numbered = any(not _is_accession(one) for one in named)
    return resource["resourceType"] in _NUMBERED and not numbered


def _is_accession(identifier: Element) -> bool:
    codings = identifier.get("type", {}).get("coding", ())
    return any(one.get("code") == "ACSN" and one.get("system") == V2_0203 for one in codings)


def _numbered(resource: Resource, destination: Destination) -> Resource:
    own = own_number(resource, destination)
    return {**resource, "identifier": [*resource.get("identifier", ()), own]}


def _is_origin(destination: Destination) -> bool:
    own = f"{destination.application}|{destination.facility}"
    return bool(destination.application) and sender() == own


def _has(past: Sequence[Delivery]) -> bool:
    """Say whether the destination has the thing, or will have it when its turn comes."""
    told = [
        one
        for one in past
        if one.state is not DeliveryState.REFUSED or one.failure == Failure.UNKNOWN
    ]
    return bool(told) and told[-1].reason not in ENDS


def _told_us(tx: Transaction, destination: Destination, seen: _Seen) -> bool:
    """Say whether the thing came from the destination itself."""
    if not destination.application or not seen.before:
        return False
    name = destination.application
    named = f"{name} ({destination.facility})" if destination.facility else name
    return any(
        agent.get("who", {}).get("display") == named
        for found in tx.find_referring("Provenance", "target", seen.focus)
        for agent in found.resource.get("agent", ())
    )


def _delivery(
    tx: Transaction,
    destination: Destination,
    seen: _Seen,
    event: str,
    past: Sequence[Delivery],
) -> NewDelivery:
    recipient = recipient_of(destination)
    recent = [one for one in past if tx.now - one.created < LOOP_WINDOW]
    looping = len(recent) >= LOOP_LIMIT
    return NewDelivery(
        id=stable_id("Delivery", seen.focus, f"{recipient}|{event}|{seen.version}"),
        recipient=recipient,
        subject=_subject(seen.after),
        focus=seen.focus,
        focus_version=seen.version,
        channel=CHANNEL,
        reason=event,
        created=tx.now,
        state=DeliveryState.REFUSED if looping else DeliveryState.WAITING,
        last_error=LOOPING if looping else "",
    )


def _subject(resource: Resource) -> str:
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    subject = resource.get("subject", {}).get("reference", "")
    actors = (one.get("actor", {}).get("reference", "") for one in resource.get("participant", ()))
    return str(subject or next((one for one in actors if one.startswith("Patient/")), ""))


def _reader(tx: Transaction) -> Callable[[str], Resource | None]:
    def read(reference: str) -> Resource | None:
        kind, _, name = reference.partition("/")
        found = tx.read(kind, name)
        return None if found is None or found.deleted else found.resource

    return read


def _differs(written: Written, element: str) -> bool:
    before = written.before
    held = {} if before is None or before.deleted else before.resource
    return bool(written.resource.get(element) != held.get(element))
