"""How a name sounds, in French and in English: what `phonetic` parameters compare.

The code is the consonants that are heard, and `A` for a vowel at the beginning: Dupont, Dupond and
Duppon are all `DPN`; Philippe and Filip `FLP`; Lefèvre and Lefebvre `LFVR`. Letters are read from
left to right, the first rule that fits counts. A point ends a code, so that one name is never the
beginning of another.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.fhir.search.text import LIMIT, folded

# (letters as a regular expression, what is heard).
_RULES: Final = (
    # At the beginning of a word.
    (r"^(?:kn|gn|pn|mn)", "N"),
    (r"^wr", "R"),
    (r"^ps", "S"),
    (r"^[aeiouyh]+", "A"),
    # Letters that make one sound.
    (r"sch", "C"),
    (r"t?ch(?=[rl])", "K"),
    (r"t?ch|sh", "C"),
    (r"ph", "F"),
    (r"th", "T"),
    (r"gn", "N"),
    (r"gh(?=t)", ""),
    (r"dg(?=[eiy])", "J"),
    (r"bv", "V"),
    (r"sc(?=[eiy])", "S"),
    (r"ti(?=on)", "S"),
    (r"gu(?=[eiy])", "G"),
    (r"ck|cqu?|qu|kh", "K"),
    (r"m(?=[bp])", "N"),
    # Letters that sound as their neighbour makes them.
    (r"c(?=[eiy])", "S"),
    # Francois, as registers write it.
    (r"(?<=n)c(?=oi)", "S"),
    (r"g(?=[eiy])", "J"),
    # Not heard at the end of a word.
    (r"[tdsxz]+$", ""),
    # Letters that sound alike.
    (r"[ckq]", "K"),
    (r"x", "KS"),
    (r"[sz]", "S"),
    (r"[vw]", "V"),
    (r"[aeiouyh]", ""),
    (r"[a-z]", ""),
)
_SCAN: Final = re.compile("|".join(f"({pattern})" for pattern, _ in _RULES))
# What the last rule finds stands for itself.
_ITSELF: Final = len(_RULES)
_TWICE: Final = re.compile(r"(.)\1+")
_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 24
_END: Final = "."


def sound_of(text: str) -> str:
    """Return the code of a whole text, "" when it has no letters: what a query asks for."""
    return _ended("".join(_sounds(text[:LIMIT])))


def sounds_of(text: str) -> frozenset[str]:
    """Return the codes that a name is found by: of the whole and of each of its words."""
    words = _sounds(text[:LIMIT])
    return frozenset({_ended(word) for word in ("".join(words), *words) if word})


def _ended(code: str) -> str:
    return code[:_LONGEST] + _END if code else ""


@lru_cache(maxsize=8192)
def _sounds(text: str) -> tuple[str, ...]:
    # The cedilla is heard, and folding takes it away.
    plain = folded(text.replace("ç", "s").replace("Ç", "S"))
    return tuple(_code(word) for word in _WORD.findall(plain))


def _code(word: str) -> str:
    if not (word.isascii() and word.isalpha()):
        # Another script, or a number: found as it is written.
        return word
    single = _TWICE.sub(r"\1", word)
    heard = _TWICE.sub(r"\1", _SCAN.sub(_heard, single))
    return heard or single.upper()


def _heard(found: re.Match[str]) -> str:
    rule = found.lastindex or _ITSELF
    return found[0].upper() if rule == _ITSELF else _RULES[rule - 1][1]
