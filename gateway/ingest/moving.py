"""A visit that was another patient's (ADT^A44, A45), with everything that was done in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Conflict, Issue
from gateway.ingest.identity import repoint_resource
from gateway.ingest.overlay import union
from gateway.ingest.patient import OLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource
    from gateway.mapping.entry import Merge
    from gateway.store.api import Stored, Transaction

# What is done in a visit and points to it, or to something that does.
_WORK: Final = frozenset(
    {
        "AllergyIntolerance",
        "Appointment",
        "Condition",
        "DiagnosticReport",
        "DocumentReference",
        "ImagingStudy",
        "Media",
        "Observation",
        "Procedure",
        "ServiceRequest",
        "Specimen",
        "Task",
    }
)


def move_visits(
    tx: Transaction, merge: Merge, patient: Stored, former: Stored | None
) -> list[Issue]:
    """Give the visits of `former` to `patient`; raises `Conflict` when they are a third one's."""
    visits = tx.find("Encounter", merge.visits)
    if not visits:
        text = "No visit of that number is known here: nothing has moved."
        return [Issue(text, None, merge.location, "not-found", "warning")]
    for visit in visits:
        owner = visit.resource.get("subject", {}).get("reference", "")
        if owner not in ("", patient.reference):
            if former is None or owner != former.reference:
                text = "The visit is another patient's than the one in MRG-1."
                raise Conflict(text, location=merge.location)
            _move(tx, visit, owner, patient.reference)
        _renumber(tx, visit, merge)
    return []


def _move(tx: Transaction, visit: Stored, old: str, new: str) -> None:
    moved = [visit.reference, *_work(tx, visit.reference, old)]
    for name in moved:
        repoint_resource(tx, name, old, new)


def _work(tx: Transaction, visit: str, patient: str) -> Iterator[str]:
    """Give what hangs on the visit and is about that patient, directly or by something that does.

    What says that it belongs to another visit stays.
    """
    seen, waiting = {visit}, [visit]
    while waiting:
        name = waiting.pop()
        for other in (*tx.referrers(name), *_pointed(tx, name)):
            kind, _, resource_id = other.partition("/")
            if other in seen or kind not in _WORK:
                continue
            seen.add(other)
            found = tx.read(kind, resource_id)
            if found is not None and not found.deleted and _belongs(found.resource, visit, patient):
                waiting.append(other)
                yield other


def _pointed(tx: Transaction, name: str) -> list[str]:
    """Return what a piece of work points to; a visit points to nothing that was done in it."""
    kind, _, resource_id = name.partition("/")
    found = tx.read(kind, resource_id) if kind in _WORK else None
    return [] if found is None or found.deleted else list(_references(found.resource))


def _belongs(resource: Resource, visit: str, patient: str) -> bool:
    own = resource.get("encounter") or resource.get("context", {})
    visits = own.get("encounter", [own]) if isinstance(own, dict) else []
    named = {one.get("reference") for one in visits if one.get("reference")}
    return patient in set(_references(resource)) and named <= {visit}


def _references(element: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a resource
    if isinstance(element, dict):
        target = element.get("reference")
        if isinstance(target, str):
            yield target
        for part in element.values():
            yield from _references(part)
    elif isinstance(element, list):
        for part in element:
            yield from _references(part)


def _renumber(tx: Transaction, visit: Stored, merge: Merge) -> None:
    """Give the visit the number of PV1-19, when it is another than the one that found it."""
    held = tx.read("Encounter", visit.id)
    if held is None or not merge.visit_now:
        return
    former = {(key.system, key.value) for key in merge.visits}
    numbers = [
        {**one, "use": OLD} if (one.get("system"), one.get("value")) in former else one
        for one in held.resource.get("identifier", ())
    ]
    now = [dict(one) for one in merge.visit_now]
    tx.put({**held.resource, "identifier": union(numbers, now)})
