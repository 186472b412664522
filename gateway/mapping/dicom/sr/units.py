"""Units of measurement as UCUM, also where the sender meant UCUM and wrote something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.codes import term
from gateway.fhir.datatypes import UCUM, Element, coding, concept
from gateway.fhir.wire import Digits, number
from gateway.mapping.dicom.codes import item_concept

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.dicom.sr.tree import Item

_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
# What real devices write, and PS3.16 CID 7181 or UCUM for it.
_REPAIRED: Final = {
    "Gym2": "Gy.m2",
    "Gy*m2": "Gy.m2",
    "dGycm2": "dGy.cm2",
    "dGy*cm2": "dGy.cm2",
    "cGycm2": "cGy.cm2",
    "mGycm2": "mGy.cm2",
    "uGym2": "uGy.m2",
    "mGycm": "mGy.cm",
    "mGy*cm": "mGy.cm",
    "uAs": "uA.s",
    "mAs": "mA.s",
    "g/cm²": "g/cm2",
    "g/cm^2": "g/cm2",
    "gm/cm2": "g/cm2",
    "no units": "1",
    "pixels": "{pixels}",
    "ratio": "{ratio}",
    "events": "{events}",
    "X-ray sources": "{X-ray sources}",
    "X-Ray sources": "{X-Ray sources}",
    "bpm": "{beats}/min",
}
# What can be a UCUM code: no blank outside of an annotation.
_CODE: Final = re.compile(r"(?:[!-z|~]|\{[ -z|~]*\})+")
_DECIMAL: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
# No measurement is larger or smaller than this power of ten.
_LARGEST_EXPONENT: Final = 40
_MOST_DIGITS: Final = 32


def measured(item: Item) -> Element:
    """Return `valueQuantity` of a NUM, else `dataAbsentReason`; of several values the first."""
    value = decimal(text(item.measured, sr.NUMERIC_VALUE))
    if value is None:
        value = decimal(text(item.measured, sr.FLOATING_POINT_VALUE))
    if value is None:
        return {"dataAbsentReason": _absent(item.model)}
    unit = next(iter(items(item.measured, sr.MEASUREMENT_UNITS)), {})
    return {"valueQuantity": {"value": value, **_unit(unit)}}


def decimal(written: str) -> int | Digits | None:
    """Return a JSON number with the digits of a DS (PS3.5 table 6.2-1), None when it is none."""
    match = _DECIMAL.fullmatch(written.strip())
    if match is None or len(written) > _MOST_DIGITS:
        return None
    sign, whole, fraction, exponent = (part or "" for part in match.groups())
    if not whole + fraction or abs(int(exponent or "0")) > _LARGEST_EXPONENT:
        return None
    digits = ("-" if sign == "-" else "") + (whole.lstrip("0") or "0")
    digits += f".{fraction}" if fraction else ""
    return number(digits + (f"e{int(exponent)}" if exponent else ""))


def _unit(item: Model) -> Element:
    """Return `unit`, and the UCUM code when it can be one."""
    scheme, value = term(item)
    words = text(item, tag.CODE_MEANING) or value
    code = _REPAIRED.get(value, value)
    if scheme not in ("UCUM", "") or not _CODE.fullmatch(code):
        return {"unit": words} if words else {}
    shown = words if code.startswith(("1", "{")) else code
    return {"unit": shown, "system": UCUM, "code": code}


def _absent(model: Model) -> Element:
    """Return why there is no value: (0040,A301), CID 42."""
    reason = next(iter(items(model, sr.NUMERIC_VALUE_QUALIFIER)), {})
    return item_concept(reason) or concept(coding(_ABSENT, "unknown", "Unknown"))
