"""OBX, observation result: an Observation (v2-to-FHIR, OBX[Observation])."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import UCUM, Element, coding, concept, quantity, reference, stable_id
from gateway.fhir.wire import Digits
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.datatypes.cwe import code_system, cwe_concept
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.nte import nte_annotations

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value
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
# Table HL70085 to http://hl7.org/fhir/observation-status.
_STATUSES: Final = {
    "A": "amended",
    "B": "final",
    "C": "corrected",
    "D": "entered-in-error",
    "F": "final",
    "I": "registered",
    "O": "registered",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "U": "final",
    "V": "final",
    "W": "entered-in-error",
    "X": "cancelled",
}
# Units that are UCUM whether or not OBX-6.3 says so.
# A table, read across.
# fmt: off
_UCUM_UNITS: Final = frozenset([
    "%", "cm", "mm", "m", "kg", "g", "mg", "ug", "mL", "ml", "L", "dL", "mg/dL", "g/L",
    "mmol/L", "umol/L", "mGy", "mGy.cm", "Gy", "Gy.cm2", "mSv", "s", "min", "h", "HU", "mm[Hg]",
    "kPa", "/min", "cm2", "mm2", "cm3", "mm3",
])
# fmt: on
_NUMBER: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")
_COMPARED: Final = re.compile(r"(<=|>=|<|>)\s*(.+)")
_COMPARATORS: Final = frozenset({"<", "<=", ">=", ">"})


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
    observation: Element = {
        "resourceType": "Observation",
        "identifier": [identifier],
        "status": "final" if ordered and code == "O" else _STATUSES.get(code, "final"),
        **more,
        "code": _code(obx, gathering),
        "subject": reference(gathering.subject),
        **obx_value(obx, gathering),
    }
    optional = {
        "effectiveDateTime": fhir_datetime(obx.text(14)),
        "interpretation": _interpretations(obx, gathering),
        "referenceRange": _reference_range(obx),
        "method": cwe_concept(obx.value(17), gathering.sender_system),
        "note": nte_annotations(observed.notes),
    }
    observation |= {name: part for name, part in optional.items() if part}
    return gathering.state(observation, [key])


def obx_value(obx: Segment, gathering: Gathering) -> Element:
    """Return value[x] by OBX-2; an unreadable number is kept as a string."""
    value_type = obx.text(2)
    value = obx.value(5)
    if not value:
        return {}
    if value_type in ("CE", "CWE", "CNE", "CF", "IS", "ID"):
        return {"valueCodeableConcept": _coded(obx, gathering)}
    if value_type in ("DT", "DTM", "TS") and (time := fhir_datetime(value.text())):
        return {"valueDateTime": time}
    if value_type in ("NM", "SN"):
        return _number(value, _unit(obx)) or {"valueString": obx.whole(5)}
    return {"valueString": obx.whole(5)}


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
    return cwe_concept(obx.value(3), gathering.sender_system) or concept(text="OBX-3 is empty")


def _coded(obx: Segment, gathering: Gathering) -> Element:
    """Return the concept of OBX-5; further repetitions are said as text."""
    values = obx.values(5)
    held = cwe_concept(values[0], gathering.sender_system)
    others = [value.text(2) or value.text(1) for value in values[1:]]
    if others:
        first = values[0].text(2) or values[0].text(1)
        held["text"] = ", ".join((first, *others))
    return held


def _unit(obx: Segment) -> Element:
    """Return unit, system and code of OBX-6."""
    code = obx.text(6)
    display = obx.text(6, 2) or code
    if not display:
        return {}
    system = code_system(obx.text(6, 3), code, "")
    known = code in _UCUM_UNITS and not obx.text(6, 3)
    if code and (system == UCUM or known):
        return {"unit": display, "system": UCUM, "code": "mL" if code == "ml" else code}
    return {"unit": display}


def _number(value: Value, unit: Element) -> Element:
    """Return a Quantity, Range or Ratio of an NM or SN; {} when it is no number."""
    first, second, separator, last = (value.text(part) for part in (1, 2, 3, 4))
    if not second:
        return _plain_number(first, unit)
    low, high = _decimal(second), _decimal(last)
    if low is None:
        return {}
    if not separator:
        comparator = {"comparator": first} if first in _COMPARATORS else {}
        return {} if first and not comparator else _quantity(low, unit, comparator)
    if high is None:
        return {}
    ends = (quantity(low) | unit, quantity(high) | unit)
    if separator == "-":
        return {"valueRange": {"low": ends[0], "high": ends[1]}}
    ratio = {"numerator": quantity(low), "denominator": quantity(high)}
    return {"valueRatio": ratio} if separator in ("/", ":") else {}


def _plain_number(text: str, unit: Element) -> Element:
    match = _COMPARED.fullmatch(text)
    number = _decimal(match[2] if match else text)
    if number is None:
        return {}
    return _quantity(number, unit, {"comparator": match[1]} if match else {})


def _quantity(number: Decimal, unit: Element, comparator: Element) -> Element:
    return {"valueQuantity": {"value": number} | comparator | unit}


def _decimal(text: str) -> Decimal | None:
    """Keep the digits as typed; a French decimal comma is a point."""
    plain = text.replace(",", ".", 1)
    if _NUMBER.fullmatch(plain) is None:
        return None
    try:
        return Digits(plain.lstrip("+"))
    except InvalidOperation:
        return None


def _interpretations(obx: Segment, gathering: Gathering) -> list[Element]:
    found = []
    for value in obx.values(8):
        code = value.text()
        if code in _INTERPRETATIONS:
            found.append(concept(coding(_INTERPRETATION, code, value.text(2) or None)))
        elif named := cwe_concept(value, gathering.sender_system):
            found.append(named)
    return found


def _reference_range(obx: Segment) -> list[Element]:
    text = obx.whole(7)
    return [{"text": text}] if text else []
