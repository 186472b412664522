"""MSH, message header: a Provenance that names the message (v2-to-FHIR, MSH[Provenance-Source])."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import coding, concept
from gateway.hl7v2.datetimes import fhir_instant
from gateway.mapping.entry import Key

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.mapping.hl7v2.gathering import Gathering

_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_EVENTS: Final = "http://terminology.hl7.org/CodeSystem/v2-0003"


def msh_provenance(gathering: Gathering) -> str:
    """Take the Provenance of everything gathered so far, and return its full url.

    `recorded` is MSH-7, or EVN-2; when the message says neither, the caller has to say when.
    """
    message = gathering.message
    recorded = fhir_instant(message.msh().text(7)) or _event_time(gathering)
    provenance: Element = {
        "resourceType": "Provenance",
        "target": [{"reference": url} for url in gathering.full_urls()],
    }
    if recorded:
        provenance["recorded"] = recorded
    if words := _reason(gathering):
        provenance["reason"] = [concept(text=words)]
    provenance |= {
        "activity": concept(coding(_EVENTS, message.event)),
        "agent": [
            {
                "type": concept(coding(_AGENT, "author", "Author")),
                "who": {"display": _sender(gathering)},
            }
        ],
        "entity": [{"role": "source", "what": {"identifier": _message_identifier(gathering)}}],
    }
    # Senders use a control id again for another message: each message has its own Provenance.
    name = f"{message.control_id}#{sha256(message.raw).hexdigest()}"
    key = Key(gathering.message_system, name)
    return gathering.state(provenance, [key])


def _reason(gathering: Gathering) -> str:
    """Return why a document was changed, TXA-21 (v2-to-FHIR, TXA[Provenance])."""
    txa = gathering.message.first("TXA")
    return txa.text(21) if txa else ""


def _event_time(gathering: Gathering) -> str | None:
    evn = gathering.message.first("EVN")
    return fhir_instant(evn.text(2)) if evn else None


def _sender(gathering: Gathering) -> str:
    application, facility = gathering.message.sender.split("|", 1)
    if application and facility:
        return f"{application} ({facility})"
    return application or facility or "MSH-3 and MSH-4 are empty"


def _message_identifier(gathering: Gathering) -> Element:
    element: Element = {"system": gathering.message_system}
    if gathering.message.control_id:
        element["value"] = gathering.message.control_id
    return element
