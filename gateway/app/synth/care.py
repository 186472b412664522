"""What patients have: encounters, and what a programme adds to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.app.synth.people import meta
from gateway.app.synth.places import (
    at,
    concept,
    meeting_id,
    reference,
    structure_id,
    worker_id,
)
from gateway.app.synth.region import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from gateway.app.synth.region import Size

Resource = dict[str, Any]

_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CONFIDENTIAL: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_V2: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_RESTRICTED: Final = {"system": _CONFIDENTIAL, "code": "R"}
_PLANS: Final = "https://passerelle.example/fhir/PlanDefinition"
# Who does what: the activity, its role, its minutes.
_DONE_BY: Final = {
    "consultation-medecin": ("medecin-generaliste", 20),
    "consultation-psychologue": ("psychologue", 45),
    "consultation-travailleur-social": ("travailleur-social", 45),
    "consultation-psychiatre": ("psychiatre", 30),
    "consultation-rhumatologue": ("rhumatologue", 30),
    "education-therapeutique": ("infirmier", 30),
    "imagerie": ("radiologue", 30),
    "mediation": ("mediateur", 30),
    "rcp": ("medecin-generaliste", 15),
}
# How often in a year, on average.
_MICRO: Final = (
    ("consultation-medecin", 1),
    ("consultation-psychologue", 7),
    ("consultation-travailleur-social", 6),
    ("rcp", 5),
)
_STORIES: Final = {
    "equip-addict": _MICRO,
    "post-covid": (*_MICRO, ("consultation-psychiatre", 2)),
    "sec-pa": (("consultation-medecin", 3), ("mediation", 2), ("consultation-psychologue", 3)),
}
_HALF_DAY: Final = ("consultation-rhumatologue", "imagerie", "education-therapeutique")
# The others come back for imaging, within the week.
_ONE_DAY: Final = 0.92
_YEAR: Final = 365
_FIRST_YEAR: Final = 0.8
_INTERPRETED: Final = 0.2
_LOST: Final = 0.1


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter to be made."""

    activity: str
    day: int
    hour: int
    episode: str = ""
    labels: tuple[dict[str, str], ...] = ()
    interpreted: bool = False


def visits(size: Size, number: int, chance: Random) -> Iterator[Visit]:
    """Yield what a patient has outside of programmes."""
    centre = size.is_centre(size.structure(number))
    for _ in range(size.share(size.encounters, number)):
        activity = "consultation-medecin"
        if centre and chance.random() < _INTERPRETED:
            activity = chance.choice(("mediation", "consultation-psychologue"))
        interpreted = centre and chance.random() < _INTERPRETED
        yield Visit(activity, chance.randrange(DAYS), chance.randrange(8, 19), "", (), interpreted)


def encounter(size: Size, number: int, place: int, visit: Visit) -> Resource:
    """Return the encounter `place` of a patient."""
    structure = size.structure(number)
    role, minutes = _DONE_BY[visit.activity]
    start = at(visit.day, visit.hour, place * 7 % 60)
    kinds = [concept("programme-activity", visit.activity)]
    if visit.interpreted:
        kinds.append(concept("programme-activity", "interpretariat"))
    told: Resource = {
        "resourceType": "Encounter",
        "id": f"synth-e{number}-{place}",
        "meta": meta(*visit.labels),
        "identifier": [
            {
                "type": {"coding": [{"system": _V2, "code": "VN"}]},
                "system": "urn:oid:1.2.250.1.999.11",
                "value": f"V{number}-{place}",
            }
        ],
        "status": "finished",
        "class": {"system": _ACT, "code": "VR" if visit.activity == "rcp" else "AMB"},
        "type": kinds,
        "subject": reference("Patient", f"synth-p{number}"),
        "participant": [{"individual": reference("PractitionerRole", worker_id(structure, role))}],
        "period": {
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=minutes)).isoformat(),
        },
        "length": {
            "value": minutes,
            "unit": "min",
            "system": "http://unitsofmeasure.org",
            "code": "min",
        },
        "serviceProvider": reference("Organization", structure_id(structure)),
    }
    if visit.episode:
        told["episodeOfCare"] = [reference("EpisodeOfCare", visit.episode)]
    if visit.activity == "rcp":
        month = min(visit.day // 30, DAYS // 30 - 1)
        told["appointment"] = [reference("Appointment", meeting_id(structure, month))]
    return told


def story(size: Size, number: int, nth: int, chance: Random) -> tuple[list[Resource], list[Visit]]:
    """Return the resources of episode `nth` of the region, and its encounters."""
    programme = _programme(size, size.structure(number), nth)
    first = _inclusion_day(chance)
    labels = (_RESTRICTED,) if programme == "equip-addict" else ()
    identity = f"synth-c{number}"
    made = list(_inclusion(size, number, programme, first, labels))
    if programme == "cesoa":
        return made, _half_day(first, identity, chance)
    lasts = min(60, DAYS - first) if chance.random() < _LOST else DAYS - first
    found = [
        Visit(activity, first + chance.randrange(lasts), 8 + chance.randrange(10), identity, labels)
        for activity, average in _STORIES[programme]
        for _ in range(max(1, average * lasts // _YEAR + chance.randrange(-1, 2)))
    ]
    return made, sorted(found, key=lambda one: (one.day, one.hour))


def _inclusion_day(chance: Random) -> int:
    """Return a day of the first year for most, of the second for the others."""
    if chance.random() < _FIRST_YEAR:
        return chance.randrange(20, _YEAR)
    return chance.randrange(_YEAR, DAYS - 60)


def _half_day(first: int, episode: str, chance: Random) -> list[Visit]:
    found = [Visit(one, first, 9 + n, episode) for n, one in enumerate(_HALF_DAY)]
    if chance.random() > _ONE_DAY:
        found[1] = Visit(_HALF_DAY[1], first + chance.randrange(1, 8), 10, episode)
    return found


def _programme(size: Size, structure: int, nth: int) -> str:
    if size.is_centre(structure):
        return "sec-pa"
    if size.is_micro(structure):
        return "post-covid" if nth % 3 == 0 else "equip-addict"
    return "cesoa"


def _inclusion(
    size: Size, number: int, programme: str, first: int, labels: tuple[dict[str, str], ...]
) -> Iterator[Resource]:
    structure = size.structure(number)
    patient = reference("Patient", f"synth-p{number}")
    provider = reference("Organization", structure_id(structure))
    sender = reference("PractitionerRole", worker_id(structure, "medecin-generaliste"))
    begun, sent = at(first, 9), at(first - 1 - number % 19, 10)
    title = f"{_PLANS}/{programme}"

    def resource(kind: str, letter: str, **parts: Any) -> Resource:  # noqa: ANN401 - elements of FHIR
        identity = f"synth-{letter}{number}"
        return {"resourceType": kind, "id": identity, "meta": meta(*labels)} | parts

    yield resource(
        "ServiceRequest",
        "q",
        status="completed",
        intent="order",
        category=[{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}],
        instantiatesCanonical=[title],
        subject=patient,
        authoredOn=sent.isoformat(),
        requester=sender,
    )
    yield resource(
        "Task",
        "t",
        status="completed",
        intent="order",
        businessStatus=concept("referral-status", "answered"),
        code={
            "coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]
        },
        focus=reference("ServiceRequest", f"synth-q{number}"),
        authoredOn=sent.isoformat(),
        lastModified=begun.isoformat(),
        output=[
            {
                "type": {"text": "Épisode"},
                "valueReference": reference("EpisodeOfCare", f"synth-c{number}"),
            }
        ],
        requester=sender,
        owner=provider,
    ) | {"for": patient}
    yield resource(
        "EpisodeOfCare",
        "c",
        status="active",
        type=[concept("programme", programme)],
        patient=patient,
        managingOrganization=provider,
        period={"start": begun.date().isoformat()},
        referralRequest=[reference("ServiceRequest", f"synth-q{number}")],
        team=[reference("CareTeam", f"synth-g{number}")],
    )
    yield resource(
        "CareTeam",
        "g",
        status="active",
        subject=patient,
        participant=[
            {"role": [concept("programme-role", "medecin-generaliste")], "member": sender}
        ],
    )
    yield resource(
        "Consent",
        "o",
        status="active",
        scope={
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        category=[{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        patient=patient,
        dateTime=begun.isoformat(),
        policy=[{"uri": title}],
    )
    yield resource(
        "CarePlan",
        "l",
        status="active",
        intent="plan",
        instantiatesCanonical=[title],
        category=[{"coding": [{"system": "http://loinc.org", "code": "18776-5"}]}],
        subject=patient,
        period={"start": begun.date().isoformat()},
        careTeam=[reference("CareTeam", f"synth-g{number}")],
        supportingInfo=[reference("EpisodeOfCare", f"synth-c{number}")],
    )
