"""OBX-2, OBX-5 and OBX-6: value[x] of an Observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.fhir.datatypes import UCUM
from gateway.fhir.wire import Digits
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm, tm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.target import Target

# CWE took the place of CE, DTM that of TS, in OBX of this version.
_CODED_SINCE: Final = "2.6"


class Observed(NamedTuple):
    """Value type, value and unit."""

    kind: str = ""
    value: Field = ""
    unit: Field = ""


def coded_type(target: Target) -> str:
    """Return CWE, or CE before version 2.6."""
    return "CWE" if target.since(_CODED_SINCE) else "CE"


def observed(element: Mapping[str, Any], target: Target) -> Observed:
    """Return the value of an Observation or one of its components; an empty one without.

    A value that no type of v2 can hold is said as text.
    """
    if "valueQuantity" in element:
        return _quantity(element["valueQuantity"])
    if "valueCodeableConcept" in element:
        return Observed(coded_type(target), cwe(element["valueCodeableConcept"]))
    if "valueRange" in element:
        return _range(element["valueRange"])
    if "valueRatio" in element:
        return _ratio(element["valueRatio"])
    return _timed(element, target) or _said(element)


def number(element: Mapping[str, Any]) -> str:
    """Return the digits of a Quantity, as they were written."""
    value = element.get("value")
    return value.text if isinstance(value, Digits) else "" if value is None else str(value)


def unit(quantity: Mapping[str, Any]) -> Field:
    """Return OBX-6: the UCUM code, else the unit as text."""
    code, name = str(quantity.get("code", "")), str(quantity.get("unit", ""))
    if code and quantity.get("system") == UCUM:
        return (code, name if name != code else "", "UCUM")
    return name


def _quantity(quantity: Element) -> Observed:
    comparator = quantity.get("comparator")
    if comparator:
        return Observed("SN", (comparator, number(quantity)), unit(quantity))
    return Observed("NM", number(quantity), unit(quantity))


def _range(span: Element) -> Observed:
    low, high = span.get("low", {}), span.get("high", {})
    if low and high:
        return Observed("SN", ("", number(low), "-", number(high)), unit(low))
    # One end alone is a comparison.
    sign, end = (">=", low) if low else ("<=", high)
    return Observed("SN", (sign, number(end)), unit(end))


def _ratio(ratio: Element) -> Observed:
    above, below = ratio.get("numerator", {}), ratio.get("denominator", {})
    return Observed("SN", (above.get("comparator", ""), number(above), ":", number(below)))


def _timed(element: Mapping[str, Any], target: Target) -> Observed | None:
    if "valueDateTime" in element:
        written = dtm(element["valueDateTime"])
        return Observed("DTM" if target.since(_CODED_SINCE) else "TS", written)
    if "valueTime" in element:
        return Observed("TM", tm(element["valueTime"]))
    if "valuePeriod" in element:
        period = element["valuePeriod"]
        return Observed("DR", (dtm(period.get("start")), dtm(period.get("end"))))
    return None


def _said(element: Mapping[str, Any]) -> Observed:
    if "valueString" in element:
        return Observed("ST", str(element["valueString"]))
    if "valueInteger" in element:
        return Observed("NM", str(element["valueInteger"]))
    if "valueBoolean" in element:
        # Table HL70136.
        return Observed("ID", "Y" if element["valueBoolean"] else "N")
    return Observed()
