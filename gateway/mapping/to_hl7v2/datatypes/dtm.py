"""DT, TM and DTM: FHIR dates and times, in French time with the offset written out."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from gateway.hl7v2.datetimes import PARIS

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_FRACTION: Final = re.compile(r"\.[0-9]+")


def dtm(text: str | None) -> str:
    """Write a FHIR date, dateTime or instant with the precision it has; empty when it is none.

    A receiver that does not look at the offset reads the time of the clock on its wall.
    """
    if not text:
        return ""
    if match := _DATE.fullmatch(text):
        return "".join(part for part in match.groups() if part)
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
        local = moment.astimezone(PARIS)
    except (ValueError, OverflowError):
        # At either end of the years there is no such moment in Paris.
        return ""
    if moment.tzinfo is None:
        return ""
    fraction = _FRACTION.search(text)
    # A DTM has four digits of a second at most (HL7 v2.5.1 chapter 2A, 2.A.22).
    return f"{local:%Y%m%d%H%M%S}{fraction[0][:5] if fraction else ''}{local:%z}"


def date(text: str | None) -> str:
    """Write the day alone."""
    return dtm(text[:10]) if text else ""


def tm(text: str | None) -> str:
    """Write a FHIR time: `HHMMSS`."""
    return _FRACTION.sub("", text).replace(":", "") if text else ""
