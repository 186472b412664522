"""A dataset against the keys of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom.json_model import key
from gateway.dicom.matching.names import name_matches
from gateway.dicom.matching.ranges import MOMENTS, Moments, moment_matches, moments
from gateway.dicom.matching.values import (
    EMPTY,
    is_universal,
    number_matches,
    text_matches,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.dicom.json_model import Model

# Date and time that are one moment (PS3.4 C.2.2.2.5.4, table K.6-1).
COMBINED: Final = (
    (0x00080020, 0x00080030),
    (0x00080021, 0x00080031),
    (0x00080022, 0x00080032),
    (0x00080023, 0x00080033),
    (0x00400002, 0x00400003),
    (0x00400004, 0x00400005),
    (0x00400244, 0x00400245),
    (0x00400250, 0x00400251),
)
# Not values to be matched: what the peer says of its own request.
_NOT_KEYS: Final = frozenset(map(key, (0x00080005, 0x00080052, 0x00080053, 0x00080201)))
_NUMBERS: Final = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
# PS3.4 C.2.2.2.4: only in these a star is not a star.
_TEXTS: Final = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"})


@dataclass(frozen=True, slots=True)
class Options:
    """How to match: `fuzzy` names by the beginnings of their words, `combined` dates with times."""

    fuzzy: bool = False
    combined: bool = False


def matches(model: Model, keys: Model, options: Options | None = None) -> bool:
    """Say whether a dataset has what every key asks for; keys without value ask for nothing."""
    chosen = options or Options()
    joined: set[str] = set()
    if chosen.combined:
        for date, time in COMBINED:
            asked = _range_of(keys, date, time)
            if asked is None:
                continue
            joined |= {key(date), key(time)}
            if not _in_combined(model, date, time, asked):
                return False
    return all(
        _matches(model.get(name), asked, chosen)
        for name, asked in keys.items()
        if name not in joined and name not in _NOT_KEYS
    )


def _matches(held: Any, asked: dict[str, Any], options: Options) -> bool:  # noqa: ANN401 - an element, or none
    wanted = asked.get("Value") or []
    if is_universal(wanted):
        return True
    found = (held.get("Value") or []) if isinstance(held, dict) else []
    vr = asked.get("vr", "")
    if vr == "SQ" or (isinstance(wanted[0], dict) and vr != "PN"):
        return _sequence_matches(found, wanted, options)
    if wanted == [EMPTY]:
        return not any(value not in (None, "", {}) for value in found)
    test = _test_of(vr, options)
    return any(test(value, one) for one in wanted for value in found if one not in (None, ""))


def _sequence_matches(found: list[Any], wanted: list[Any], options: Options) -> bool:
    """Match an item of the dataset against an item of the key (PS3.4 C.2.2.2.6)."""
    asked = [one for one in wanted if isinstance(one, dict)]
    held = [one for one in found if isinstance(one, dict)]
    # Without an item an empty one answers: it meets keys that ask for nothing.
    return any(matches(one, item, options) for item in asked for one in held or [{}])


def _test_of(vr: str, options: Options) -> Callable[[Any, Any], bool]:
    if vr == "PN":
        return lambda held, asked: name_matches(held, asked, fuzzy=options.fuzzy)
    if vr in MOMENTS:
        return lambda held, asked: moment_matches(vr, str(held), str(asked))
    if vr in _NUMBERS:
        return number_matches
    if vr in _TEXTS:
        return lambda held, asked: text_matches(str(held), str(asked))
    return lambda held, asked: str(held) == str(asked)


def _range_of(keys: Model, date: int, time: int) -> Moments | None:
    """Return the range that a date and a time make together, None unless both are ranges."""
    first, last = _first(keys, date), _first(keys, time)
    if "-" not in first or "-" not in last:
        return None
    days, hours = moments("DA", first), moments("TM", last)
    if days is None or hours is None:
        return None
    return Moments(
        days.low[:8] + hours.low if days.low else "",
        days.high[:8] + (hours.high or "999999.999999") if days.high else "",
    )


def _in_combined(model: Model, date: int, time: int, asked: Moments) -> bool:
    day, hour = _first(model, date), _first(model, time)
    if not day:
        return False
    found = moments("DA", day), moments("TM", hour or "0000")
    if found[0] is None or found[1] is None:
        return False
    return asked.contains(found[0].low[:8] + found[1].low)


def _first(model: Model, number: int) -> str:
    element = model.get(key(number))
    given = (element.get("Value") or []) if isinstance(element, dict) else []
    return str(given[0]) if given and given[0] is not None else ""
