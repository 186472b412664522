"""What an incoming resource may do to the one that is held: one pure rule a resource type.

A rule gets the held resource and the incoming one, both with resolved references, and returns
what to store, or None when the incoming one changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.access.labels import CONFIDENTIALITY
from gateway.ingest.overlay import fill, overlay, union, with_identifiers
from gateway.ingest.patient import newer_identity
from gateway.ingest.visit import next_consent, next_visit
from gateway.mapping.entry import Write
from gateway.mapping.movements import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.wire import Resource

    Rule = Callable[[Resource, Resource, Write], Resource | None]

# A patient that only an order, a report or images have named; an identity source has yet to.
PROVISIONAL: Final = {"system": "urn:passerelle:identity", "code": "provisional"}

_REPORT_RANK: Final = {
    "registered": 0,
    "partial": 1,
    "preliminary": 2,
    "final": 3,
    "amended": 4,
    "corrected": 4,
    "appended": 4,
    "cancelled": 5,
    "entered-in-error": 6,
}
_LEVELS: Final = {"N": 0, "R": 1, "V": 2}
_ORDER_ENDED: Final = frozenset({"completed", "revoked", "entered-in-error"})
_APPOINTMENT_BEGUN: Final = frozenset({"arrived", "checked-in", "fulfilled"})
_APPOINTMENT_OPEN: Final = frozenset({"proposed", "pending", "booked", "waitlist"})
_APPOINTMENT_CANCELLED: Final = frozenset({"cancelled", "noshow"})
_APPOINTMENT_OVER: Final = frozenset({"cancelled", "noshow", "entered-in-error", "fulfilled"})
_TASK_ASKED: Final = frozenset({"draft", "requested", "received"})
_STUDY_RANK: Final = {"unknown": 0, "registered": 1, "available": 2, "cancelled": 3}
_STUDY_CONTENT: Final = ("series", "numberOfSeries", "numberOfInstances", "modality", "started")


def merge(held: Resource | None, incoming: Resource, write: Write) -> Resource | None:
    """Return what to store of `incoming`, or None when nothing is to be written."""
    kind = incoming["resourceType"]
    if held is None:
        if kind == "Patient" and write is Write.MENTION:
            return with_tag(incoming, PROVISIONAL)
        return incoming
    return _RULES.get(kind, _general)(held, incoming, write)


def with_tag(resource: Resource, tag: dict[str, str]) -> Resource:
    """Return the resource with one more meta.tag."""
    meta = resource.get("meta", {})
    return {**resource, "meta": {**meta, "tag": [*meta.get("tag", []), tag]}}


def without_tag(resource: Resource, tag: dict[str, str]) -> Resource:
    """Return the resource without a meta.tag."""
    meta = dict(resource.get("meta", {}))
    tags = [item for item in meta.pop("tag", []) if item != tag]
    if tags:
        meta["tag"] = tags
    rest = {name: part for name, part in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def is_provisional(patient: Resource) -> bool:
    """Whether no identity source has vouched for this patient yet."""
    return PROVISIONAL in patient.get("meta", {}).get("tag", [])


def _general(held: Resource, incoming: Resource, write: Write) -> Resource:
    return overlay(held, incoming) if write is Write.ASSERT else fill(held, incoming)


def _service_request(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    if write is Write.MENTION:
        named = with_identifiers(dict(held), held, incoming)
        # The final report ends an order that was under way.
        done = incoming.get("status") == "completed" and held.get("status") == "active"
        return named | ({"status": "completed"} if done else {})
    merged = overlay(held, incoming)
    if held.get("status") in _ORDER_ENDED:
        merged["status"] = held["status"]
    # Who is examined is settled when the order is first known; later messages only agree. It was
    # asked when it was first asked: a cancellation or a change has a time of its own (ORC-9).
    times = [one["authoredOn"] for one in (held, incoming) if "authoredOn" in one]
    asked = {"authoredOn": min(times, key=moment)} if times else {}
    return {**merged, "subject": held["subject"], **asked}


def _diagnostic_report(held: Resource, incoming: Resource, _write: Write) -> Resource | None:
    if is_older_report(held, incoming):
        return None
    merged = overlay(held, incoming)
    if incoming.get("status") == "appended":
        merged = _appended(held, incoming, merged)
    for name in ("basedOn", "imagingStudy"):
        both = union(held.get(name), incoming.get(name))
        if both:
            merged[name] = both
    if meta := {**held.get("meta", {}), **incoming.get("meta", {})}:
        merged["meta"] = meta | _security(held, incoming)
    return merged


def _security(held: Resource, incoming: Resource) -> Resource:
    """Return the labels of a report: the sender's, and a stricter level that somebody gave it.

    No message lowers a level by itself; a client does (`$meta-delete`).
    """
    said = incoming.get("meta", {}).get("security", [])
    levels = [one for one in held.get("meta", {}).get("security", ()) if _strictness(one)]
    kept = max(levels, key=_strictness, default=None)
    if not said or kept is None or _strictness(kept) <= max(map(_strictness, said)):
        return {}
    return {"security": [kept, *(one for one in said if one.get("code") not in _LEVELS)]}


def _strictness(label: Resource) -> int:
    is_level = label.get("system", "") in CONFIDENTIALITY
    return _LEVELS.get(label.get("code", ""), 0) if is_level else 0


def _appended(held: Resource, incoming: Resource, merged: Resource) -> Resource:
    """Return a report with its addendum after it: what was there stays."""
    for name in ("presentedForm", "result"):
        if both := union(held.get(name), incoming.get(name)):
            merged[name] = both
    first, second = held.get("conclusion"), incoming.get("conclusion")
    if first:
        merged["conclusion"] = f"{first}\n{second}" if second and second not in first else first
    return merged


def is_older_report(held: Resource, incoming: Resource) -> bool:
    """Whether `incoming` ranks below what is held, or ranks equal and was issued earlier."""
    rank = _REPORT_RANK.get(str(held.get("status")), 0)
    coming = _REPORT_RANK.get(str(incoming.get("status")), 0)
    if coming != rank:
        return coming < rank
    issued, before = incoming.get("issued"), held.get("issued")
    return bool(issued and before and issued < before)


def _imaging_study(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    merged = overlay(held, incoming) if write is Write.ASSERT else fill(held, incoming)
    emptied = incoming.get("numberOfInstances") == 0
    if emptied:
        # Everything that was there has been rejected.
        merged.pop("series", None)
    elif held.get("series") and not incoming.get("series"):
        merged |= {name: held[name] for name in _STUDY_CONTENT if name in held}
    first_images = incoming.get("series") and not held.get("series")
    outranked = _STUDY_RANK.get(held["status"], 0) > _STUDY_RANK.get(incoming["status"], 0)
    if outranked and not emptied and not first_images:
        merged["status"] = held["status"]
    both = union(held.get("basedOn"), incoming.get("basedOn"))
    if both:
        merged["basedOn"] = both
    return merged


def _document_reference(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    merged = overlay(held, incoming) if write is Write.ASSERT else fill(held, incoming)
    if held.get("status") == "entered-in-error":
        merged["status"] = held["status"]
    if not _holds_document(incoming):
        # A message about a document that has been sent brings no content.
        merged["content"] = held["content"]
    return merged


def _holds_document(resource: Resource) -> bool:
    attachments = (item.get("attachment", {}) for item in resource.get("content", ()))
    return any("url" in one or "data" in one for one in attachments)


def _appointment(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    if write is Write.MENTION or held.get("status") == "entered-in-error":
        return _without_idle_reason(fill(held, incoming))
    merged = overlay(held, incoming)
    begun = held.get("status") in _APPOINTMENT_BEGUN
    if begun and incoming["status"] in _APPOINTMENT_OPEN and _same_time(held, incoming):
        # A correction of what goes on does not book it again.
        merged["status"] = held["status"]
    if merged["status"] in _APPOINTMENT_OVER:
        merged["participant"] = _participants(held, incoming)
    if both := union(held.get("basedOn"), incoming.get("basedOn")):
        merged["basedOn"] = both
    return _without_idle_reason(merged)


def _without_idle_reason(appointment: Resource) -> Resource:
    """Return it without the reason of a cancellation when it is not cancelled (app-4)."""
    if appointment["status"] not in _APPOINTMENT_CANCELLED:
        appointment.pop("cancelationReason", None)
    return appointment


def _same_time(held: Resource, incoming: Resource) -> bool:
    return "start" not in incoming or held.get("start") == incoming["start"]


def _participants(held: Resource, incoming: Resource) -> list[Any]:
    """Keep those that a cancellation no longer names."""
    named: list[Any] = incoming.get("participant", [])
    actors = [one.get("actor") for one in named]
    return named + [one for one in held.get("participant", []) if one.get("actor") not in actors]


def _task(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    if write is Write.MENTION:
        return fill(held, incoming)
    merged = overlay(held, incoming)
    if incoming["status"] in _TASK_ASKED and held["status"] not in _TASK_ASKED:
        # Asked again, or said to have come in: what was answered stands.
        merged["status"] = held["status"]
    elif "statusReason" not in incoming and incoming["status"] != held["status"]:
        merged.pop("statusReason", None)
    return merged


def _observation(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    merged = _general(held, incoming, write)
    said = incoming if write is Write.ASSERT else held
    valued = any(map(_is_value, said))
    # A result has a value or says why it has none (obs-6), or parts under the same code (obs-7).
    if "dataAbsentReason" in said or ("component" in said and not valued):
        return {name: part for name, part in merged.items() if not _is_value(name)}
    if valued:
        merged.pop("dataAbsentReason", None)
        if "component" not in said:
            merged.pop("component", None)
    return merged


def _is_value(name: str) -> bool:
    return name.startswith(("value", "_value"))


def _once(_held: Resource, _incoming: Resource, _write: Write) -> Resource | None:
    return None


def _patient(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    if write is Write.MENTION:
        # Only an identity source changes an identity.
        return None
    return without_tag(newer_identity(held, incoming), PROVISIONAL)


def _encounter(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    return next_visit(held, incoming, stated=write is Write.ASSERT)


def _consent(held: Resource, incoming: Resource, _write: Write) -> Resource | None:
    return next_consent(held, incoming)


_RULES: Final[dict[str, Rule]] = {
    "Patient": _patient,
    "Encounter": _encounter,
    "Consent": _consent,
    "ServiceRequest": _service_request,
    "DiagnosticReport": _diagnostic_report,
    "ImagingStudy": _imaging_study,
    "DocumentReference": _document_reference,
    "Appointment": _appointment,
    "Observation": _observation,
    "Task": _task,
    "Provenance": _once,
    "Binary": _once,
}
