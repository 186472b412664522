"""The gateway's own number of something that nobody else has numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.datatypes import namespace_system
from gateway.mapping.to_hl7v2.datatypes.ei import typed

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.target import Target


def own_number(resource: Resource, target: Target) -> Element:
    """Return the id of a resource as a filler's number of the gateway: the same each time."""
    system = namespace_system(target.sending_application)
    return {"type": typed("FILL"), "system": system, "value": str(resource["id"])}
