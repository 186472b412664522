"""The expressions of _text and _content: https://hl7.org/fhir/R4/search.html#content.

`liver and not (bone or lung*)`: words, phrases in quotes (all of their words), `and`, `or`, `not`,
brackets; words side by side must all be there. `not` binds closest, then `and`, then `or`. What
other languages write in other ways (`-word`, `a|b`, `*word`) is refused: read as words it would
mean something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from gateway.fhir.search.values import InvalidSearch, TooCostly, WordsValue
from gateway.fhir.search.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.search.parameters import SearchParameter

# An expression, and one of its parts.
_Part = str | WordsValue

MAX_NESTING: Final = 32
MAX_WORDS: Final = 256

_PIECE: Final = re.compile(r'[()]|"[^"]*"|[^\s()"]+|"')
_SIGNS: Final = frozenset({"(", ")", "and", "or", "not"})
# Signs of other languages: without, with, one of, about, any beginning.
_FOREIGN: Final = re.compile(r'"[^"]*\*|(?!")(?:[-!+].|.*[|~^]|.*\*.|\*)', re.DOTALL)


def words_value(text: str, parameter: SearchParameter) -> WordsValue:
    """Read an expression; raises `InvalidSearch` or `TooCostly`."""
    found = _Expression(parameter.code, text).whole()
    return found if isinstance(found, WordsValue) else WordsValue("and", (found,))


class _Expression:
    """Reads from left to right; each method takes what it reads."""

    def __init__(self, code: str, text: str) -> None:
        self._code = code
        self._nesting = 0
        # Signs and lists of words, the next one last.
        self._tokens = [*self._read(_PIECE.findall(text))][::-1]

    def whole(self) -> _Part:
        """Return the expression; nothing may follow it."""
        found = self._either()
        if self._tokens:
            raise self._unbalanced()
        return found

    def _read(self, pieces: list[str]) -> Iterator[str | tuple[str, ...]]:
        count = 0
        for piece in pieces:
            if piece.casefold() in _SIGNS:
                yield piece.casefold()
                continue
            words = self._words(piece)
            count += len(words)
            if count > MAX_WORDS:
                raise self._too_costly()
            if words:
                yield words

    def _words(self, piece: str) -> tuple[str, ...]:
        if piece == '"':
            message = f"A quote of {self._code} is not closed."
            raise InvalidSearch(message, expression=self._code)
        if _FOREIGN.match(piece):
            message = (
                f"{self._code} takes words, word*, phrases in quotes, and, or, not and brackets: "
                f"{piece[:64]} is none of them."
            )
            raise InvalidSearch(message, expression=self._code)
        words = split_words(piece)
        return (*words[:-1], f"{words[-1]}*") if piece.endswith("*") and words else words

    def _either(self) -> _Part:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return _joined("or", parts)

    def _both(self) -> _Part:
        parts = [self._one()]
        while self._tokens and self._tokens[-1] not in ("or", ")"):
            self._took("and")
            parts.append(self._one())
        return _joined("and", parts)

    def _one(self) -> _Part:
        if self._took("not"):
            return WordsValue("not", (self._inside(self._one),))
        if self._took("("):
            found = self._inside(self._either)
            if not self._took(")"):
                raise self._unbalanced()
            return found
        if not self._tokens or self._tokens[-1] in _SIGNS:
            message = f"{self._code} has no word where one is needed."
            raise InvalidSearch(message, expression=self._code)
        return _joined("and", list(self._tokens.pop()))

    def _took(self, sign: str) -> bool:
        found = bool(self._tokens) and self._tokens[-1] == sign
        if found:
            self._tokens.pop()
        return found

    def _inside(self, read: Callable[[], _Part]) -> _Part:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._too_costly()
        found = read()
        self._nesting -= 1
        return found

    def _unbalanced(self) -> InvalidSearch:
        message = f"The brackets of {self._code} do not match."
        return InvalidSearch(message, expression=self._code)

    def _too_costly(self) -> TooCostly:
        message = (
            f"{self._code} takes at most {MAX_WORDS} words and {MAX_NESTING} brackets inside each "
            "other."
        )
        return TooCostly(message, expression=self._code)


def _joined(operator: Literal["and", "or"], parts: list[_Part]) -> _Part:
    """Return the parts as one; what they join by the same operator is joined here."""
    if len(parts) == 1:
        return parts[0]
    flat: list[_Part] = []
    for part in parts:
        same = isinstance(part, WordsValue) and part.operator == operator
        flat += part.parts if isinstance(part, WordsValue) and same else [part]
    return WordsValue(operator, tuple(dict.fromkeys(flat)))
