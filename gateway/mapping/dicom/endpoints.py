"""Where a study may be fetched and seen: Endpoint for WADO-RS and for a viewer.

IHE RAD MADO, HL7 Europe imaging; PS3.18 chapter 10.4 (WADO-RS), IHE RAD IID (viewer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept, oid_system, stable_id, urn
from gateway.mapping.entry import Entry, Key, Write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.mapping.dicom.key_objects import Reference

_CONNECTIONS: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_PAYLOADS: Final = "http://terminology.hl7.org/CodeSystem/endpoint-payload-type"
_NONE: Final = concept(coding(_PAYLOADS, "none", "None"))
_WADO_RS: Final = coding(_CONNECTIONS, "dicom-wado-rs", "DICOM WADO-RS")
_VIEWER: Final = coding(_CONNECTIONS, "ihe-iid", "IHE IID")
_SYSTEM: Final = "urn:passerelle:endpoint"


def own(address: str) -> Entry:
    """Return the Endpoint of our own DICOMweb root: one, wherever it moves to."""
    return _endpoint(address, _WADO_RS, "application/dicom", "dicom-web", Write.ASSERT)


def viewer(template: str, study_uid: str) -> Entry:
    """Return the Endpoint of a study in a viewer; `{study}` in `template` is its UID."""
    address = template.replace("{study}", study_uid)
    return _endpoint(address, _VIEWER, "text/html", f"viewer|{study_uid}", Write.ASSERT)


def remote(references: Iterable[Reference]) -> dict[str, Entry]:
    """Return the Endpoint of each series that a manifest says where to fetch, by series UID."""
    return {
        one.series: _elsewhere(one.retrieve_url.partition("/studies/")[0].rstrip("/"), one.location)
        for one in references
        if one.retrieve_url.startswith(("https://", "http://"))
    }


def _elsewhere(address: str, location: str) -> Entry:
    """Return the Endpoint of another DICOMweb root, with its Retrieve Location UID (0040,E011)."""
    entry = _endpoint(address, _WADO_RS, "application/dicom", address, Write.MENTION)
    if location:
        number = {"system": "urn:ietf:rfc:3986", "value": oid_system(location)}
        entry.resource["identifier"].append(number)
    return entry


def _endpoint(
    address: str, connection: Element, content_type: str, value: str, write: Write
) -> Entry:
    key = Key(_SYSTEM, value)
    resource: Element = {
        "resourceType": "Endpoint",
        "identifier": [{"system": key.system, "value": key.value}],
        "status": "active",
        "connectionType": connection,
        "payloadType": [_NONE],
        "payloadMimeType": [content_type],
        "address": address,
    }
    return Entry(resource, urn(stable_id("Endpoint", *key)), (key,), write)
