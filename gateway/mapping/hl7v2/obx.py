"""OBX, observation result: an Observation (v2-to-FHIR, OBX[Observation])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept, reference, stable_id
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.codes import coded, coded_field
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.obx_value import obx_components, obx_value, reference_range

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import Observed

# The gateway's own: an OBX without OBX-21 is known by its report, code and sub-id.
OBSERVATION_SYSTEM: Final = "urn:passerelle:observation"
_INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
# A table, read across.
# fmt: off
_INTERPRETATIONS: Final = frozenset([
    "<", ">", "A", "AA", "B", "CAR", "D", "DET", "E", "EX", "EXP", "H", "HH", "HU", "I", "IE",
    "IND", "L", "LL", "LU", "N", "NCL", "ND", "NEG", "NR", "NS", "POS", "R", "RR", "S", "SDD",
    "SYN-R", "SYN-S", "U", "VS", "W", "WR",
])
# fmt: on
_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
# OBX-11 to why there is no value.
_ABSENT_REASONS: Final = {"N": ("not-asked", "Not Asked"), "X": ("not-performed", "Not Performed")}
# Table HL70085 to http://hl7.org/fhir/observation-status.
_STATUSES: Final = {
    "A": "amended",
    "B": "final",
    "C": "corrected",
    "D": "entered-in-error",
    "F": "final",
    "I": "registered",
    "N": "cancelled",
    "O": "registered",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "U": "final",
    "V": "final",
    "W": "entered-in-error",
    "X": "cancelled",
}


def obx_observation(
    observed: Observed, gathering: Gathering, *, owner: str, more: Element, ordered: bool = False
) -> str:
    """Take the Observation of an OBX and return its full url.

    `owner` names the report or order it belongs to, `more` are elements that come from there;
    `ordered` is for the details of an order, which are known though OBX-11 says "no result".
    """
    obx = observed.obx
    key, identifier = _key(obx, gathering, owner)
    code = obx.text(11)
    what = _code(obx, gathering)
    components = obx_components(obx, what, gathering)
    observation: Element = {
        "resourceType": "Observation",
        "identifier": [identifier],
        "status": "final" if ordered and code == "O" else _STATUSES.get(code, "final"),
        **more,
        "code": what,
        "subject": reference(gathering.subject),
        **({} if components else obx_value(obx, gathering)),
    }
    optional = {
        "effectiveDateTime": fhir_datetime(obx.text(14)),
        "performer": _performers(obx, gathering),
        "dataAbsentReason": _absent(obx),
        "interpretation": _interpretations(obx, gathering),
        "bodySite": coded_field(obx, 20, gathering),
        "referenceRange": reference_range(obx, gathering),
        "method": coded_field(obx, 17, gathering),
        "component": components,
        "note": nte_annotations(observed.notes),
    }
    observation |= {name: part for name, part in optional.items() if part}
    return gathering.state(observation, [key])


def _key(obx: Segment, gathering: Gathering, owner: str) -> tuple[Key, Element]:
    own = ei_number(obx.value(21), gathering.context)
    if own and own.key.system:
        return own.key, own.identifier
    code = obx.text(3) or obx.text(3, 2)
    value = stable_id(owner, code, obx.text(4))
    key = Key(OBSERVATION_SYSTEM, value)
    if gathering.holds("Observation", key):
        key = Key(OBSERVATION_SYSTEM, stable_id(owner, code, f"{obx.text(4)}#{obx.sequence}"))
    return key, {"system": key.system, "value": key.value}


def _code(obx: Segment, gathering: Gathering) -> Element:
    return coded_field(obx, 3, gathering) or concept(text="OBX-3 is empty")


def _interpretations(obx: Segment, gathering: Gathering) -> list[Element]:
    found = []
    for value in obx.values(8):
        code = value.text()
        if code in _INTERPRETATIONS:
            found.append(concept(coding(_INTERPRETATION, code, value.text(2) or None)))
        elif named := coded(value, gathering, "OBX-8"):
            found.append(named)
    return found


def _performers(obx: Segment, gathering: Gathering) -> list[Element]:
    """Return the responsible observers, OBX-16, and the organization, OBX-23."""
    people = [xcn_practitioner(value, gathering) for value in obx.values(16)]
    organization = xon_organization(obx.value(23), gathering)
    return [performer for performer in (*people, organization) if performer]


def _absent(obx: Segment) -> Element | None:
    reason = None if obx.value(5) else _ABSENT_REASONS.get(obx.text(11))
    return concept(coding(_ABSENT, *reason)) if reason else None
