"""Content items as components of an Observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import Element, concept
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.dates import dt_datetime
from gateway.mapping.dicom.sr.units import measured

if TYPE_CHECKING:
    from gateway.dicom.sr.tree import Item

LATERALITY: Final = (Term("SCT", "272741003"), Term("SCT", "182353008"))


def code_of(item: Item) -> Element:
    """Return what an item is called; with the side, where it has one, in its words."""
    named = item_concept(item.name) or concept(text=item.kind or "?")
    side = item.find(*LATERALITY)
    words = side.value if side else ""
    return named | {"text": f"{item.meaning}, {words}"} if words else named


def component(item: Item, offset: str = "") -> Element | None:
    """Return a NUM, CODE, TEXT, UIDREF, PNAME or DATETIME as a component; None for any other."""
    value = item_value(item, offset)
    return {"code": code_of(item), **value} if value else None


def item_value(item: Item, offset: str = "") -> Element:
    """Return `value[x]` of an item, or `dataAbsentReason`; empty when it has none."""
    if item.kind == "NUM":
        return measured(item)
    if item.kind == "CODE":
        coded = item_concept(item.code)
        return {"valueCodeableConcept": coded} if coded else {}
    if item.kind == "DATETIME":
        moment = dt_datetime(item.value, offset)
        return {"valueDateTime": moment} if moment else {}
    if item.kind in ("TEXT", "UIDREF", "PNAME", "DATE", "TIME") and item.value.strip():
        return {"valueString": item.value.strip()}
    return {}
