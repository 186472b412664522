"""Person names against a key, without regard to case and accents (PS3.4 C.2.2.2.1, PS3.5 6.2.1)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

from gateway.dicom.matching.values import pattern

_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
# Letters that do not decompose into one without an accent.
_LETTERS: Final = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "\u2019": "'",
    }
)
_WORDS: Final = re.compile(r"[\s^=,'-]+")


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return a name as it is compared: small letters, no accents, no empty components at the end.

    `LEFÈVRE ^Zoé^^` is `lefevre^zoe`; a ligature is its two letters.
    """
    plain = name.casefold() if name.isascii() else _without_accents(name)
    return "^".join(" ".join(part.split()) for part in plain.split("^")).rstrip("^")


def _without_accents(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return "".join(one for one in parts if not unicodedata.combining(one))


def name_matches(held: object, asked: object, *, fuzzy: bool = False) -> bool:
    """Compare a person name with a key, each a DICOM JSON value.

    A key of one group may be any group of the name; one of several compares group with group. With
    `fuzzy` each word of the key begins a word of the name (PS3.18 8.3.4.2).
    """
    names, keys = _groups(held), _groups(asked)
    if fuzzy:
        return _words_match([one for one in names if one], [one for one in keys if one])
    given = [one for one in keys if one]
    if len(given) == 1 and keys[0]:
        return any(_group_matches(one, given[0]) for one in names if one)
    return all(
        _group_matches(name, wanted) for name, wanted in zip(names, keys, strict=True) if wanted
    )


def _group_matches(name: str, wanted: str) -> bool:
    return pattern(fold(wanted)).fullmatch(fold(name)) is not None


def _words_match(names: list[str], keys: list[str]) -> bool:
    held = [word for name in names for word in _words(name)]
    asked = [word.rstrip("*") for one in keys for word in _words(one)]
    return all(
        any(pattern(f"{one}*").fullmatch(word) is not None for word in held) for one in asked
    )


def _words(name: str) -> list[str]:
    return [word for word in _WORDS.split(fold(name)) if word]


def _groups(value: Any) -> tuple[str, str, str]:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        first, second, third = (str(value.get(name) or "") for name in _GROUPS)
        return first, second, third
    parts = [*str(value or "").split("="), "", ""]
    return parts[0], parts[1], parts[2]
