"""Measurements to Observations: one of each group, and one of each NUM wherever it stands.

PS3.16 TID 1500, 1501, 1410, 1411, 300, 1419, 1420, TID 5000 and its family, and any other tree: a
measurement is of the site, side and tracking identifiers that stand above it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.dicom.json_model import text
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import DICOM_UID, Element, compact, concept, oid_system, reference
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.dates import dt_datetime
from gateway.mapping.dicom.sr.components import LATERALITY, code_of, component, item_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.sr.tree import Item
    from gateway.mapping.dicom.sr.source import Source
    from gateway.mapping.entry import Entry

GROUP: Final = Term("DCM", "125007")
_TRACKING: Final = Term("DCM", "112039")
_TRACKING_UID: Final = Term("DCM", "112040")
_CATEGORY: Final = Term("SCT", "276214006")
_FINDING: Final = Term("DCM", "121071")
_SITE: Final = (Term("SCT", "363698007"), Term("SCT", "91723000"), Term("DCM", "123014"))
_TOPOGRAPHY: Final = Term("SCT", "106233006")
_METHOD: Final = (Term("SCT", "370129005"), Term("DCM", "121401"))
_NORMALITY: Final = Term("DCM", "121402")
# What says whose or where the group is, which its own elements say already.
_SAID: Final = frozenset(
    {_TRACKING, _TRACKING_UID, _CATEGORY, _FINDING, _NORMALITY, *_SITE, *_METHOD, *LATERALITY}
)
TRACKING_SYSTEM: Final = "urn:passerelle:tracking-identifier"
# More would be a fault of the sender's, or an attack.
MOST: Final = 4000


@dataclass(frozen=True, slots=True)
class _Place:
    """What the items above say of a measurement."""

    site: Item | None = None
    side: Item | None = None
    tracking: tuple[Element, ...] = ()

    def below(self, item: Item) -> _Place:
        """Return what holds for the children of `item`, or for it when it is a measurement."""
        site = item.find(*_SITE)
        side = item.find(*LATERALITY) or (site.find(*LATERALITY) if site else None)
        tracking = _tracking(item)
        return replace(
            self,
            site=site if site and site.code else self.site,
            side=side or self.side,
            tracking=tracking or self.tracking,
        )

    def elements(self) -> Element:
        """Return `bodySite`; the side is in its words, and a component of its own."""
        found = item_concept(self.site.code) if self.site else {}
        said = [self.site.find(_TOPOGRAPHY) if self.site else None, self.side]
        words = [found.get("text", ""), *(one.value for one in said if one)]
        named = ", ".join(dict.fromkeys(word for word in words if word))
        return {"bodySite": found | {"text": named}} if named else {}


def measurements(source: Source) -> list[Entry]:
    """Return the groups and measurements of a tree, members before their groups."""
    found: list[Entry] = []
    waiting: list[tuple[Item, _Place]] = [(source.root, _Place())]
    while waiting and len(found) < MOST:
        item, above = waiting.pop()
        place = above.below(item)
        if item.term == GROUP:
            found += _group(item, place, source)
        elif item.kind == "NUM":
            found.append(_measurement(item, place, source))
        else:
            waiting += [(child, place) for child in reversed(item.children)]
    return found


def _group(item: Item, place: _Place, source: Source) -> list[Entry]:
    members = [
        _measurement(one, place.below(one), source) for one in _inside(item) if one.kind == "NUM"
    ]
    category, finding = item.find(_CATEGORY), item.find(_FINDING)
    value = item_value(finding, source.offset) if finding else {}
    parts = {
        "code": (item_concept(category.code) if category else {}) or code_of(item),
        **value,
        "interpretation": _interpretation(item),
        **place.elements(),
        "method": _method(item),
        "derivedFrom": source.derived(_images(item)),
        "hasMember": [reference(one.full_url) for one in members],
        "component": _qualities(item, place, source),
    }
    group = source.observation(item.place, compact(parts), *place.tracking)
    return [*members, group]


def _inside(item: Item) -> Iterator[Item]:
    waiting = list(reversed(item.children))
    while waiting:
        one = waiting.pop()
        yield one
        if one.kind != "NUM":
            waiting.extend(reversed(one.children))


def _measurement(item: Item, place: _Place, source: Source) -> Entry:
    own = text(item.model, sr.OBSERVATION_UID)
    number = [{"system": DICOM_UID, "value": oid_system(own)}] if own else []
    moment = dt_datetime(text(item.model, sr.OBSERVATION_DATETIME), source.offset)
    parts = {
        "code": code_of(item),
        "effectiveDateTime": moment or source.observed,
        **item_value(item, source.offset),
        "interpretation": _interpretation(item),
        **place.elements(),
        "method": _method(item),
        "derivedFrom": source.derived(_images(item)),
        "component": _qualities(item, place, source),
    }
    return source.observation(item.place, compact(parts), *number, *place.tracking)


def _interpretation(item: Item) -> list[Element]:
    normality = item.find(_NORMALITY)
    return [item_concept(normality.code)] if normality and normality.code else []


def _method(item: Item) -> Element | None:
    """Return the measurement method, or how the value was derived (TID 1420)."""
    found = item.find(*_METHOD)
    if found is None:
        return None
    return item_concept(found.code) or concept(text=found.value) or None


def _qualities(item: Item, place: _Place, source: Source) -> list[Element]:
    """Return what else is said of a group or measurement in codes and words, and its side."""
    said = [one for one in item.children if one.kind in ("CODE", "TEXT") and one.term not in _SAID]
    sides = [place.side] if place.side and place.side not in said else []
    return [found for one in (*said, *sides) if (found := component(one, source.offset))]


def _tracking(item: Item) -> tuple[Element, ...]:
    """Return the tracking identifier and UID of TID 4108 as identifiers."""
    name, uid = item.find(_TRACKING), item.find(_TRACKING_UID)
    found: list[Element] = []
    if uid and uid.value:
        found.append({"system": DICOM_UID, "value": oid_system(uid.value)})
    if name and name.value:
        found.append({"system": TRACKING_SYSTEM, "value": name.value})
    return tuple(found)


def _images(item: Item) -> tuple[str, ...]:
    """Return the UIDs of what was measured: images, and those that regions were drawn on."""
    found = (uid for one in _all(item) for _, uid in one.referenced)
    return tuple(dict.fromkeys(found))


def _all(item: Item) -> Iterator[Item]:
    for one in item.walk():
        yield one
        if one.target is not None:
            yield one.target
