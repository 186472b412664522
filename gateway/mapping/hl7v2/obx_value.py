"""OBX-5, OBX-6 and OBX-7: the value of an observation, its unit and its reference range."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import UCUM, Element, period, quantity
from gateway.fhir.wire import Digits
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded
from gateway.mapping.hl7v2.datatypes.cwe import code_system
from gateway.mapping.hl7v2.datatypes.tm import fhir_time

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.hl7v2.gathering import Gathering

CODED: Final = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
NUMERIC: Final = frozenset({"NM", "SN"})
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
# Table of SN-1: equal says nothing, "not equal" no Quantity can say.
_PLAIN: Final = frozenset({"", "="})
_BETWEEN: Final = re.compile(
    r"([+-]?[0-9]+(?:[.,][0-9]+)?)\s*(?:-|\u2013|à|to)\s*([+-]?[0-9]+(?:[.,][0-9]+)?)"
)
_LOWER: Final = frozenset({">", ">="})


def obx_value(obx: Segment, gathering: Gathering) -> Element:
    """Return value[x] by OBX-2; an unreadable number or time is kept as a string."""
    value_type = obx.text(2)
    value = obx.value(5)
    if not value or value.is_null:
        return {}
    if value_type in CODED:
        return {"valueCodeableConcept": _coded(obx, gathering)}
    if value_type in NUMERIC:
        unit = obx_unit(obx, gathering)
        return _number(value, unit) or {"valueString": _said(obx, value)}
    return _timed(value_type, value) or _interval(value_type, obx, gathering) or _text(obx)


def obx_components(obx: Segment, code: Element, gathering: Gathering) -> list[Element]:
    """Return one component a number when OBX-5 repeats (v2-to-FHIR, OBX[Observation-Component])."""
    values = obx.values(5)
    if obx.text(2) not in NUMERIC or len(values) < 2:  # noqa: PLR2004 - it repeats
        return []
    unit = obx_unit(obx, gathering)
    return [
        {"code": code} | (_number(value, unit) or {"valueString": _said(obx, value)})
        for value in values
    ]


def obx_unit(obx: Segment, gathering: Gathering) -> Element:
    """Return unit, system and code of OBX-6; a unit that is not UCUM is text, and reported."""
    code = obx.text(6)
    display = obx.text(6, 2) or code
    if not display:
        return {}
    system = code_system(obx.text(6, 3), code, gathering.sender_system)
    known = code in _UCUM_UNITS and obx.text(6, 3) in ("", "ISO")
    if code and (system == UCUM or known):
        return {"unit": display, "system": UCUM, "code": "mL" if code == "ml" else code}
    standard = coded(obx.value(6), gathering, "OBX-6").get("coding", [{}])[0]
    if standard.get("system") == UCUM:
        return {"unit": display, "system": UCUM, "code": standard["code"]}
    return {"unit": display}


def reference_range(obx: Segment, gathering: Gathering) -> list[Element]:
    """Return OBX-7 as text, with its limits when they can be read: `60-120`, `<0.10`, `> 5`."""
    text = obx.whole(7).strip()
    if not text:
        return []
    unit = obx_unit(obx, gathering)
    limits = {name: quantity(limit) | unit for name, limit in _limits(text).items()}
    return [limits | {"text": text}]


def _limits(text: str) -> dict[str, Decimal]:
    if match := _BETWEEN.fullmatch(text):
        low, high = _decimal(match[1]), _decimal(match[2])
        return {} if low is None or high is None else {"low": low, "high": high}
    if match := _COMPARED.fullmatch(text):
        limit = _decimal(match[2])
        return {} if limit is None else {"low" if match[1] in _LOWER else "high": limit}
    return {}


def _timed(value_type: str, value: Value) -> Element:
    if value_type in ("DT", "DTM", "TS") and (moment := fhir_datetime(value.text())):
        return {"valueDateTime": moment}
    if value_type == "TM" and (time := fhir_time(value.text())):
        return {"valueTime": time}
    if value_type == "DR":
        span = period(fhir_datetime(value.text(1)), fhir_datetime(value.text(2)))
        return {"valuePeriod": span} if span else {}
    return {}


def _interval(value_type: str, obx: Segment, gathering: Gathering) -> Element:
    """Return the Range of an NR, the Quantity of a CQ."""
    value = obx.value(5)
    first = _decimal(value.text(1))
    if value_type == "NR":
        ends = {"low": first, "high": _decimal(value.text(2))}
        unit = obx_unit(obx, gathering)
        span = {name: quantity(end) | unit for name, end in ends.items() if end is not None}
        return {"valueRange": span} if span else {}
    if value_type == "CQ" and first is not None:
        unit = obx_unit(obx, gathering) or _only_unit(value.text(2))
        return {"valueQuantity": quantity(first) | unit}
    return {}


def _only_unit(code: str) -> Element:
    if code in _UCUM_UNITS:
        return {"unit": code, "system": UCUM, "code": code}
    return {"unit": code} if code else {}


def _text(obx: Segment) -> Element:
    return {"valueString": obx.whole(5)}


def _said(obx: Segment, value: Value) -> str:
    """Return a number that no Quantity can hold as it was meant: `2+`, `<> 5 g`."""
    parts = [value.text(part) for part in (1, 2, 3, 4)]
    unit = obx.text(6, 2) or obx.text(6)
    if not parts[1]:
        return obx.whole(5)
    written = f"{parts[0]} {''.join(parts[1:])} {unit}"
    return written.strip()


def _coded(obx: Segment, gathering: Gathering) -> Element:
    """Return the concept of OBX-5; further repetitions are said as text."""
    values = obx.values(5)
    held = coded(values[0], gathering, "OBX-5")
    others = [value.text(2) or value.text(1) for value in values[1:]]
    if others:
        first = values[0].text(2) or values[0].text(1)
        held["text"] = ", ".join((first, *others))
    return held


def _number(value: Value, unit: Element) -> Element:
    """Return a Quantity, Range or Ratio of an NM or SN; {} when it is no number."""
    first, second, separator, last = (value.text(part) for part in (1, 2, 3, 4))
    if not second:
        return _plain_number(first, unit)
    low, high = _decimal(second), _decimal(last)
    if low is None or (first not in _PLAIN and first not in _COMPARATORS):
        return {}
    comparator = {"comparator": first} if first in _COMPARATORS else {}
    if not separator:
        return _quantity(low, unit, comparator)
    if high is None:
        return {}
    if separator == "-" and not comparator:
        return {"valueRange": {"low": quantity(low) | unit, "high": quantity(high) | unit}}
    ratio = {"numerator": {"value": low} | comparator, "denominator": quantity(high)}
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
