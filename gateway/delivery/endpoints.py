"""The receiving systems as FHIR Endpoints: what an operator sees of them, and pauses.

`Endpoint.status` is `active`, or `suspended` while somebody has paused it
(https://hl7.org/fhir/R4/endpoint.html).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.errors import NotFound
from gateway.fhir.datatypes import coding, concept
from gateway.settings import Destination, DicomDestination

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

    # Who receives HL7 v2, and who receives DICOM.
    Receiver = Destination | DicomDestination

_TYPES: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_ER7: Final = "x-application/hl7-v2+er7"
# HL7's list has the services of DICOMweb, and not these.
_OWN_TYPES: Final = "urn:passerelle:endpoint-connection-type"
_OBJECTS: Final = "application/dicom"
# How often it is asked whether somebody has paused a destination.
_LOOK: Final = timedelta(seconds=0.5)
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"


class Pauses:
    """Who is paused, looked at often enough."""

    def __init__(self, store: Store, destinations: Sequence[Receiver]) -> None:
        """Watch `destinations`; none of them is declared yet."""
        self._store = store
        self._destinations = tuple(destinations)
        self._paused: frozenset[str] = frozenset()
        self._look_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Look who is paused; the first time, say who is there. Raises `Unavailable`."""
        if self._look_at is None:
            declare(self._store, self._destinations)
        if self._look_at is None or now >= self._look_at:
            self._look_at = now + _LOOK
            self._paused = paused(self._store, self._destinations)

    def let(self, destination: Receiver | None) -> bool:
        """Say whether a destination is known and not paused."""
        return destination is not None and endpoint_id(destination) not in self._paused


def declare(store: Store, destinations: Sequence[Receiver]) -> None:
    """Write an Endpoint for each destination; one that is paused stays so."""
    with store.transaction() as tx:
        for one in destinations:
            held = tx.read("Endpoint", endpoint_id(one))
            known = held is not None and not held.deleted
            status = str(held.resource.get("status", ACTIVE)) if held and known else ACTIVE
            tx.put(_endpoint(one, SUSPENDED if status == SUSPENDED else ACTIVE))


def suspend(store: Store, destination: Receiver, *, paused: bool) -> None:
    """Pause a destination, or let it go on."""
    with store.transaction() as tx:
        tx.put(_endpoint(destination, SUSPENDED if paused else ACTIVE))


def paused(store: Store, destinations: Sequence[Receiver]) -> frozenset[str]:
    """Return the ids of the Endpoints of those that are paused."""
    found = ((endpoint_id(one), store.read("Endpoint", endpoint_id(one))) for one in destinations)
    return frozenset(
        name
        for name, held in found
        if held is not None and not held.deleted and held.resource.get("status") == SUSPENDED
    )


def named(destinations: Sequence[Receiver], name: str) -> Receiver:
    """Return the destination of that name, or of that Endpoint; raises `NotFound`."""
    found = next((one for one in destinations if name in (one.name, endpoint_id(one))), None)
    if found is None:
        message = f"There is no destination {name} in gateway.toml."
        raise NotFound(message)
    return found


def endpoint_id(destination: Receiver) -> str:
    """Return the id of the Endpoint that stands for a destination."""
    dicom = isinstance(destination, DicomDestination)
    return f"dicom.{destination.name}" if dicom else destination.name


def _endpoint(destination: Receiver, status: str) -> Resource:
    place = f"{destination.host}:{destination.port}"
    if isinstance(destination, DicomDestination):
        kind = coding(_OWN_TYPES, "dicom-dimse", "DICOM DIMSE")
        title = destination.ae_title
        said = (kind, "DICOM", _OBJECTS, f"dicom://{quote(title)}@{place}")
    else:
        kind = coding(_TYPES, "hl7v2-mllp", "HL7 v2 MLLP")
        said = (kind, "HL7 v2", _ER7, f"mllp://{place}")
    kind, payload, media, address = said
    return {
        "resourceType": "Endpoint",
        "id": endpoint_id(destination),
        "status": status,
        "connectionType": kind,
        "name": destination.name,
        "payloadType": [concept(text=payload)],
        "payloadMimeType": [media],
        "address": address,
    }
