"""An Appointment as SIU^S12, S13, S14, S15, S17 or S26 (HL7 v2.5.1, 10.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import RequiredMissing
from gateway.mapping.to_hl7v2.ais import resource_segments
from gateway.mapping.to_hl7v2.msh import msh
from gateway.mapping.to_hl7v2.nte import nte
from gateway.mapping.to_hl7v2.pid import pid
from gateway.mapping.to_hl7v2.pv1 import pv1
from gateway.mapping.to_hl7v2.sch import appointment_numbers, sch

if TYPE_CHECKING:
    from gateway.mapping.to_hl7v2.sources import Writing


def siu_segments(writing: Writing) -> list[str]:
    """Return the segments; raises `RequiredMissing` for an appointment without a number."""
    appointment = writing.resource
    if not any(appointment_numbers(appointment)):
        message = "The appointment has no number."
        raise RequiredMissing(message, expression="Appointment.identifier")
    patient = writing.subject()
    comment = appointment.get("comment", "")
    return [
        msh(writing, ("SIU", writing.event, "SIU_S12")),
        sch(writing),
        *nte([{"text": comment}]),
        *([pid(patient, writing.target), pv1(writing)] if patient else ()),
        *resource_segments(appointment, writing),
    ]
