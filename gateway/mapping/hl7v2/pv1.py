"""PV1, patient visit: who referred the patient. The Encounter is not mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.hl7v2.message import Value

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message


def pv1_referring(message: Message) -> Value:
    """Return the referring doctor, PV1-8; a false `Value` when there is none."""
    pv1 = message.first("PV1")
    return pv1.value(8) if pv1 else Value("")
