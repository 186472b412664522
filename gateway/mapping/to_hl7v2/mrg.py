"""MRG, merge information: the identifiers that are no longer the patient's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import RequiredMissing
from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.cx import cx
from gateway.mapping.to_hl7v2.datatypes.xpn import xpn

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.target import Target


def mrg(retired: list[Element], former: Resource, target: Target) -> str:
    """Return the segment; raises `RequiredMissing` when nothing identifies who is retired."""
    numbers: list[Repetition] = [cx(one, target) for one in retired]
    if not numbers:
        message = "The retired record has no identifier that may be sent."
        raise RequiredMissing(message, expression="Patient.identifier")
    name = next(iter(former.get("name", ())), None)
    return segment("MRG", {1: numbers, 7: xpn(name, french=target.is_french) if name else ""})
