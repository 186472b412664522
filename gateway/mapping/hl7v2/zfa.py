"""ZFA, shared record (IHE PAM-FR 2.11): what the patient said of its feeding and consultation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.fhir.datatypes import LOINC, Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.entry import CONSENT_SYSTEM
from gateway.mapping.hl7v2.evn import evn_recorded

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

FEEDING: Final = "dmp-feeding"
CONSULTATION: Final = "dmp-consultation"
RECORD_STATUS: Final = "urn:passerelle:extension:dmp-status"

_SCOPE: Final = coding(
    "http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent"
)
_CATEGORY: Final = coding(LOINC, "59284-0", "Patient Consent")
_ACTIONS: Final = "http://terminology.hl7.org/CodeSystem/consentaction"
_RECORD: Final = "Dossier médical partagé (Mon espace santé)"
_ROLE: Final = coding(
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient"
)
_STATUSES: Final = frozenset({"ACTIF", "FERME", "INEXISTANT"})


class _Topic(NamedTuple):
    """One of the two decisions: where it stands in ZFA, and what its codes mean."""

    name: str
    display: str
    field: int
    date: int
    action: str
    law: str
    codes: dict[str, str]


_TOPICS: Final = (
    _Topic(
        FEEDING,
        "Alimentation du DMP",
        9,
        10,
        "disclose",
        "Code de la santé publique, articles L1111-15 et R1111-47",
        {"IO": "deny", "INO": "permit", "NA": ""},
    ),
    _Topic(
        CONSULTATION,
        "Consultation du DMP",
        11,
        12,
        "access",
        "Code de la santé publique, articles L1111-17 et R1111-46",
        {"INC": "deny", "IC": "permit", "NA": ""},
    ),
)


def zfa_consents(gathering: Gathering) -> None:
    """Take one Consent a topic that ZFA speaks of; not collected (NA) is `proposed`."""
    zfa = gathering.message.first("ZFA")
    if zfa is None:
        return
    for topic in _TOPICS:
        code = zfa.text(topic.field).upper()
        if code in topic.codes:
            _consent(zfa, topic, topic.codes[code], gathering)
        elif code:
            place = f"ZFA^1^{topic.field}"
            gathering.warn(f"ZFA-{topic.field} holds a code of no known table.", place, "value")


def _consent(zfa: Segment, topic: _Topic, decision: str, gathering: Gathering) -> None:
    status = zfa.text(1).upper()
    when = fhir_datetime(zfa.text(topic.date))
    parts: Element = {
        "extension": [_record_status(zfa)] if status in _STATUSES else [],
        "status": "active" if decision else "proposed",
        "scope": concept(_SCOPE),
        "category": [concept(_CATEGORY, coding(CONSENT_SYSTEM, topic.name, topic.display))],
        "patient": reference(gathering.subject),
        "dateTime": when,
        "policyRule": concept(text=topic.law),
        "provision": _provision(topic, decision),
    }
    resource: Element = {"resourceType": "Consent"}
    resource |= {name: part for name, part in parts.items() if part}
    url = gathering.of_patient(resource, CONSENT_SYSTEM, topic.name)
    gathering.as_of(url, evn_recorded(gathering.message))


def _provision(topic: _Topic, decision: str) -> Element:
    if not decision:
        return {}
    return {
        "type": decision,
        "actor": [{"role": concept(_ROLE), "reference": {"display": _RECORD}}],
        "action": [concept(coding(_ACTIONS, topic.action))],
    }


def _record_status(zfa: Segment) -> Element:
    """Return the state of the shared record itself: ZFA-1, and since when (ZFA-2, ZFA-3)."""
    times = ((2, "start"), (3, "end"))
    found = {name: time for field, name in times if (time := fhir_datetime(zfa.text(field)))}
    parts: list[Element] = [{"url": "status", "valueCode": zfa.text(1).upper()}]
    if found:
        parts.append({"url": "period", "valuePeriod": found})
    return {"url": RECORD_STATUS, "extension": parts}
