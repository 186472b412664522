"""Dates, times and moments against a single value or a range (PS3.4 C.2.2.2.5, PS3.5 6.2).

A value is compared as text in a canonical form: `YYYYMMDD`, `HHMMSS.FFFFFF`, and both for a moment,
in UTC when it names an offset.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

MOMENTS: Final = frozenset({"DA", "DT", "TM"})
_DATE: Final = re.compile(r"(\d{4})[.:/]?(\d{2})[.:/]?(\d{2})")
_TIME: Final = re.compile(r"(\d{2})(?::?(\d{2}))?(?::?(\d{2}))?(?:\.(\d{1,6}))?")
_MOMENT: Final = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6}))?")
# PS3.5 6.2: from -1200 to +1400.
_OFFSET: Final = re.compile(r"[+-](?:0\d|1[0-4])[0-5]\d")
_FIRST: Final = ("", "01", "01", "00", "00", "00", "000000")
_LAST: Final = ("", "12", "31", "23", "59", "59", "999999")


class Moments(NamedTuple):
    """A range in canonical form; an end that is open is empty."""

    low: str
    high: str

    def contains(self, moment: str) -> bool:
        """Say whether a moment in canonical form lies in it, the ends included."""
        return (not self.low or moment >= self.low) and (not self.high or moment <= self.high)


def moment_matches(vr: str, held: str, asked: str) -> bool:
    """Say whether a value of VR DA, TM or DT is what a key asks for.

    A single value is met by the same moment, however it is written. What is no date is compared as
    text.
    """
    wanted = moments(vr, asked)
    found = _read(vr, held.strip(), _FIRST)
    if wanted is None or not found:
        return held.strip() == asked.strip()
    return wanted.contains(found)


@lru_cache(maxsize=512)
def moments(vr: str, asked: str) -> Moments | None:
    """Return a key as a range, None when it is neither a value nor a range of that VR."""
    first, dash, last = _split(vr, asked.strip())
    low, high = _read(vr, first, _FIRST), _read(vr, last, _LAST)
    if (first and not low) or (last and not high) or not (first or last):
        return None
    return Moments(low, high) if dash else Moments(low, low)


def _split(vr: str, asked: str) -> tuple[str, str, str]:
    """Cut a range at its hyphen; that of an offset is none."""
    if vr != "DT":
        return asked.partition("-")
    for at, one in enumerate(asked):
        if one == "-" and not (at and _OFFSET.fullmatch(asked[at : at + 5])):
            return asked[:at], "-", asked[at + 1 :]
    return asked, "", ""


def _read(vr: str, text: str, missing: tuple[str, ...]) -> str:
    """Return a value in canonical form, empty when it is none; `missing` completes it."""
    if vr == "DA":
        found = _DATE.fullmatch(text)
        return "".join(found.groups()) if found else ""
    if vr == "TM":
        found = _TIME.fullmatch(text)
        return _clock(found.groups(), missing[3:]) if found else ""
    return _moment(text, missing)


def _clock(parts: tuple[str | None, ...], missing: tuple[str, ...]) -> str:
    """Write the parts of a time; those behind the last one that is given are `missing`."""
    hour, minute, second, fraction = parts
    # A fraction has zeros behind it, not nines.
    digits = fraction.ljust(6, "0") if fraction else missing[3]
    return f"{hour or missing[0]}{minute or missing[1]}{second or missing[2]}.{digits}"


def _moment(text: str, missing: tuple[str, ...]) -> str:
    offset = text[-5:] if _OFFSET.fullmatch(text[-5:]) else ""
    found = _MOMENT.fullmatch(text.removesuffix(offset) if offset else text)
    if found is None:
        return ""
    year, month, day, *clock = found.groups()
    local = f"{year}{month or missing[1]}{day or missing[2]}{_clock(tuple(clock), missing[3:])}"
    return _in_utc(local, offset) if offset else local


def _in_utc(local: str, offset: str) -> str:
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    try:
        moment = datetime.strptime(local, "%Y%m%d%H%M%S.%f")  # noqa: DTZ007 - its offset follows
    except ValueError:
        return local
    shifted = moment - ahead if offset[0] == "+" else moment + ahead
    return f"{shifted:%Y%m%d%H%M%S.%f}"
