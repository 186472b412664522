"""The receiving systems as FHIR Endpoints: what an operator sees of them, and pauses.

`Endpoint.status` is `active`, or `suspended` while somebody has paused it
(https://hl7.org/fhir/R4/endpoint.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import NotFound
from gateway.fhir.datatypes import coding, concept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource
    from gateway.settings import Destination
    from gateway.store.api import Store

_TYPES: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_ER7: Final = "x-application/hl7-v2+er7"
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"


def declare(store: Store, destinations: Sequence[Destination]) -> None:
    """Write an Endpoint for each destination; one that is paused stays so."""
    with store.transaction() as tx:
        for one in destinations:
            held = tx.read("Endpoint", one.name)
            known = held is not None and not held.deleted
            status = str(held.resource.get("status", ACTIVE)) if held and known else ACTIVE
            tx.put(_endpoint(one, SUSPENDED if status == SUSPENDED else ACTIVE))


def suspend(store: Store, destination: Destination, *, paused: bool) -> None:
    """Pause a destination, or let it go on."""
    with store.transaction() as tx:
        tx.put(_endpoint(destination, SUSPENDED if paused else ACTIVE))


def paused(store: Store, destinations: Sequence[Destination]) -> frozenset[str]:
    """Return the names of those that are paused."""
    found = ((one.name, store.read("Endpoint", one.name)) for one in destinations)
    return frozenset(
        name
        for name, held in found
        if held is not None and not held.deleted and held.resource.get("status") == SUSPENDED
    )


def named(destinations: Sequence[Destination], name: str) -> Destination:
    """Return the destination of that name; raises `NotFound`."""
    found = next((one for one in destinations if one.name == name), None)
    if found is None:
        message = f"There is no destination {name} in gateway.toml."
        raise NotFound(message)
    return found


def _endpoint(destination: Destination, status: str) -> Resource:
    return {
        "resourceType": "Endpoint",
        "id": destination.name,
        "status": status,
        "connectionType": coding(_TYPES, "hl7v2-mllp", "HL7 v2 MLLP"),
        "name": destination.name,
        "payloadType": [concept(text="HL7 v2")],
        "payloadMimeType": [_ER7],
        "address": f"mllp://{destination.host}:{destination.port}",
    }
