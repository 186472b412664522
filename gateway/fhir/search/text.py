"""How strings are compared: without case, accents and double spaces.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from unicodedata import combining, normalize

LIMIT: Final = 200
# Letters that have no decomposition, and are typed without their mark all the same.
_PLAIN: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "\u2019": "'"})


def folded(text: str) -> str:
    """Return `text` as it is compared, at most 200 characters."""
    # Marks and double spaces fall away: read more than is kept, and never a whole megabyte.
    return _folded(text[: 4 * LIMIT])


@lru_cache(maxsize=8192)
def _folded(text: str) -> str:
    plain = text.casefold()
    if not plain.isascii():
        apart = normalize("NFKD", plain.translate(_PLAIN))
        plain = "".join(letter for letter in apart if not combining(letter)).casefold()
    return " ".join(plain.split())[:LIMIT].rstrip()
