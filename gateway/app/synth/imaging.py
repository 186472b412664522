"""The imaging short circuit: orders, appointments in the shared agenda, exams and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.app.synth.people import meta
from gateway.app.synth.places import (
    IMAGING,
    concept,
    reference,
    slot,
    slots,
    structure_id,
    worker_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.app.synth.region import Size

Resource = dict[str, Any]

_BOOKED: Final = 0.8
_OPENED: Final = 0.9
_CODES: Final = {
    "US": ("24558-9", "Échographie abdominale"),
    "CT": ("24627-2", "Scanner thoracique"),
}


def circuit(size: Size) -> Iterator[Resource]:
    """Yield the slots of the agenda, and what became of those that were booked."""
    chance = size.chance("imaging", 0)
    for identity, modality, start in slots():
        booked = chance.random() < _BOOKED
        yield slot(identity, modality, start, booked=booked)
        if booked:
            patient = chance.randrange(size.patients)
            waited = chance.randrange(1, 12)
            yield from _exam(size, identity, modality, start, patient, waited)
            # The hours until the prescriber opened it.
            opened = chance.randrange(1, 72) if chance.random() < _OPENED else None
            yield _told(size, identity, start, patient, waited, opened)


def _exam(  # noqa: PLR0913, PLR0917 - what an exam is made of
    size: Size, identity: str, modality: str, start: datetime, number: int, waited: int
) -> Iterator[Resource]:
    structure = size.structure(number)
    patient = reference("Patient", f"synth-p{number}")
    sender = reference("PractitionerRole", worker_id(structure, "medecin-generaliste"))
    code, display = _CODES[modality]
    exam = {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]}
    sent = (start - timedelta(days=waited)).replace(hour=11)

    def resource(kind: str, letter: str, **parts: Any) -> Resource:  # noqa: ANN401 - elements of FHIR
        return {"resourceType": kind, "id": f"{identity}-{letter}", "meta": meta()} | parts

    order = reference("ServiceRequest", f"{identity}-q")
    yield resource(
        "ServiceRequest",
        "q",
        status="completed",
        intent="order",
        category=[{"coding": [{"system": "http://snomed.info/sct", "code": "363679005"}]}],
        code=exam,
        subject=patient,
        authoredOn=sent.isoformat(),
        requester=sender,
    )
    yield resource(
        "Appointment",
        "a",
        status="fulfilled",
        serviceType=[concept("programme-activity", "examen-imagerie")],
        start=start.isoformat(),
        end=(start + timedelta(minutes=30)).isoformat(),
        created=sent.isoformat(),
        slot=[reference("Slot", identity)],
        basedOn=[order],
        participant=[{"actor": patient, "status": "accepted"}],
    )
    yield resource(
        "ImagingStudy",
        "i",
        status="available",
        modality=[{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": modality}],
        subject=patient,
        started=start.isoformat(),
        basedOn=[order],
    )
    yield resource(
        "DiagnosticReport",
        "d",
        status="final",
        code=exam,
        subject=patient,
        effectiveDateTime=start.isoformat(),
        issued=_issued(start, waited).isoformat(),
        basedOn=[order],
        imagingStudy=[reference("ImagingStudy", f"{identity}-i")],
        performer=[reference("Organization", structure_id(structure))],
        conclusion="Examen sans particularité (synthétique).",
    )


def _issued(start: datetime, waited: int) -> datetime:
    return start + timedelta(hours=2 + waited)


def _told(  # noqa: PLR0913, PLR0917 - as above
    size: Size, identity: str, start: datetime, number: int, waited: int, opened: int | None
) -> Resource:
    """Return how the report reached the prescriber; `opened` is None when nobody read it."""
    structure = size.structure(number)
    sent = _issued(start, waited) + timedelta(minutes=1)
    told: Resource = {
        "resourceType": "Communication",
        "id": f"{identity}-k",
        "meta": meta(),
        "basedOn": [reference("ServiceRequest", f"{identity}-q")],
        "status": "completed",
        "category": [concept("exchange", "report")],
        "subject": reference("Patient", f"synth-p{number}"),
        "about": [reference("DiagnosticReport", f"{identity}-d")],
        "sent": sent.isoformat(),
        "recipient": [reference("PractitionerRole", worker_id(structure, "medecin-generaliste"))],
        "sender": reference("Organization", IMAGING),
        "payload": [{"contentReference": reference("DiagnosticReport", f"{identity}-d")}],
    }
    if opened is not None:
        told["received"] = (sent + timedelta(hours=opened)).isoformat()
    return told
