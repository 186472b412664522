"""Value sets that no list holds: a grammar says which codes are in them.

https://hl7.org/fhir/R4/valueset-mimetypes.html (BCP 13), valueset-all-languages.html (BCP 47)
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE: Final = re.compile(rf"{_NAME}/{_NAME}(?:\s*;\s*[^\s;=]+=[^;]+)*")
_LANGUAGE: Final = re.compile(r"(?:[A-Za-z]{2,8}|[xXiI])(?:-[A-Za-z0-9]{1,8})*")
_GRAMMARS: Final = {
    "http://hl7.org/fhir/ValueSet/mimetypes": ("urn:ietf:bcp:13", _MEDIA_TYPE),
    "http://hl7.org/fhir/ValueSet/all-languages": ("urn:ietf:bcp:47", _LANGUAGE),
}


def by_grammar(value_set: str, system: str | None, code: str) -> bool | None:
    """Return whether a code is in a value set that is a grammar; None for any other value set."""
    known = _GRAMMARS.get(value_set.partition("|")[0])
    if known is None:
        return None
    return system in (None, known[0]) and known[1].fullmatch(code) is not None
