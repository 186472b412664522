"""Radiation dose reports to Observations: one of each total, one of each irradiation event.

PS3.16 TID 10001 (projection X-ray) and TID 10011 (CT); HL7 Europe ObservationRadiationDose. The
tree is searched by concept names alone: dose reports of real devices follow their template loosely.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Final

from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import (
    DICOM_UID,
    LOINC,
    Element,
    coding,
    compact,
    concept,
    oid_system,
    period,
    reference,
)
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.dates import dt_datetime
from gateway.mapping.dicom.sr.components import code_of, component

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.sr.tree import Item
    from gateway.mapping.dicom.sr.source import Source
    from gateway.mapping.entry import Entry


def _dcm(value: str) -> Term:
    return Term("DCM", value)


REPORT: Final = (_dcm("113701"), _dcm("113500"))
# Accumulated X-Ray Dose Data, CT Accumulated Dose Data.
_TOTALS: Final = frozenset({_dcm("113702"), _dcm("113811")})
# Irradiation Event X-Ray Data, CT Acquisition, Radiopharmaceutical Administration.
_EVENTS: Final = frozenset({_dcm("113706"), _dcm("113819"), _dcm("113502")})
_EVENT_UID: Final = _dcm("113769")
_EVENT_STARTED: Final = (_dcm("111526"), _dcm("123003"))
_IRRADIATION: Final = (_dcm("113809"), _dcm("113810"))
_REGION: Final = (_dcm("123014"), Term("SCT", "91723000"))
_PROTOCOL: Final = _dcm("125203")
# Containers that tell how it was measured and with what, not how much it was.
_APART: Final = frozenset({_dcm("122505"), _dcm("113771"), _dcm("113876"), _dcm("121106")})
# Where tube, table and detector stood.
_GEOMETRY: Final = frozenset(
    _dcm(value)
    for value in (
        *("112011", "112012", "113739", "113740", "113748", "113750", "113751", "113752", "113753"),
        *("113754", "113755", "113756", "113759", "113760", "113761", "113770", "113790", "113792"),
        *("113806", "113849", "113850", "113957", "113958", "113959", "128757", "128758", "128759"),
        *("112227", "113937", "113938", "113956"),
    )
)
# Codes worth a component: event type, acquisition type, plane, phantom, reference point, fluoro
# mode, contrast and side of a breast.
_CODED: Final = frozenset(
    _dcm(value)
    for value in ("113721", "113820", "113764", "113835", "113780", "113732", "113705", "111031")
) | {Term("SCT", "408730004"), Term("DCM", "G-C32C")}
# What a person wants to read first, and in which words (French, then the unit as measured).
_SUMMARY: Final = {
    _dcm("113722"): "PDS total",
    _dcm("113726"): "PDS scopie",
    _dcm("113727"): "PDS graphie",
    _dcm("113725"): "Kerma au point de référence",
    _dcm("113730"): "Temps de scopie",
    _dcm("113813"): "PDL total",
    _dcm("113812"): "Nombre d'expositions",
    _dcm("113839"): "Dose efficace",
    _dcm("111637"): "Dose glandulaire moyenne cumulée",
    _dcm("113731"): "Nombre d'images",
}
# A UCUM unit, what to multiply by, and how it is written then.
_READ_AS: Final = {
    "Gy.m2": (1_000_000, "cGy.cm²"),
    "dGy.m2": (100_000, "cGy.cm²"),
    "Gy.cm2": (100, "cGy.cm²"),
    "dGy.cm2": (10, "cGy.cm²"),
    "uGy.m2": (1, "cGy.cm²"),
    "cGy.cm2": (1, "cGy.cm²"),
    "Gy": (1000, "mGy"),
    "1": (1, ""),
    "{events}": (1, ""),
}
_DIGITS: Final = 4
_SUMMARY_CODE: Final = concept(
    coding(LOINC, "73569-6", "Radiation exposure and protection information")
)


def is_dose_report(root: Item) -> bool:
    """Whether a tree is a dose report: by its title, or by what it holds."""
    return root.term in REPORT or any(child.term in _TOTALS for child in root.children)


def dose_observations(source: Source) -> list[Entry]:
    """Return the totals of a dose report, each followed by nothing, then its events."""
    events = [_event(item, source) for item in _of(source.root, _EVENTS)]
    totals = [_total(item, source) for item in _of(source.root, _TOTALS)]
    if totals and events:
        totals[0].resource["hasMember"] = [reference(event.full_url) for event in events]
    return [*events, *totals]


def _of(root: Item, terms: frozenset[Term]) -> Iterator[Item]:
    return (item for item in root.walk() if item.term in terms and item.kind == "CONTAINER")


def _total(item: Item, source: Source) -> Entry:
    components = _components(item, source)
    parts = {
        "code": _SUMMARY_CODE,
        "valueString": _summary(item) or item.meaning,
        "device": source.device(),
        "derivedFrom": source.derived(),
        "component": components,
        **_irradiated(source),
    }
    return source.observation(item.place, compact(parts))


def _event(item: Item, source: Source) -> Entry:
    started = next((one.value for one in _named(item, *_EVENT_STARTED)), "")
    uid = next((one.value for one in _named(item, _EVENT_UID)), "")
    number = [{"system": DICOM_UID, "value": oid_system(uid)}] if _is_uid(uid) else []
    protocol = next((one.value for one in _named(item, _PROTOCOL)), "")
    images = tuple(uid for one in item.children for _, uid in one.referenced if _is_uid(uid))
    parts = {
        "code": code_of(item),
        "effectiveDateTime": dt_datetime(started, source.offset) or source.observed,
        "bodySite": next((item_concept(one.code) for one in _named(item, *_REGION)), None),
        "method": concept(text=protocol) if protocol else None,
        "device": source.device(),
        "derivedFrom": source.derived(images),
        "component": _components(item, source),
    }
    return source.observation(item.place, compact(parts), *number)


def _named(item: Item, *terms: Term) -> list[Item]:
    return [child for child in item.children if child.term in terms and (child.value or child.code)]


def _components(item: Item, source: Source) -> list[Element]:
    """Return every quantity below an item, whatever the depth, and the codes that explain them."""
    found = []
    for one in _below(item):
        quantity = one.kind == "NUM" and one.term not in _GEOMETRY and not _is_private(one)
        if quantity or (one.kind == "CODE" and one.term in _CODED):
            found.append(component(one, source.offset))
    return [one for one in found if one]


def _is_private(item: Item) -> bool:
    # PS3.16 section 8: designators of private coding schemes begin with 99.
    return item.term.scheme.startswith("99")


def _below(item: Item) -> Iterator[Item]:
    waiting = list(reversed(item.children))
    while waiting:
        one = waiting.pop()
        if one.term in _APART or one.term in _EVENTS or one.term in _TOTALS:
            continue
        yield one
        waiting.extend(reversed(one.children))


def _summary(item: Item) -> str:
    """Return the totals in one line, as a person reads them."""
    said = []
    for one in _below(item):
        label = _SUMMARY.get(one.term)
        quantity = (component(one) or {}).get("valueQuantity") if label else None
        if label and quantity:
            side = code_of(one).get("text", "").partition(", ")[2]
            said.append(f"{label}{f' ({side})' if side else ''} : {_in_words(quantity)}")
    return " ; ".join(said)


def _in_words(quantity: Element) -> str:
    """Return a quantity in the unit that French readers know, four digits, a decimal comma."""
    factor, unit = _READ_AS.get(quantity.get("code", ""), (1, quantity.get("unit", "")))
    value = Context(prec=_DIGITS).create_decimal(Decimal(quantity["value"]) * factor)
    digits = f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return f"{digits.replace('.', ',')} {unit}".strip()


def _irradiated(source: Source) -> Element:
    """Return when the irradiation began and ended, when the report says so."""
    ends = [next((one.value for one in _named(source.root, term)), "") for term in _IRRADIATION]
    start, end = (dt_datetime(one, source.offset) for one in ends)
    return {"effectivePeriod": period(start, end)} if start else {}


def _is_uid(text: str) -> bool:
    # An oid of FHIR begins with 0, 1 or 2; senders do not always.
    return text[:2] in ("0.", "1.", "2.") and all(part.isdigit() for part in text.split("."))
