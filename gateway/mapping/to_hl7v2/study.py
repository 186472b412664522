"""The ImagingStudy of an order or a report, by its Study Instance UID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import DICOM_UID

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.sources import Writing

_OID: Final = "urn:oid:"


def study_of(order: Resource, writing: Writing) -> Resource:
    """Return the study that was made for an order; {} when there is none."""
    if "id" not in order:
        return {}
    found = writing.sources.referring("ImagingStudy", "basedon", f"ServiceRequest/{order['id']}")
    return next((one for one in found if study_uid(one)), {})


def report_study(report: Resource, order: Resource, writing: Writing) -> Resource:
    """Return the study that a report is about, else that of its order; {} without."""
    named = writing.follow_all(report.get("imagingStudy", ()))
    return next((one for one in named if study_uid(one)), {}) or study_of(order, writing)


def study_uid(study: Resource) -> str:
    """Return the Study Instance UID; empty without."""
    for one in study.get("identifier", ()):
        if one.get("system") == DICOM_UID:
            return str(one.get("value", "")).removeprefix(_OID)
    return ""
