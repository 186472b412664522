"""EVN, event type: when it was recorded (EVN-2), and when it took place (EVN-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.hl7v2.datetimes import fhir_datetime, fhir_instant

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message


def evn_recorded(message: Message) -> str:
    """Return when the event was recorded, as an instant: EVN-2, else MSH-7; empty without."""
    evn = message.first("EVN")
    told = fhir_instant(evn.text(2)) if evn else None
    return told or fhir_instant(message.msh().text(7)) or ""


def evn_occurred(message: Message) -> str:
    """Return when the event took place: EVN-6, else when it was recorded; empty without."""
    evn = message.first("EVN")
    return (fhir_datetime(evn.text(6)) if evn else None) or evn_recorded(message)
