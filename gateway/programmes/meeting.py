"""A multi-professional meeting (RCP): the meeting, a discussion for each patient, its decision.

The patient is not there: a discussion is an Encounter of class VR. What was decided is a
Composition, whose sections say who was present, the question, the elements and the decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import LOINC, V2_0203, compact, concept
from gateway.programmes.applying import labelled
from gateway.programmes.names import ACTIVITY, BASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Element, Programme

_SECTION: Final = f"{BASE}/CodeSystem/rcp-section"
_EXCHANGE: Final = f"{BASE}/CodeSystem/exchange"
_PROFILES: Final = f"{BASE}/StructureDefinition/passerelle"
_CLASSES: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
)
_MINUTES: Final = 90
RCP: Final = concept({"system": ACTIVITY, "code": "rcp"})
#: The document of a discussion (JDV_J07).
DOCUMENT: Final = concept(
    {
        "system": LOINC,
        "code": "34794-8",
        "display": "CR de réunion de concertation pluridisciplinaire",
    },
    text="CR de réunion de concertation pluridisciplinaire",
)
REPORT_CLASS: Final = concept({"system": _CLASSES, "code": "10", "display": "Compte rendu"})
_TITLES: Final = {
    "participants": "Participants présents",
    "question": "Question posée",
    "elements": "Éléments du dossier",
    "decision": "Décision",
    "follow-up": "Suite prévue",
}
_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@dataclass(frozen=True, slots=True)
class Held:
    """One discussion as it was held; references are `Type/id`, `at` has a time zone."""

    patient: str
    episode: str
    meeting: str
    present: tuple[str, ...]
    author: str
    organization: str
    question: str
    elements: str
    decision: str
    at: datetime


def minutes_of(programme: Programme) -> int:
    """Return how long a meeting of the programme lasts."""
    return next((one.minutes for one in programme.with_step("rcp")), _MINUTES)


def meeting(  # noqa: PLR0913 - what a meeting is made of
    programme: Programme,
    meeting_id: str,
    *,
    start: datetime,
    participants: Iterable[str],
    plans: Iterable[str],
    place: str,
) -> Resource:
    """Return the Appointment of a meeting about the patients of these CarePlans."""
    minutes = minutes_of(programme)
    people = [*dict.fromkeys(participants), *([place] if place else [])]
    return labelled(
        programme,
        {
            "resourceType": "Appointment",
            "id": meeting_id,
            "status": "booked",
            "serviceType": [RCP, concept(programme.code)],
            "description": f"RCP {programme.title}",
            "supportingInformation": [_to(one) for one in plans],
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=minutes)).isoformat(),
            "minutesDuration": minutes,
            "participant": [{"actor": _to(one), "status": "needs-action"} for one in people],
        },
    )


def discussion(programme: Programme, held: Held, encounter_id: str) -> Resource:
    """Return the Encounter of a discussion."""
    instant = held.at.isoformat()
    return labelled(
        programme,
        {
            "resourceType": "Encounter",
            "id": encounter_id,
            "identifier": [
                {
                    # FR Core wants the kind of a visit's number: here that of the discussion.
                    "type": {"coding": [{"system": V2_0203, "code": "VN"}]},
                    "system": f"{BASE}/NamingSystem/rcp-discussion",
                    "value": encounter_id,
                }
            ],
            "status": "finished",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "VR",
                "display": "virtual",
            },
            "type": [RCP],
            "subject": _to(held.patient),
            "episodeOfCare": [_to(held.episode)],
            "participant": [{"individual": _to(one)} for one in held.present],
            "appointment": [_to(held.meeting)],
            "period": {"start": instant, "end": instant},
            "reasonCode": [{"text": held.question}],
            "serviceProvider": _to(held.organization),
        },
    )


def decision(
    programme: Programme, held: Held, encounter: Resource, composition_id: str, names: Sequence[str]
) -> Resource:
    """Return the Composition; `names` are those who were present, as they are written."""
    told = {
        "participants": "\n".join(names),
        "question": held.question,
        "elements": held.elements,
        "decision": held.decision,
    }
    return labelled(
        programme,
        {
            "resourceType": "Composition",
            "id": composition_id,
            "meta": {"profile": [f"{_PROFILES}-rcp-decision"]},
            "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{composition_id}"},
            "status": "final",
            "type": DOCUMENT,
            "category": [REPORT_CLASS],
            "subject": _to(held.patient),
            "encounter": _to(f"Encounter/{encounter['id']}"),
            "date": held.at.isoformat(),
            "author": [_to(held.author)],
            "title": f"Compte rendu de RCP : {programme.title}",
            "confidentiality": confidentiality(programme),
            "custodian": _to(held.organization),
            "section": [section(name, text) for name, text in told.items() if text],
        },
    )


def section(name: str, text: str, entries: Iterable[str] = ()) -> Element:
    """Return one section of a sheet or a decision."""
    title = _TITLES[name]
    made: Element = compact(
        {
            "title": title,
            "code": concept({"system": _SECTION, "code": name, "display": title}),
            "text": {"status": "generated", "div": narrative(text)},
            "entry": [_to(one) for one in entries],
        }
    )
    return made


def narrative(text: str) -> str:
    """Return a text as XHTML (https://hl7.org/fhir/R4/narrative.html)."""
    lines = "<br/>".join(escape(line) for line in text.splitlines())
    return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{lines}</p></div>'


def confidentiality(programme: Programme) -> str:
    """Return the confidentiality code of a programme's documents."""
    codes = (one.get("code") for one in programme.labels if one.get("system") == _CONFIDENTIALITY)
    return str(next(codes, "N"))


def sheet(
    programme: Programme, patient: str, composition_id: str, *, parts: dict[str, list[str]], at: str
) -> Resource:
    """Return the summary sheet of a patient before the discussion: a preliminary Composition.

    `parts` are the lines of the elements by heading, in their order.
    """
    blocks = [f"{heading} :\n" + "\n".join(lines) for heading, lines in parts.items() if lines]
    made: Resource = compact(
        {
            "resourceType": "Composition",
            "id": composition_id,
            "status": "preliminary",
            "type": DOCUMENT,
            "subject": _to(patient),
            "date": at,
            "author": [{"display": "Passerelle"}],
            "title": f"Fiche de RCP : {programme.title}",
            "confidentiality": confidentiality(programme),
            "section": [section("elements", "\n\n".join(blocks))],
        }
    )
    return made


def updated_plan(plan: Resource, held: Held, composition: str, tasks: Sequence[str]) -> Resource:
    """Return the CarePlan as the decision leaves it."""
    noted = {"time": held.at.isoformat(), "text": f"RCP : {held.decision}"}
    asked = [{"reference": _to(one)} for one in tasks]
    changed: Resource = {
        **plan,
        "supportingInfo": [*plan.get("supportingInfo", ()), _to(composition)],
        "note": [*plan.get("note", ()), noted],
    }
    return changed | ({"activity": [*plan.get("activity", ()), *asked]} if asked else {})


def provenance(  # noqa: PLR0913 - who made what of what
    programme: Programme, held: Held, provenance_id: str, *, target: str, source: str, recorded: str
) -> Resource:
    """Return the Provenance of a CarePlan that a decision changed."""
    agents: list[dict[str, Any]] = [
        {
            "type": concept(
                {
                    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                    "code": "author",
                }
            ),
            "who": _to(held.author),
            "onBehalfOf": _to(held.organization),
        }
    ]
    return labelled(
        programme,
        {
            "resourceType": "Provenance",
            "id": provenance_id,
            "target": [_to(target)],
            "occurredDateTime": held.at.isoformat(),
            "recorded": recorded,
            "activity": {"text": "Décision de RCP"},
            "agent": agents,
            "entity": [{"role": "source", "what": _to(source)}],
        },
    )


def forwarded(  # noqa: PLR0913 - what an exchange says
    programme: Programme,
    held: Held,
    communication_id: str,
    *,
    document: str,
    recipients: Sequence[str],
    obstacle: str,
) -> Resource:
    """Return the Communication to the treating physician; `obstacle` is why it does not go."""
    return labelled(
        programme,
        {
            "resourceType": "Communication",
            "id": communication_id,
            "meta": {"profile": [f"{_PROFILES}-forwarded-summary"]},
            "status": "not-done" if obstacle else "in-progress",
            "statusReason": {"text": obstacle} if obstacle else None,
            "category": [concept({"system": _EXCHANGE, "code": "rcp-decision"})],
            "subject": _to(held.patient),
            "about": [_to(document)],
            "recipient": [_to(one) for one in recipients],
            "sender": _to(held.author),
            "payload": [{"contentReference": _to(document)}],
        },
    )


def _to(reference: str) -> Element | None:
    return {"reference": reference} if reference else None
