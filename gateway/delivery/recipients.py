"""Who must receive a report, decided in the transaction that changes it.

A final, corrected, amended or appended report goes to the treating physician, to the requester and
to those whom its sender names for a copy, the patient himself too, once each; a report withdrawn
after it was sent is followed by a notice to those who have it. The id of a delivery is made of the
report, its medical content and the recipient: a replay or a new link to an order sends nothing
twice, a correction is sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.delivery.addresses import is_patient
from gateway.delivery.carried import carried
from gateway.delivery.exchanges import delivery_of
from gateway.delivery.failures import Failure
from gateway.delivery.release import may_be_mailed
from gateway.fhir.datatypes import stable_id
from gateway.fhir.wire import dumps
from gateway.mapping.entry import COPY_TO
from gateway.store.records import Delivery, DeliveryState, NewDelivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gateway.access.decision import Decision
    from gateway.fhir.wire import Resource
    from gateway.store.api import Stored, Transaction, Written

# https://hl7.org/fhir/R4/valueset-diagnostic-report-status.html
RELEASED: Final = ("final", "corrected", "amended", "appended")
WITHDRAWN: Final = ("cancelled", "entered-in-error")
CHANNEL: Final = "mail"

NOBODY: Final = "Neither a treating physician nor a requester is known."
REPLACED: Final = "A later version of the report took its place before anybody could receive it."
NOT_SENT_ANY_MORE: Final = "The report was withdrawn before it was sent."


@dataclass(frozen=True, slots=True)
class Occasion:
    """A report as it now stands, who is concerned (`Type/id`), and what was queued before.

    `release` says to whom (`Type/id`) its labels let it go.
    """

    report: Resource
    version: int
    concerned: Sequence[str]
    past: Sequence[Delivery]
    release: Callable[[str], Decision]
    now: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Deliveries to add to the outbox and those that become something else."""

    new: tuple[NewDelivery, ...] = ()
    changed: tuple[Delivery, ...] = ()


def content_key(report: Resource, turn: int = 0) -> str:
    """Return a digest of what a physician reads in a report.

    `turn` counts the withdrawals before it: a report that is issued anew is sent anew.
    """
    read = [report.get(name) for name in ("status", "issued", "conclusion")]
    read.append(_said_code(report.get("code")))
    forms = [_form(attachment) for attachment in report.get("presentedForm", ())]
    return hashlib.sha256(dumps([read, forms, turn])).hexdigest()


def _said_code(code: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what the sender said: a standard coding that it is given since stands before it."""
    return {**code, "coding": code["coding"][-1:]} if code and "coding" in code else code


def _form(attachment: dict[str, Any]) -> list[Any]:
    return [attachment.get(name) for name in ("contentType", "url", "hash", "data")]


def delivery_id(report_id: str, key: str, recipient: str) -> str:
    """Return the id of the delivery of that content to that recipient."""
    # The patient is one recipient, by whichever of his records he was named.
    whom = "Patient" if is_patient(recipient) else recipient
    return stable_id("Delivery", f"DiagnosticReport/{report_id}", f"{key}|{whom}")


def plan(occasion: Occasion) -> Plan:
    """Return what must be sent now, given everything that was queued before."""
    status = occasion.report.get("status")
    if status in RELEASED:
        return _release(occasion)
    if status in WITHDRAWN:
        return _withdraw(occasion)
    return Plan()


def _release(occasion: Occasion) -> Plan:
    turns = {past.focus_version for past in occasion.past if _of_withdrawal(past)}
    key = content_key(occasion.report, len(turns))
    report_id = occasion.report["id"]
    open_one = next((p for p in occasion.past if p.id == delivery_id(report_id, key, "")), None)
    past = [replace(p, recipient=_named(p.recipient, occasion.report)) for p in occasion.past]
    served = {p.recipient for p in past if p.id == delivery_id(report_id, key, p.recipient)}
    if open_one is not None:
        served.add(open_one.recipient)
    # Whoever holds an earlier content must learn of the correction, also when no longer in charge.
    holders = [p.recipient for p in past if _arrived(p)]
    wanted = list(dict.fromkeys([*occasion.concerned, *holders]))
    if not wanted:
        new = () if served else (_new(occasion, key, ""),)
        return Plan(new, _replaced(occasion, open_one))
    missing = [recipient for recipient in wanted if recipient not in served]
    changed = _replaced(occasion, open_one)
    if missing and open_one is not None and not open_one.recipient:
        changed += (_addressed(open_one, missing.pop(0), occasion),)
    return Plan(tuple(_new(occasion, key, recipient) for recipient in missing), changed)


def _named(recipient: str, report: Resource) -> str:
    """Return who a recipient is now: the patient is whom the report is about."""
    return _subject(report) if is_patient(recipient) else recipient


def _subject(report: Resource) -> str:
    return str(report.get("subject", {}).get("reference", ""))


def _replaced(occasion: Occasion, open_one: Delivery | None) -> tuple[Delivery, ...]:
    return tuple(
        replace(past, state=DeliveryState.REFUSED, last_error=REPLACED)
        for past in occasion.past
        if past.state is DeliveryState.UNADDRESSED and not past.recipient and past != open_one
    )


def _withdraw(occasion: Occasion) -> Plan:
    reports = [past for past in occasion.past if past.reason not in WITHDRAWN]
    stopped = tuple(
        replace(past, state=DeliveryState.REFUSED, last_error=NOT_SENT_ANY_MORE)
        for past in reports
        if past.state in (DeliveryState.WAITING, DeliveryState.UNADDRESSED) and not _arrived(past)
    )
    key = content_key(occasion.report)
    known = {past.id for past in occasion.past}
    arrived = (past.recipient for past in reports if _arrived(past))
    holders = dict.fromkeys(_named(one, occasion.report) for one in arrived)
    notices = (_new(occasion, key, recipient) for recipient in holders)
    return Plan(tuple(notice for notice in notices if notice.id not in known), stopped)


def _arrived(past: Delivery) -> bool:
    """Return whether the recipient has it, or may have it."""
    sent = past.state in (DeliveryState.SENT, DeliveryState.SENDING)
    return sent or past.failure == Failure.UNKNOWN


def _of_withdrawal(past: Delivery) -> bool:
    return past.reason in WITHDRAWN or past.last_error == NOT_SENT_ANY_MORE


def _new(occasion: Occasion, key: str, recipient: str) -> NewDelivery:
    report = occasion.report
    delivery = NewDelivery(
        id=delivery_id(report["id"], key, recipient),
        recipient=recipient,
        subject=_subject(report),
        focus=f"DiagnosticReport/{report['id']}",
        focus_version=occasion.version,
        channel=CHANNEL,
        reason=report["status"],
        created=occasion.now,
    )
    if not recipient:
        return replace(delivery, state=DeliveryState.UNADDRESSED, last_error=NOBODY)
    return _held(delivery, occasion.release(recipient))


def _held(delivery: NewDelivery, release: Decision) -> NewDelivery:
    # A withdrawal names no content: whoever holds the report must learn of it whatever its label.
    if release.permitted or delivery.reason in WITHDRAWN:
        return delivery
    return replace(delivery, state=DeliveryState.REFUSED, last_error=release.reason)


def _addressed(open_one: Delivery, recipient: str, occasion: Occasion) -> Delivery:
    release = occasion.release(recipient)
    state = DeliveryState.WAITING if release.permitted else DeliveryState.REFUSED
    return replace(
        open_one,
        recipient=recipient,
        focus_version=occasion.version,
        state=state,
        last_error="" if release.permitted else release.reason,
        next_attempt=occasion.now,
    )


# The hooks: what the store calls inside the transaction.


def resource_changed(tx: Transaction, written: Written) -> None:
    """Queue what the change of any resource makes necessary; for `Store.watch`."""
    hook = _HOOKS.get(written.stored.type)
    if hook is not None and written.outcome in ("created", "updated"):
        hook(tx, written)


def report_changed(tx: Transaction, written: Written) -> None:
    """Queue a created or updated DiagnosticReport for those who must receive it."""
    if written.resource.get("status") not in (*RELEASED, *WITHDRAWN):
        return
    current = tx.read("DiagnosticReport", written.stored.id)
    # Another hook may have linked it to its order meanwhile: that version was queued by itself.
    if current is not None and current.version == written.stored.version:
        _queue(tx, written.resource, written.stored.version, is_new=written.before is None)


def order_changed(tx: Transaction, written: Written) -> None:
    """Queue the reports of a ServiceRequest for a requester who was not known before."""
    # What was never here has no reports yet: those that it gets are queued by themselves.
    if written.before is not None and _changed(written, "requester"):
        for found in tx.find_referring("DiagnosticReport", "based-on", written.stored.reference):
            _queue(tx, found.resource, found.version)


def patient_changed(tx: Transaction, written: Written) -> None:
    """Address the deliveries that waited for a treating physician to be known."""
    if not _changed(written, "generalPractitioner"):
        return
    waiting = tx.unaddressed_of(written.stored.reference)
    reports = (one for one in waiting if one.focus.startswith("DiagnosticReport/"))
    for focus in dict.fromkeys(delivery.focus for delivery in reports if not delivery.recipient):
        found = tx.read(*focus.split("/"))
        if found is not None and not found.deleted:
            _queue(tx, found.resource, found.version)


def exchange_changed(tx: Transaction, written: Written) -> None:
    """Queue the documents of a Communication that is under way, to each of its recipients."""
    exchange = written.resource
    if exchange.get("status") != "in-progress" or written.outcome != "created":
        return
    for payload in exchange.get("payload", ()):
        focus = payload.get("contentReference", {}).get("reference", "")
        document = tx.read(*focus.split("/")) if focus.startswith("DocumentReference/") else None
        if document is not None and not document.deleted:
            for recipient in dict.fromkeys(
                _own(one, exchange) or _recipient(tx, one) for one in exchange.get("recipient", ())
            ):
                _forward(tx, exchange, document, recipient)


def _forward(tx: Transaction, exchange: Resource, document: Stored, recipient: str) -> None:
    delivery = NewDelivery(
        id=delivery_of(document.reference, exchange["id"], recipient),
        recipient=recipient,
        subject=exchange.get("subject", {}).get("reference", ""),
        focus=document.reference,
        focus_version=document.version,
        channel=CHANNEL,
        reason="final",
        created=tx.now,
    )
    if not recipient:
        delivery = replace(delivery, state=DeliveryState.UNADDRESSED, last_error=NOBODY)
        tx.enqueue(delivery)
        return
    patient = _follow(tx, exchange.get("subject", {}))
    others = carried_in(tx, document.resource, _subject(exchange))
    release = may_be_mailed(recipient, patient, tx.now.date(), document.resource, *others)
    tx.enqueue(_held(delivery, release))


_HOOKS: Final = {
    "Communication": exchange_changed,
    "DiagnosticReport": report_changed,
    "ServiceRequest": order_changed,
    "Patient": patient_changed,
}


def _changed(written: Written, element: str) -> bool:
    before = written.before
    held = {} if before is None or before.deleted else before.resource
    return bool(written.resource.get(element) != held.get(element))


def _queue(tx: Transaction, report: Resource, version: int, *, is_new: bool = False) -> None:
    focus = f"DiagnosticReport/{report['id']}"
    # What was never here was never sent: not worth a question.
    past = () if is_new else tx.deliveries_of(focus)
    others = carried_in(tx, report, _subject(report))
    patient = _follow(tx, report.get("subject", {}))
    today = tx.now.date()
    occasion = Occasion(
        report=report,
        version=version,
        concerned=concerned(tx, report),
        past=[one for one in past if one.channel == CHANNEL],
        release=lambda recipient: may_be_mailed(recipient, patient, today, report, *others),
        now=tx.now,
    )
    decided = plan(occasion)
    for changed in decided.changed:
        tx.update_delivery(changed)
    for new in decided.new:
        tx.enqueue(new)


def carried_in(tx: Transaction, resource: Resource, subject: str) -> list[Resource]:
    """Return what a letter with a report or a document tells of, the patient included."""

    def referring(kind: str, param: str, target: str) -> list[Resource]:
        return [one.resource for one in tx.find_referring(kind, param, target)]

    return carried(resource, subject, lambda name: current_resource(tx, name), referring)


def concerned(tx: Transaction, report: Resource) -> list[str]:
    """Return the treating physician, the requester and those named for a copy, each once.

    Of patients only the one whom the report is about.
    """
    patient = _follow(tx, report.get("subject", {}))
    pointed = list(patient.get("generalPractitioner", ()))
    pointed += [_follow(tx, order).get("requester", {}) for order in report.get("basedOn", ())]
    named = (one for one in report.get("extension", ()) if one.get("url") == COPY_TO)
    pointed += [one.get("valueReference", {}) for one in named]
    found = (_own(element, report) or _recipient(tx, element) for element in pointed)
    return list(dict.fromkeys(filter(None, found)))


def _own(element: dict[str, Any], resource: Resource) -> str:
    """Return the patient (`Patient/id`) when it is he whom the resource is about, else ""."""
    literal = "/".join(element.get("reference", "").split("/")[:2])
    return literal if is_patient(literal) and literal == _subject(resource) else ""


_RECIPIENTS: Final = ("Practitioner", "PractitionerRole", "Organization")


def _recipient(tx: Transaction, element: dict[str, Any]) -> str:
    """Return who is behind a reference: a role stands for its practitioner."""
    target = _target(tx, element)
    if target.startswith("PractitionerRole/"):
        role = _follow(tx, {"reference": target})
        person = role.get("practitioner") or role.get("organization")
        return _target(tx, person) if person else ""
    return target


def _target(tx: Transaction, element: dict[str, Any]) -> str:
    """Return `Type/id` of a literal or logical reference to a possible recipient, or ""."""
    literal = "/".join(element.get("reference", "").split("/")[:2])
    if literal.startswith(tuple(f"{name}/" for name in _RECIPIENTS)):
        return literal
    identifier = element.get("identifier", {})
    value = identifier.get("value")
    keys = [(identifier.get("system", ""), value)] if value else []
    return next(_found(tx, element.get("type"), keys), "") if keys else ""


def _found(
    tx: Transaction, resource_type: str | None, keys: Sequence[tuple[str, str]]
) -> Iterator[str]:
    types = (resource_type,) if resource_type in _RECIPIENTS else _RECIPIENTS
    return (found.reference for name in types for found in tx.find(name, keys))


def _follow(tx: Transaction, element: dict[str, Any]) -> Resource:
    return current_resource(tx, element.get("reference", ""))


def current_resource(tx: Transaction, name: str) -> Resource:
    """Return the current resource of `Type/id`, nothing when there is none."""
    parts = name.split("/")
    if len(parts) < 2:  # noqa: PLR2004 - a type and an id
        return {}
    found = tx.read(parts[0], parts[1])
    return {} if found is None or found.deleted else found.resource
