"""Texts and numbers against a key (PS3.4 C.2.2.2.1 to C.2.2.2.4 and C.2.2.2.9)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

# Empty value matching: two quotation marks.
EMPTY: Final = '""'
_STAR: Final = re.compile(r"\*+")


def is_universal(wanted: list[Any]) -> bool:
    """Say whether a key asks for nothing: no value, an empty one, or a star alone."""
    return not wanted or all(_asks_nothing(one) for one in wanted)


def _asks_nothing(one: object) -> bool:
    if one is None or one == {}:
        return True
    if isinstance(one, str):
        return _STAR.fullmatch(one.strip()) is not None or not one.strip()
    if isinstance(one, dict):
        # A person name by its groups; the items of a sequence are attributes by their tags.
        groups = [part for name, part in one.items() if not _is_tag(name)]
        return bool(groups) and len(groups) == len(one) and is_universal(groups)
    return False


def _is_tag(name: str) -> bool:
    return len(name) == 8 and all(one in "0123456789ABCDEFabcdef" for one in name)  # noqa: PLR2004 - digits of a tag


def text_matches(held: str, asked: str) -> bool:
    """Compare texts by case, with wildcards; composed and decomposed letters are the same."""
    return pattern(asked).fullmatch(normal(held)) is not None


def number_matches(held: object, asked: object) -> bool:
    """Compare numbers by value: 1, 01 and 1.0 are the same."""
    try:
        return float(str(held)) == float(str(asked))
    except ValueError:
        return str(held) == str(asked)


def normal(text: str) -> str:
    """Return a text in composed form without the blanks around it."""
    stripped = text.strip()
    return stripped if stripped.isascii() else unicodedata.normalize("NFC", stripped)


@lru_cache(maxsize=512)
def pattern(asked: str) -> re.Pattern[str]:
    """Return a key as a pattern: a star is any text, a question mark one character."""
    parts = _STAR.sub("*", normal(asked))
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(one) or re.escape(one) for one in parts), re.DOTALL)
