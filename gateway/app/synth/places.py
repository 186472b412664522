"""Structures, who works in them, and the shared agenda of imaging."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from gateway.app.synth.people import TOWNS, finess, meta, practitioner
from gateway.app.synth.region import DAYS, ROLES, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.app.synth.region import Size

Resource = dict[str, Any]

BASE: Final = "https://passerelle.example/fhir/CodeSystem"
PARIS: Final = ZoneInfo("Europe/Paris")
IMAGING: Final = "synth-imaging"
TERRITORY: Final = "synth-cpts"
SCHEDULES: Final = {"US": "synth-us", "CT": "synth-ct"}
_FR_V2: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_SLOTS: Final = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
_SATURDAY: Final = 5


def concept(system: str, code: str) -> Resource:
    """Return a CodeableConcept of our own code systems."""
    return {"coding": [{"system": f"{BASE}/{system}", "code": code}]}


def reference(kind: str, identity: str) -> Resource:
    """Return a reference."""
    return {"reference": f"{kind}/{identity}"}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of the region's time, in France."""
    found = START + timedelta(days=day)
    return datetime(found.year, found.month, found.day, hour, minute, tzinfo=PARIS)


def structure_id(number: int) -> str:
    """Return the id of a structure."""
    return f"synth-s{number}"


def worker_id(structure: int, role: str) -> str:
    """Return the id of the PractitionerRole that has a role in a structure."""
    return f"synth-r{structure}-{role}"


def structures(size: Size) -> Iterator[Resource]:
    """Yield the structures, then the imaging group and the territory."""
    for number in range(size.structures):
        kinds = [concept("programme", "sec-pa")] if size.is_centre(number) else []
        yield _organization(structure_id(number), f"Structure {number}", number, kinds)
    yield _organization(IMAGING, "Groupe d'imagerie", size.structures, [])
    yield _organization(TERRITORY, "CPTS", size.structures + 1, [])


def _organization(identity: str, name: str, number: int, kinds: list[Resource]) -> Resource:
    town, postal_code, _ = TOWNS[number % len(TOWNS)]
    told: Resource = {
        "resourceType": "Organization",
        "id": identity,
        "meta": meta(),
        "identifier": [
            {
                "type": {"coding": [{"system": _FR_V2, "code": "FINEG"}]},
                "system": "https://finess.esante.gouv.fr",
                "value": finess(number),
            }
        ],
        "active": True,
        "name": f"{name} (synthétique)",
        "address": [{"city": town, "postalCode": postal_code}],
    }
    if kinds:
        told["type"] = kinds
    if identity not in (IMAGING, TERRITORY):
        told["partOf"] = reference("Organization", TERRITORY)
    return told


def workers(size: Size) -> Iterator[Resource]:
    """Yield a practitioner for each role of each structure."""
    chance = size.chance("workers", 0)
    for structure in range(size.structures):
        for place, role in enumerate(ROLES):
            number = structure * len(ROLES) + place
            yield practitioner(number, chance)
            yield {
                "resourceType": "PractitionerRole",
                "id": worker_id(structure, role),
                "meta": meta(),
                "active": True,
                "practitioner": reference("Practitioner", f"synth-w{number}"),
                "organization": reference("Organization", structure_id(structure)),
                "code": [concept("programme-role", role)],
            }


def meetings(size: Size) -> Iterator[Resource]:
    """Yield an RCP meeting a month for each micro-structure, 1 h 30 long."""
    for structure in range(size.structures):
        for month in range(DAYS // 30) if size.is_micro(structure) else ():
            start = at(month * 30 + 14, 12, 30)
            yield {
                "resourceType": "Appointment",
                "id": meeting_id(structure, month),
                "meta": meta(),
                "status": "fulfilled",
                "serviceType": [concept("programme-activity", "rcp")],
                "start": start.isoformat(),
                "end": (start + timedelta(minutes=90)).isoformat(),
                "minutesDuration": 90,
                "participant": [
                    {
                        "actor": reference("PractitionerRole", worker_id(structure, role)),
                        "status": "accepted",
                    }
                    for role in ROLES[:3]
                ],
            }


def meeting_id(structure: int, month: int) -> str:
    """Return the id of the RCP meeting of a month."""
    return f"synth-rcp{structure}-{month}"


def workshops(size: Size) -> Iterator[Resource]:
    """Yield the users' group of each participatory centre, and what they do together each month."""
    for structure in filter(size.is_centre, range(size.structures)):
        group = f"synth-u{structure}"
        yield {
            "resourceType": "Group",
            "id": group,
            "meta": meta(),
            "type": "person",
            "actual": True,
            "name": "Usagers du centre (synthétique)",
            "quantity": 8 + structure % 7,
            "managingEntity": reference("Organization", structure_id(structure)),
        }
        for month in range(DAYS // 30):
            yield _workshop(structure, group, at(month * 30 + 10, 14))


def _workshop(structure: int, group: str, start: datetime) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": f"synth-u{structure}-{start:%Y%m%d}",
        "meta": meta(),
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [concept("programme-activity", "activite-collective")],
        "subject": reference("Group", group),
        "participant": [
            {"individual": reference("PractitionerRole", worker_id(structure, "mediateur"))}
        ],
        "period": {
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=120)).isoformat(),
        },
        "length": {
            "value": 120,
            "unit": "min",
            "system": "http://unitsofmeasure.org",
            "code": "min",
        },
        "serviceProvider": reference("Organization", structure_id(structure)),
    }


def agenda() -> Iterator[Resource]:
    """Yield the shared agenda: per half-day one ultrasound and one CT."""
    for modality, identity in SCHEDULES.items():
        service = f"{identity}-service"
        yield {
            "resourceType": "HealthcareService",
            "id": service,
            "meta": meta(),
            "providedBy": reference("Organization", IMAGING),
            "name": f"{modality}, circuit court (synthétique)",
            "type": [concept("programme", "cpts-imaging")],
        }
        yield {
            "resourceType": "Schedule",
            "id": identity,
            "meta": meta(),
            "active": True,
            "actor": [reference("HealthcareService", service)],
        }


def slots() -> Iterator[tuple[str, str, datetime]]:
    """Yield (id, modality, start) of every slot of the agenda."""
    for day in range(DAYS):
        if (START + timedelta(days=day)).weekday() >= _SATURDAY:
            continue
        for half, hour in enumerate((9, 14)):
            for number, modality in enumerate(SCHEDULES):
                yield f"synth-slot{day}-{half}{number}", modality, at(day, hour, 30 * number)


def slot(identity: str, modality: str, start: datetime, *, booked: bool) -> Resource:
    """Return a slot of the agenda, labelled for the territory."""
    return {
        "resourceType": "Slot",
        "id": identity,
        "meta": meta({"system": _SLOTS, "code": "CPTS"}),
        "schedule": reference("Schedule", SCHEDULES[modality]),
        "status": "busy" if booked else "free",
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=30)).isoformat(),
    }
