"""HL7 v2 times (DT, DTM, TS) as FHIR date, dateTime and instant, with the precision they came in.

A DTM is `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` (HL7 v2.5.1 chapter 2A, 2.A.22). FHIR
wants a zone wherever there is a time; a French sender that gives none means French time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import tzinfo

PARIS: Final = ZoneInfo("Europe/Paris")

_DTM: Final = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:(?P<month>[0-9]{2})"
    r"(?:(?P<day>[0-9]{2})"
    r"(?:(?P<hour>[0-9]{2})"
    r"(?:(?P<minute>[0-9]{2})"
    r"(?:(?P<second>[0-9]{2})"
    r"(?P<fraction>\.[0-9]{1,9})?"
    r")?)?)?)?)?"
    r"(?P<offset>[+-][0-9]{4})?"
)
# The widest offsets in use are -12:00 and +14:00.
_WIDEST: Final = timedelta(hours=14)
_HOUR: Final = 60
_DATE_PARTS: Final = 3


class _Read(NamedTuple):
    moment: datetime
    parts: int  # how many of year, month, day, hour, minute, second were typed
    fraction: str


def fhir_date(text: str) -> str | None:
    """Give `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; a time is left out; None when invalid or empty."""
    read = _read(text, PARIS)
    return _date(read) if read else None


def fhir_datetime(text: str, zone: tzinfo = PARIS) -> str | None:
    """Give a FHIR dateTime, in `zone` when the text has a time and no offset; None when invalid.

    FHIR knows no hour without minutes and seconds: what is missing of these is zero.
    """
    read = _read(text, zone)
    if read is None:
        return None
    return _with_time(read) if read.parts > _DATE_PARTS else _date(read)


def fhir_instant(text: str, zone: tzinfo = PARIS) -> str | None:
    """Give a FHIR instant; None when invalid or when there is no time of day."""
    read = _read(text, zone)
    return _with_time(read) if read and read.parts > _DATE_PARTS else None


def timestamp(moment: datetime) -> str:
    """Write an aware time as a DTM to the second with its offset: `20260305143000+0100`."""
    return f"{moment:%Y%m%d%H%M%S%z}"


def _date(read: _Read) -> str:
    return read.moment.date().isoformat()[: (4, 7, 10)[min(read.parts, 3) - 1]]


def _with_time(read: _Read) -> str:
    text = read.moment.isoformat(timespec="seconds")
    # The fraction is kept digit for digit, also where Python would round it.
    return f"{text[:19]}{read.fraction}{text[19:]}"


# A message says the same few times again and again.
@lru_cache(maxsize=256)
def _read(text: str, zone: tzinfo) -> _Read | None:
    match = _DTM.fullmatch(text.strip())
    if match is None:
        return None
    *parts, fraction, offset = match.groups()
    typed = [int(part) for part in parts if part is not None]
    given = _offset(offset)
    if offset and given is None:
        return None
    # A date needs a month and a day to exist, a time of day may begin at zero.
    whole = typed + [1, 1][max(0, len(typed) - 1) :]
    try:
        # Three to six numbers: mypy cannot count them.
        moment = datetime(*whole, tzinfo=given or zone)  # type: ignore[arg-type, misc]
        moment.utcoffset()
    except (ValueError, OverflowError):
        return None
    return _Read(moment, len(typed), fraction or "")


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    hours, minutes = int(text[1:3]), int(text[3:])
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes >= _HOUR or offset > _WIDEST:
        return None
    return timezone(-offset if text.startswith("-") else offset)
