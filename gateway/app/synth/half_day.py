"""What the half-day of CeSOA leaves behind: exams, what was spared, the summary."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.app.synth.people import meta
from gateway.app.synth.places import concept, reference, structure_id, worker_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from gateway.app.synth.region import Size

Resource = dict[str, Any]

_IMAGING: Final = [{"coding": [{"system": "http://snomed.info/sct", "code": "363679005"}]}]
# LOINC code, label, modality.
_EXAMS: Final = (
    ("24806-2", "Radiographie du genou", "DX"),
    ("30620-9", "Scanner du rachis lombaire sans injection", "CT"),
    ("38268-9", "Ostéodensitométrie", "BMD"),
)
_SPARED: Final = 0.15
_DAY_HOSPITAL: Final = 0.3
_SUMMARIES: Final = 0.95


def left_behind(
    size: Size, number: int, encounters: Sequence[Resource], chance: Random
) -> Iterator[Resource]:
    """Yield what follows from the encounters of a half-day: the rheumatologist's, then imaging."""
    consultation, imaging = encounters[:2]
    yield from _exam(size, number, imaging, chance)
    if chance.random() < _SPARED:
        yield _spared(size, number, consultation, chance)
    if chance.random() < _DAY_HOSPITAL:
        yield _of(consultation, "Observation", f"synth-h{number}") | {
            "status": "final",
            "code": concept("programme-activity", "hospitalisation-evitee"),
            "effectiveDateTime": consultation["period"]["end"],
            "valueBoolean": True,
        }
    yield _summary(size, number, consultation, chance)


def _of(encounter: Resource, kind: str, identity: str) -> Resource:
    """Return the beginning of a resource of an encounter."""
    return {
        "resourceType": kind,
        "id": identity,
        "meta": meta(),
        "subject": encounter["subject"],
        "encounter": reference("Encounter", encounter["id"]),
    }


def _code(exam: tuple[str, str, str]) -> Resource:
    return {"coding": [{"system": "http://loinc.org", "code": exam[0], "display": exam[1]}]}


def _exam(size: Size, number: int, imaging: Resource, chance: Random) -> Iterator[Resource]:
    exam, done = chance.choice(_EXAMS), imaging["period"]["start"]
    order = reference("ServiceRequest", f"synth-x{number}")
    structure = size.structure(number)
    yield _of(imaging, "ServiceRequest", f"synth-x{number}") | {
        "status": "completed",
        "intent": "order",
        "category": _IMAGING,
        "code": _code(exam),
        "authoredOn": done,
        "requester": reference("PractitionerRole", worker_id(structure, "rhumatologue")),
    }
    yield _of(imaging, "ImagingStudy", f"synth-i{number}") | {
        "status": "available",
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": exam[2]}],
        "started": done,
        "basedOn": [order],
    }
    issued = datetime.fromisoformat(done) + timedelta(minutes=chance.randrange(20, 240))
    yield _of(imaging, "DiagnosticReport", f"synth-d{number}") | {
        "status": "final",
        "code": _code(exam),
        "effectiveDateTime": done,
        "issued": issued.isoformat(),
        "basedOn": [order],
        "imagingStudy": [reference("ImagingStudy", f"synth-i{number}")],
        "performer": [reference("PractitionerRole", worker_id(structure, "radiologue"))],
        "conclusion": "Examen sans particularité (synthétique).",
    }


def _spared(size: Size, number: int, consultation: Resource, chance: Random) -> Resource:
    """Return an exam that was ordered, and not repeated: it had been done already."""
    return _of(consultation, "ServiceRequest", f"synth-v{number}") | {
        "status": "revoked",
        "intent": "order",
        "category": _IMAGING,
        "code": _code(chance.choice(_EXAMS)),
        "authoredOn": consultation["period"]["start"],
        "requester": reference(
            "PractitionerRole", worker_id(size.structure(number), "rhumatologue")
        ),
        "note": [{"text": "Examen déjà fait et disponible (synthétique)."}],
    }


def _summary(size: Size, number: int, consultation: Resource, chance: Random) -> Resource:
    """Return the summary to the treating physician, who few times cannot be reached."""
    structure = size.structure(number)
    sent = datetime.fromisoformat(consultation["period"]["end"]) + timedelta(
        minutes=chance.randrange(30, 96 * 60)
    )
    went = chance.random() < _SUMMARIES
    outcome: Resource = {"status": "not-done", "statusReason": {"text": "Adresse inconnue"}}
    return _of(consultation, "Communication", f"synth-k{number}") | {
        **({"status": "completed", "sent": sent.isoformat()} if went else outcome),
        "category": [concept("exchange", "summary")],
        "recipient": [reference("PractitionerRole", worker_id(structure, "medecin-generaliste"))],
        "sender": reference("Organization", structure_id(structure)),
        "payload": [{"contentString": "Synthèse de la demi-journée (synthétique)."}],
    }
