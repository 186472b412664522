"""The Study Instance UID of an order whose study nobody has named yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from gateway.fhir.datatypes import stable_id

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

# A UID made of a UUID (DICOM PS3.5 B.2).
_UUID_ROOT: Final = "2.25"


def own_study_uid(order: Resource) -> str:
    """Return the UID that the same order always gets, in HL7 v2 and in DICOM."""
    number = UUID(stable_id("Study", "ServiceRequest", str(order["id"]))).int
    return f"{_UUID_ROOT}.{number}"
