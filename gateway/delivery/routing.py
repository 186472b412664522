"""Which destination gets what: the routes of `gateway.toml`, and who a resource concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.delivery.events import MATTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.fhir.wire import Resource
    from gateway.settings import Route

    Read = Callable[[str], Resource | None]

# A reference through which somebody else is concerned, by the type that it is found in.
_BEHIND: Final = {
    "PractitionerRole": ("practitioner", "organization"),
    "HealthcareService": ("providedBy",),
    "Location": ("managingOrganization",),
    "Device": ("owner",),
}


def routed(resource: Resource, routes: Iterable[Route], read: Read) -> bool:
    """Say whether one of the routes sends the resource."""
    matter = MATTERS[resource["resourceType"]]
    mine = [route for route in routes if matter in route.send]
    if any(not route.concerning for route in mine):
        return True
    names = set(concerned(resource, read)) if mine else set()
    return any(names.intersection(route.concerning) for route in mine)


def allowed(event: str, routes: Iterable[Route], resource_type: str) -> bool:
    """Say whether a route lets that event go: most name none, and mean all."""
    matter = MATTERS[resource_type]
    mine = [route for route in routes if matter in route.send]
    # Whoever stopped listening still has what he was told: then no route speaks, and none forbids.
    return not mine or any(not route.events or event in route.events for route in mine)


def concerned(resource: Resource, read: Read) -> Iterator[str]:
    """Yield the identifiers, `system|value` and the value alone, of those it concerns."""
    for element in _CONCERNED[resource["resourceType"]](resource, read):
        yield from _names(element, read)


def _names(element: dict[str, Any], read: Read, depth: int = 1) -> Iterator[str]:
    if named := element.get("identifier"):
        yield from _both(named)
    found = _follow(element, read)
    for one in found.get("identifier", ()):
        yield from _both(one)
    if depth:
        for name in _BEHIND.get(found.get("resourceType", ""), ()):
            if behind := found.get(name):
                yield from _names(behind, read, depth - 1)


def _both(identifier: dict[str, Any]) -> tuple[str, str]:
    value = str(identifier.get("value", ""))
    return f"{identifier.get('system', '')}|{value}", value


def _follow(element: dict[str, Any], read: Read) -> Resource:
    literal = str(element.get("reference", ""))
    return (read("/".join(literal.split("/")[:2])) if "/" in literal else None) or {}


def _of_order(order: Resource, _read: Read) -> Iterator[dict[str, Any]]:
    yield from order.get("performer", ())
    yield from order.get("locationReference", ())


def _of_patient(patient: Resource, _read: Read) -> Iterator[dict[str, Any]]:
    yield from patient.get("generalPractitioner", ())
    if "managingOrganization" in patient:
        yield patient["managingOrganization"]


def _of_appointment(appointment: Resource, _read: Read) -> Iterator[dict[str, Any]]:
    for participant in appointment.get("participant", ()):
        if "actor" in participant:
            yield participant["actor"]


def _of_report(report: Resource, read: Read) -> Iterator[dict[str, Any]]:
    """Treating physicians, and who asked for it."""
    yield from _follow(report.get("subject", {}), read).get("generalPractitioner", ())
    for element in report.get("basedOn", ()):
        if requester := _follow(element, read).get("requester"):
            yield requester


def _of_document(document: Resource, read: Read) -> Iterator[dict[str, Any]]:
    yield from _follow(document.get("subject", {}), read).get("generalPractitioner", ())
    for element in document.get("context", {}).get("related", ()):
        found = _follow(element, read)
        if found.get("resourceType") == "DiagnosticReport":
            yield from _of_report(found, read)
        elif "requester" in found:
            yield found["requester"]


_CONCERNED: Final = {
    "ServiceRequest": _of_order,
    "Patient": _of_patient,
    "Appointment": _of_appointment,
    "DiagnosticReport": _of_report,
    "DocumentReference": _of_document,
}
