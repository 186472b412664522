"""Whether the story arrived whole: what must be there at the end, a row a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.app.demo import phantom
from gateway.app.demo import story as told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.fhir.wire import Resource


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is held at the end: resources by type as read again, and what was delivered.

    `binary` is what the PDF's address gave, `sent_pdf` what the radiology centre sent; `summary`
    is the text in the PDF of the summary; `deliveries` the states by recipient.
    """

    resources: Mapping[str, Resource]
    references: Mapping[str, str]
    binary: bytes
    sent_pdf: bytes
    summary: str
    deliveries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be there: after which step (from 1), its name, and the rule."""

    step: int
    name: str
    holds: Callable[[Evidence], bool]


@dataclass(frozen=True, slots=True)
class Checked:
    """A check with its outcome."""

    step: int
    name: str
    holds: bool


def check(evidence: Evidence) -> list[Checked]:
    """Return the outcome of every check, in the order of the steps."""
    return [Checked(one.step, one.name, one.holds(evidence)) for one in CHECKS]


def pdf_form(report: Resource) -> str:
    """Return where the report's PDF is, `Binary/id`, or nothing."""
    return _pdf_url(report.get("presentedForm", ()))


def _pdf_url(attachments: Sequence[Mapping[str, Any]]) -> str:
    found = (one.get("url", "") for one in attachments if _is_pdf(one))
    return next(found, "")


def _is_pdf(attachment: Mapping[str, Any]) -> bool:
    return attachment.get("contentType") == "application/pdf"


def _points(evidence: Evidence, source: str, element: str, target: str) -> bool:
    """Whether that element of one resource refers to the other."""
    held = evidence.resources[source].get(element, [])
    elements = held if isinstance(held, list) else [held]
    wanted = evidence.references[target]
    return wanted in [one.get("reference") for one in elements]


def _pointing(source: str, element: str, target: str) -> Callable[[Evidence], bool]:
    return lambda evidence: _points(evidence, source, element, target)


def _numbers(evidence: Evidence) -> bool:
    held = evidence.resources["Patient"].get("identifier", [])
    return {(one.get("system"), one.get("value")) for one in held} >= {
        (f"urn:oid:{told.INS_OID}", told.INS),
        (f"urn:oid:{told.HOUSE_IPP_OID}", told.HOUSE_IPP),
        (f"urn:oid:{told.CENTRE_IPP_OID}", told.CENTRE_IPP),
    }


def _series(evidence: Evidence) -> bool:
    study = evidence.resources["ImagingStudy"]
    counts = {one["number"]: one["numberOfInstances"] for one in study.get("series", ())}
    return counts == {one.number: one.slices for one in phantom.SERIES}


def _report(evidence: Evidence) -> bool:
    report = evidence.resources["DiagnosticReport"]
    return report["status"] == "final" and report.get("conclusion") == told.CONCLUSION


def _document(evidence: Evidence) -> bool:
    document = evidence.resources["DocumentReference"]
    attachments = [one["attachment"] for one in document["content"]]
    return document["status"] == "current" and bool(_pdf_url(attachments))


def _concluded(evidence: Evidence) -> bool:
    # Lines are broken elsewhere on paper.
    return " ".join(told.CONCLUSION.split()) in " ".join(evidence.summary.split())


_PATIENT: Final = _pointing("Patient", "generalPractitioner", "Practitioner")
CHECKS: Final = (
    Check(1, "Patient.generalPractitioner : le médecin traitant", _PATIENT),
    Check(
        2,
        "ServiceRequest.requester : le médecin demandeur",
        _pointing("ServiceRequest", "requester", "Practitioner"),
    ),
    Check(
        3,
        "ImagingStudy.subject : la même patiente, malgré l'autre numéro",
        _pointing("ImagingStudy", "subject", "Patient"),
    ),
    Check(
        3,
        "ImagingStudy.basedOn : la demande",
        _pointing("ImagingStudy", "basedOn", "ServiceRequest"),
    ),
    Check(3, "Patient.identifier : le numéro du centre rejoint l'INS et l'IPP", _numbers),
    Check(3, f"ImagingStudy.series : les {len(phantom.SERIES)} séries, toutes les images", _series),
    Check(4, "DiagnosticReport : final, avec sa conclusion", _report),
    Check(
        4,
        "DiagnosticReport.subject : la patiente",
        _pointing("DiagnosticReport", "subject", "Patient"),
    ),
    Check(
        4,
        "DiagnosticReport.basedOn : la demande",
        _pointing("DiagnosticReport", "basedOn", "ServiceRequest"),
    ),
    Check(
        4,
        "DiagnosticReport.imagingStudy : les images",
        _pointing("DiagnosticReport", "imagingStudy", "ImagingStudy"),
    ),
    Check(
        4,
        "DiagnosticReport.presentedForm : le PDF, octet pour octet par Binary",
        lambda evidence: evidence.binary == evidence.sent_pdf,
    ),
    Check(4, "DocumentReference : le PDF classé", _document),
    Check(
        4,
        "Provenance.target : le compte rendu",
        _pointing("Provenance", "target", "DiagnosticReport"),
    ),
    Check(
        5,
        "Envoi au médecin traitant, une fois : « sent »",
        lambda evidence: evidence.deliveries == {evidence.references["Practitioner"]: "sent"},
    ),
    Check(5, "PDF de synthèse reçu, avec la conclusion", _concluded),
)
