"""Where a message takes what it is made of: the resource, and those that it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.target import Target


class Sources(Protocol):
    """What is asked of the outside."""

    def read(self, reference: str) -> Resource | None:
        """Return what `Type/id` names; None when it is not here."""

    def referring(self, resource_type: str, param: str, target: str) -> list[Resource]:
        """Return the resources whose reference parameter points to `Type/id`."""

    def content(self, attachment: Mapping[str, Any]) -> bytes | None:
        """Return the bytes of an Attachment; None when they are nowhere to be found."""


@dataclass(frozen=True, slots=True)
class Writing:
    """One message on its way out: what happened to which resource, for whom.

    `event` is a row of the table of messages, `before` the version that it replaces (empty when
    there was none), `control_id` MSH-10 and `made` the time of the message.
    """

    event: str
    resource: Resource
    target: Target
    sources: Sources
    control_id: str
    made: datetime
    before: Resource

    def follow(self, element: Mapping[str, Any] | None, owner: Resource | None = None) -> Resource:
        """Return what a Reference points to; what only its identifier says; {} without.

        `owner` holds the contained resources; the resource of the message when it is not given.
        """
        if not element:
            return {}
        literal = str(element.get("reference", ""))
        if literal.startswith("#"):
            held = (owner or self.resource).get("contained", ())
            return next((one for one in held if one.get("id") == literal[1:]), {})
        found = self.sources.read("/".join(literal.split("/")[:2])) if "/" in literal else None
        return found or _named(element)

    def follow_all(self, elements: Iterable[Mapping[str, Any]]) -> list[Resource]:
        """Return what every Reference points to, empty ones left out."""
        return [found for element in elements if (found := self.follow(element))]

    def subject(self) -> Resource:
        """Return the patient that the message is about; {} when nobody is."""
        if self.resource["resourceType"] == "Patient":
            return self.resource
        actors = (one.get("actor", {}) for one in self.resource.get("participant", ()))
        patients = (one for one in actors if one.get("reference", "").startswith("Patient/"))
        return self.follow(self.resource.get("subject") or next(patients, None))


def _named(element: Mapping[str, Any]) -> Resource:
    """Make what a logical reference says of its target into the resource that it would be."""
    identifier, display = element.get("identifier"), element.get("display")
    if not identifier and not display:
        return {}
    kind = element.get("type") or str(element.get("reference", "")).partition("/")[0]
    found: Resource = {"resourceType": kind or "Practitioner"}
    if identifier:
        found["identifier"] = [identifier]
    if display:
        organized = found["resourceType"] in ("Organization", "Location", "HealthcareService")
        found["name"] = display if organized else [{"text": display}]
    return found
