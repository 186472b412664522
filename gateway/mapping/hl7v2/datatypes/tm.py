"""TM, a time of day."""

from __future__ import annotations

import re
from typing import Final

_TM: Final = re.compile(
    r"(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9])?(?P<second>[0-5][0-9])?"
    r"(?P<fraction>\.[0-9]{1,4})?(?:[+-][0-9]{4})?"
)


def fhir_time(text: str) -> str | None:
    """Return a FHIR time, `HH:MM:SS`, of `HH[MM[SS[.S]]]`; None when it is none.

    HL7 v2.5.1 chapter 2A, 2.A.75. A FHIR time has no zone: an offset is left out.
    """
    match = _TM.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    return f"{hour}:{minute or '00'}:{second or '00'}{fraction or ''}"
