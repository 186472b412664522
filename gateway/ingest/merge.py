"""What an incoming resource may do to the one that is held: one pure rule a resource type.

A rule gets the held resource and the incoming one, both with resolved references, and returns
what to store, or None when the incoming one changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.mapping.entry import Write

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
_ORDER_ENDED: Final = frozenset({"completed", "revoked", "entered-in-error"})
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


def overlay(held: Resource, incoming: Resource) -> Resource:
    """Return `held` with the elements of `incoming` over it; identifiers are added up."""
    merged = {**held, **incoming, "id": held["id"]}
    return _with_identifiers(merged, held, incoming)


def fill(held: Resource, incoming: Resource) -> Resource:
    """Return `held` with the elements that only `incoming` has; identifiers are added up."""
    merged = {**incoming, **held}
    return _with_identifiers(merged, held, incoming)


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


def _with_identifiers(merged: Resource, held: Resource, incoming: Resource) -> Resource:
    both = _identifiers(held.get("identifier"), incoming.get("identifier"))
    # Bundle, QuestionnaireResponse and Composition have one identifier, not a list.
    if both and isinstance(merged.get("identifier"), list):
        merged["identifier"] = both
    return merged


def _identifiers(held: Any, incoming: Any) -> list[Any]:  # noqa: ANN401 - identifiers, or one
    """Return both lists; a number without authority gives way to the same one with it."""
    both = union(held, incoming)
    owned = {_number(item) for item in both if item.get("system")}
    return [item for item in both if item.get("system") or _number(item) not in owned]


def _number(identifier: dict[str, Any]) -> tuple[str, str]:
    codings = identifier.get("type", {}).get("coding", [{}])
    return codings[0].get("code", ""), identifier.get("value", "")


def union(held: Any, incoming: Any) -> list[Any]:  # noqa: ANN401 - any repeating element
    """Return the items of both lists; an identifier that both have counts once."""
    first = list(held) if isinstance(held, list) else []
    known = [_sameness(item) for item in first]
    second = incoming if isinstance(incoming, list) else []
    return first + [item for item in second if _sameness(item) not in known]


def _sameness(item: Any) -> object:  # noqa: ANN401 - any element
    if isinstance(item, dict) and "value" in item:
        return item.get("system"), item["value"]
    return item


def _general(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    return overlay(held, incoming) if write is Write.ASSERT else fill(held, incoming)


def _patient(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    if write is Write.MENTION:
        # Only an identity source changes an identity.
        return None
    return without_tag(overlay(held, incoming), PROVISIONAL)


def _service_request(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    if write is Write.MENTION:
        named = _with_identifiers(dict(held), held, incoming)
        # The final report ends an order that was under way.
        done = incoming.get("status") == "completed" and held.get("status") == "active"
        return named | ({"status": "completed"} if done else {})
    merged = overlay(held, incoming)
    if held.get("status") in _ORDER_ENDED:
        merged["status"] = held["status"]
    # Who is examined is settled when the order is first known; later messages only agree.
    return {**merged, "subject": held["subject"]}


def _diagnostic_report(held: Resource, incoming: Resource, _write: Write) -> Resource | None:
    if is_older_report(held, incoming):
        return None
    merged = overlay(held, incoming)
    for name in ("basedOn", "imagingStudy"):
        both = union(held.get(name), incoming.get(name))
        if both:
            merged[name] = both
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
    if held.get("series") and not incoming.get("series"):
        merged |= {name: held[name] for name in _STUDY_CONTENT if name in held}
    if _STUDY_RANK.get(held["status"], 0) > _STUDY_RANK.get(incoming["status"], 0):
        merged["status"] = held["status"]
    both = union(held.get("basedOn"), incoming.get("basedOn"))
    if both:
        merged["basedOn"] = both
    return merged


def _document_reference(held: Resource, incoming: Resource, write: Write) -> Resource | None:
    merged = overlay(held, incoming) if write is Write.ASSERT else fill(held, incoming)
    if held.get("status") == "entered-in-error":
        merged["status"] = held["status"]
    return merged


def _once(_held: Resource, _incoming: Resource, _write: Write) -> Resource | None:
    return None


_RULES: Final[dict[str, Rule]] = {
    "Patient": _patient,
    "ServiceRequest": _service_request,
    "DiagnosticReport": _diagnostic_report,
    "ImagingStudy": _imaging_study,
    "DocumentReference": _document_reference,
    "Provenance": _once,
    "Binary": _once,
}
