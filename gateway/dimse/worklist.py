"""Modality Worklist: identifiers as queries, entries as answers (PS3.4 annex K)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import Model, element, items, key, text
from gateway.dicom.matching import Options
from gateway.dicom.query import Level, Query, is_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.dimse.exchange import Exchange

    # Gives the entries that a query means, each completed by a function before it is matched.
    Entries = Callable[[Query, Callable[[Model], Model]], Iterator[Model]]

_STEPS: Final = 0x00400100
_STATION: Final = 0x00400001
_CHARSET: Final = key(tag.SPECIFIC_CHARACTER_SET)
# Optional keys of table K.6-1 that no order tells: weight, alerts, allergies, pregnancy, special
# needs, state. They are not matched.
_NOT_MATCHED: Final = (0x00101030, 0x00102000, 0x00102110, 0x001021C0, 0x00380050, 0x00380500)


def worklist_query(keys: Model) -> Query:
    """Return the query that an identifier means; dates and times are one range (table K.6-1)."""
    ignored = {_CHARSET, *map(key, _NOT_MATCHED)}
    asked = {name: one for name, one in keys.items() if name not in ignored}
    return Query(Level.STUDY, asked, Options(combined=True))


def worklist_supports(keys: Model) -> bool:
    """Say whether every key that has a value is matched.

    0 is no value of Pregnancy Status, but what dcmjs-dimse writes for none; and it takes FF01 for
    the last answer.
    """
    asked = {name: one for name, one in keys.items() if one.get("Value") != [0]}
    return not any(is_asked(asked, one) for one in _NOT_MATCHED)


def worklist_finder(entries: Entries) -> Callable[[Model, Exchange], Iterator[Model]]:
    """Return who answers C-FIND of worklists."""

    def find(keys: Model, exchange: Exchange) -> Iterator[Model]:
        return entries(worklist_query(keys), lambda one: at_station(one, exchange.peer.calling))

    return find


def at_station(entry: Model, title: str) -> Model:
    """Return an entry whose steps have a station: who asks may take what has none yet.

    Scheduled Station AE Title (0040,0001) is required in an answer.
    """
    steps = items(entry, _STEPS)
    if all(text(one, _STATION) for one in steps):
        return entry
    named = {key(_STATION): element("AE", [title])}
    filled = [one if text(one, _STATION) else {**one, **named} for one in steps]
    return {**entry, key(_STEPS): element("SQ", filled)}
