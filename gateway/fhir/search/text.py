"""How strings are compared: without case, accents and double spaces.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from itertools import filterfalse
from typing import Final
from unicodedata import combining, normalize

LIMIT: Final = 200
BOUND: Final = 400
# Letters that have no decomposition, and are typed without their mark all the same.
_PLAIN: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "\u2019": "'"})


def folded(text: str) -> str:
    """Return `text` as it is compared, at most 200 characters."""
    # Marks and double spaces fall away: read more than is kept, and never a whole megabyte.
    return _folded(text[: 4 * LIMIT])


def folded_whole(text: str) -> str:
    """Return a text of any length without case and accents; its spaces stay."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    apart = normalize("NFKD", plain.translate(_PLAIN))
    return "".join(filterfalse(combining, apart)).casefold()


def exact_of(text: str) -> str:
    """Return what :exact compares: the text, or its beginning and a digest of a longer one."""
    if len(text) <= LIMIT:
        return text
    # A lone surrogate has no UTF-8: it is digested as what it is.
    return f"{text[:LIMIT]}\x1f{sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def bounded(text: str) -> str:
    """Return a code, system, URI or id as it is compared: a digest ends what is over 400 long.

    A row of an index has a longest length in any database.
    """
    return text if len(text) <= BOUND else exact_of(text)


@lru_cache(maxsize=8192)
def _folded(text: str) -> str:
    return " ".join(folded_whole(text).split())[:LIMIT].rstrip()
