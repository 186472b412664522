"""The canonical names that definitions and resources of the programmes carry."""

from __future__ import annotations

from typing import Final

BASE: Final = "https://passerelle.example/fhir"
#: The programme itself: PlanDefinition.useContext, EpisodeOfCare.type.
PROGRAMME: Final = f"{BASE}/CodeSystem/programme"
#: What is done in it: ActivityDefinition.code, Encounter.type, Task.code, Slot.serviceType.
ACTIVITY: Final = f"{BASE}/CodeSystem/programme-activity"
#: What an action of a plan is to the engine: `inclusion`, `sequence`, `rcp`.
STEP: Final = f"{BASE}/CodeSystem/programme-step"
#: Who does it: PlanDefinition.action.participant.role, CareTeam.participant.role.
ROLE: Final = f"{BASE}/CodeSystem/programme-role"
#: The number of an inclusion.
EPISODE: Final = f"{BASE}/NamingSystem/programme-episode"
#: Which year counts for what happens once a year: `calendar` or `rolling`.
YEAR: Final = f"{BASE}/StructureDefinition/programme-year"
#: The labels that the resources of an inclusion carry.
CONFIDENTIALITY: Final = f"{BASE}/StructureDefinition/programme-confidentiality"
#: How long without an encounter makes a patient lost to follow-up.
LOST_AFTER: Final = f"{BASE}/StructureDefinition/programme-lost-after"

PLACE: Final = "PlanDefinition"
TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
