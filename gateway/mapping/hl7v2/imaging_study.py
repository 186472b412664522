"""The study that an order or a report is about: an ImagingStudy without its series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import DICOM_UID, reference
from gateway.mapping.entry import Key, LinkKind, Write
from gateway.mapping.hl7v2.ipc import ipc_modality, ipc_study_uid
from gateway.mapping.hl7v2.obx_kind import Kind
from gateway.mapping.hl7v2.section import obr_modality
from gateway.mapping.hl7v2.zds import zds_study_uid

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup
    from gateway.mapping.hl7v2.numbers import OrderNumbers

_LONGEST: Final = 64


def study_uid(group: OrderGroup, gathering: Gathering) -> str:
    """Return the Study Instance UID of a group; warns when the message gives two.

    ZDS-1.1, IPC-3.1, or an OBX that says `113014^DICOM Study^DCM` or Study Instance UID.
    """
    uids = [zds_study_uid(group), ipc_study_uid(group), *_observed(group)]
    given = list(dict.fromkeys(uid for uid in uids if _is_uid(uid)))
    if len(given) > 1:
        gathering.warn("The message gives two Study Instance UIDs for one order.", "OBX", "value")
    return given[0] if given else ""


def imaging_study(  # noqa: PLR0913 - what an order knows of its study
    uid: str,
    numbers: OrderNumbers,
    group: OrderGroup,
    gathering: Gathering,
    *,
    write: Write,
    order: str | None,
    more: Element | None = None,
) -> str:
    """Take the ImagingStudy of that UID and return its full url."""
    value = f"urn:oid:{uid}"
    accession = [numbers.accession.identifier] if numbers.accession else []
    modality = ipc_modality(group) or obr_modality(group.obr)
    study: Element = {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": DICOM_UID, "value": value}, *accession],
        "status": "registered",
    }
    if modality:
        study["modality"] = [modality]
    study["subject"] = reference(gathering.subject)
    if order:
        study["basedOn"] = [reference(order)]
    key = Key(DICOM_UID, value)
    gathering.link(LinkKind.STUDY, key)
    return gathering.add(study | (more or {}), [key], write)


def _observed(group: OrderGroup) -> list[str]:
    """Return the UIDs in OBX-5: of type ST or UI, or HD with the UID first or second."""
    found = []
    for observed in group.observed:
        if observed.kind is Kind.STUDY:
            parts = (observed.obx.text(5, component) for component in (1, 2))
            found.append(next((part for part in parts if _is_uid(part)), ""))
    return found


def _is_uid(text: str) -> bool:
    """DICOM PS3.5 chapter 9: digits and dots, 64 characters at most."""
    return (
        0 < len(text) <= _LONGEST
        and "." in text
        and all(part.isdigit() for part in text.split("."))
    )
