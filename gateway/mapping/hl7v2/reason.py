"""DG1, diagnosis: why an appointment or a referral is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.datatypes import Element, concept
from gateway.mapping.hl7v2.codes import coded_field

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.gathering import Gathering


def dg1_reasons(gathering: Gathering) -> list[Element]:
    """Return the diagnoses of the message as reasons: DG1-3, or the words of DG1-4."""
    found = []
    for dg1 in gathering.message.all("DG1"):
        words = dg1.text(4)
        found.append(coded_field(dg1, 3, gathering) or (concept(text=words) if words else {}))
    return [one for one in found if one]
