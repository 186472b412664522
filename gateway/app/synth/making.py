"""The whole region, in parts that may be made by several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.app.synth import care, half_day, imaging, places
from gateway.app.synth.money import packages
from gateway.app.synth.people import patient
from gateway.app.synth.region import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.app.synth.region import Size

Resource = dict[str, Any]

#: The types of everything that is made.
TYPES: Final = (
    "Appointment",
    "CarePlan",
    "CareTeam",
    "ChargeItem",
    "Communication",
    "Consent",
    "DiagnosticReport",
    "Encounter",
    "EpisodeOfCare",
    "Group",
    "HealthcareService",
    "ImagingStudy",
    "Invoice",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Schedule",
    "ServiceRequest",
    "Slot",
    "Task",
)  # fmt: skip - a list, not a column


def frame(size: Size) -> Iterator[Resource]:
    """Yield what is there once: structures, people who work there, meetings, the agenda."""
    yield from places.structures(size)
    yield from places.workers(size)
    yield from places.meetings(size)
    yield from places.workshops(size)
    yield from places.agenda()
    yield from imaging.circuit(size)


def part(size: Size, number: int) -> Iterator[Resource]:
    """Yield the patients of a part and all that is theirs."""
    for one in size.chunk(number):
        yield from _person(size, one)


def _person(size: Size, number: int) -> Iterator[Resource]:
    chance = size.chance("patient", number)
    yield patient(number, chance, places.structure_id(size.structure(number)))
    found = list(care.visits(size, number, chance))
    if size.share(size.episodes, number):
        nth = number * size.episodes // size.patients
        made, planned = care.story(size, number, nth, chance)
        yield from made
        episode = next(one for one in made if one["resourceType"] == "EpisodeOfCare")
        told = [
            care.encounter(size, number, len(found) + place, visit)
            for place, visit in enumerate(planned)
        ]
        yield from told
        if planned[0].activity == "consultation-rhumatologue":
            yield from half_day.left_behind(size, number, told, chance)
        yield from packages(episode, told)
    for place, visit in enumerate(found):
        yield care.encounter(size, number, place, visit)


def most(size: Size) -> int:
    """Return more than the resources of any part: numbers are given out in such steps."""
    of_patients = CHUNK * 2 + CHUNK * size.encounters // size.patients
    return of_patients + 80 * (CHUNK * size.episodes // size.patients + 2)
