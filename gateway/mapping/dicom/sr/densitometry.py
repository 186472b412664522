"""Bone density to Observations: BMD, T-score and Z-score of each region.

Exam, region and NUM are found by what they are, not by where they stand; the Observations have the
shape of those that an ORU brings: one a measure, the region in `bodySite`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import SNOMED, UCUM, Element, coding, compact, concept
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.sr import densitometry_codes as table
from gateway.mapping.dicom.sr.units import measured

if TYPE_CHECKING:
    from gateway.dicom.sr.tree import Item
    from gateway.mapping.dicom.sr.densitometry_codes import Measure
    from gateway.mapping.dicom.sr.source import Source
    from gateway.mapping.entry import Entry

_SITE: Final = Term("SCT", "363698007")
_TRACKING: Final = Term("DCM", "112039")
_LATERALITY: Final = concept(coding(SNOMED, "272741003", "Laterality"))
_METHOD: Final = concept(coding(SNOMED, "300004007", "Dual energy X-ray absorptiometry"))
_SEPARATORS: Final = re.compile(r"[\s_-]+")
# A region has a name, its exam another: what stands higher is the document.
_ABOVE: Final = 2


def is_densitometry(root: Item) -> bool:
    """Whether a tree measures bones: its title says so, or one of its measures can be no other."""
    sure = (table.BMD, table.T_SCORE, table.Z_SCORE)
    return root.term in table.TITLES or any(
        one.kind == "NUM" and _measure(one) in sure for one in root.walk()
    )


def densities(source: Source) -> list[Entry]:
    """Return the Observations of a densitometry, in the order of the document."""
    found: list[Entry] = []
    waiting: list[tuple[Item, tuple[Item, ...]]] = [(source.root, ())]
    while waiting:
        item, above = waiting.pop()
        measure = _measure(item) if item.kind == "NUM" else None
        if measure:
            found.append(_density(item, measure, above, source))
            continue
        inside = (*above, item)[-_ABOVE:] if item is not source.root else ()
        waiting += [(child, inside) for child in reversed(item.children)]
    return found


def _measure(item: Item) -> Measure | None:
    known = table.CODES.get(item.term)
    if known:
        return known
    words = _SEPARATORS.sub("", item.meaning.lower())
    whole = table.WHOLE_WORDS.get(words) or table.WHOLE_WORDS.get(item.term.value.lower())
    return whole or next((one for part, one in table.WORDS if part in words), None)


def _density(item: Item, measure: Measure, above: tuple[Item, ...], source: Source) -> Entry:
    own = item_concept(item.name).get("coding", [])
    shared = [measure.coding] if measure.coding else []
    others = [one for one in own if (one.get("system"), one["code"]) != _key(measure.coding)]
    region = _region(above)
    side = _side(region.get("text", ""))
    parts = {
        "code": concept(*shared, *others, text=measure.text),
        **_value(item, measure),
        "bodySite": region,
        "method": _METHOD,
        "device": source.device(),
        "derivedFrom": source.derived(),
        "component": [{"code": _LATERALITY, "valueCodeableConcept": side}] if side else [],
    }
    return source.observation(item.place, compact(parts))


def _key(shared: Element) -> tuple[str | None, str | None]:
    return shared.get("system"), shared.get("code")


def _value(item: Item, measure: Measure) -> Element:
    value = measured(item)
    quantity = value.get("valueQuantity")
    if quantity and not quantity.get("code"):
        quantity |= {
            "unit": quantity.get("unit", measure.unit),
            "system": UCUM,
            "code": measure.unit,
        }
    return value


def _region(above: tuple[Item, ...]) -> Element:
    """Return the region: its coded site when it has one, else exam and region in words."""
    site = next((found for one in reversed(above) if (found := one.find(_SITE))), None)
    named = next((found for one in reversed(above) if (found := one.find(_TRACKING))), None)
    if site and site.code:
        words = named.value if named else site.value
        return item_concept(site.code) | {"text": words}
    names = [one.meaning for one in above if one.meaning]
    text = ", ".join(dict.fromkeys(names)) or (named.value if named else "")
    lowered = text.lower()
    known = next((row for words, row in table.REGIONS if all(w in lowered for w in words)), None)
    return concept(coding(SNOMED, *known), text=text) if known else concept(text=text or None)


def _side(text: str) -> Element | None:
    words = set(re.findall(r"\w+", text.lower()))
    known = next((row for names, row in table.SIDES if words & set(names)), None)
    return concept(coding(SNOMED, *known)) if known else None
