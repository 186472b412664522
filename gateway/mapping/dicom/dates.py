"""DICOM dates and times as FHIR date and dateTime (PS3.5 6.2: DA, TM)."""

from __future__ import annotations

import re
from typing import Final

from gateway.hl7v2.datetimes import fhir_date, fhir_datetime

_OFFSET: Final = re.compile(r"[+-][0-9]{4}")
# TM to the minute at least; FHIR has no hour alone, and nobody means "15" by 15:00:00.
_TIME: Final = re.compile(r"[0-9]{4}(?:[0-9]{2}(?:\.[0-9]{1,6})?)?")


def da_date(da: str) -> str | None:
    """Return a FHIR date; ACR-NEMA's dots are taken too (PS3.5 table 6.2-1 note)."""
    return fhir_date(da.replace(".", ""))


def da_tm_datetime(da: str, tm: str, offset: str) -> str | None:
    """Return a FHIR dateTime, with the time when there is one.

    `offset` is Timezone Offset From UTC (0008,0201); without it French time is meant.
    """
    date, time = da.replace(".", ""), tm.replace(":", "")
    if not _TIME.fullmatch(time):
        return fhir_date(date)
    zone = offset if _OFFSET.fullmatch(offset) else ""
    return fhir_datetime(f"{date}{time}{zone}") or fhir_date(date)


def dt_datetime(dt: str, offset: str) -> str | None:
    """Return a FHIR dateTime from a DT, which may have an offset of its own (PS3.5 6.2)."""
    date, time, own = dt[:8], dt[8:], ""
    for sign in "+-":
        time, found, zone = time.partition(sign)
        own = own or (found + zone)
    return da_tm_datetime(date, time, own or offset)
