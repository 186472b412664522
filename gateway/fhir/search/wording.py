"""The expressions of _text and _content: https://hl7.org/fhir/R4/search.html#content.

`liver and (bone or lung*)`: words, phrases in quotes (all of their words), `and`, `or`, brackets;
words side by side must all be there. `and` binds closer than `or`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.search.values import InvalidSearch, TooCostly, WordsValue
from gateway.fhir.search.words import split_words

if TYPE_CHECKING:
    from gateway.fhir.search.parameters import SearchParameter

# One of the lists of words that would do.
_Lists = frozenset[frozenset[str]]

MAX_LISTS: Final = 64
MAX_WORDS: Final = 256

_PIECE: Final = re.compile(r'[()]|"[^"]*"|[^\s()"]+|"')
_NOTHING: Final[_Lists] = frozenset()
_ANYTHING: Final[_Lists] = frozenset({frozenset()})


def words_value(text: str, parameter: SearchParameter) -> WordsValue:
    """Read an expression; raises `InvalidSearch`, `TooCostly` or `Unsupported`."""
    reader = _Expression(parameter.code)
    for piece in _PIECE.findall(text):
        reader.read(piece)
    lists = reader.result()
    return WordsValue(tuple(sorted(tuple(sorted(words)) for words in lists)))


class _Expression:
    """A reader without recursion: (what `or` joined so far, the current `and`) for each bracket."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._open: list[tuple[_Lists, _Lists]] = []
        self._either, self._both = _NOTHING, _ANYTHING
        self._words = 0

    def read(self, piece: str) -> None:
        """Read one word, phrase, operator or bracket."""
        match piece.casefold():
            case "(":
                if len(self._open) == MAX_LISTS:
                    raise self._too_costly()
                self._open.append((self._either, self._both))
                self._either, self._both = _NOTHING, _ANYTHING
            case ")":
                self._close()
            case "or":
                self._either, self._both = self._joined(), _ANYTHING
            case "and":
                self._need_words()
            case "not" if piece == "NOT":
                message = f"{self._code} does not take NOT: it takes and, or and brackets."
                raise Unsupported(message, expression=self._code)
            case _:
                self._and(frozenset({self._phrase(piece)}))

    def result(self) -> _Lists:
        """Return the lists of words that would do."""
        if self._open:
            raise self._unbalanced()
        return self._joined()

    def _close(self) -> None:
        if not self._open:
            raise self._unbalanced()
        inner = self._joined()
        self._either, self._both = self._open.pop()
        self._and(inner)

    def _and(self, more: _Lists) -> None:
        if len(self._both) * len(more) > MAX_LISTS:
            raise self._too_costly()
        self._both = frozenset(one | other for one in self._both for other in more)

    def _joined(self) -> _Lists:
        self._need_words()
        found = self._either | self._both
        if len(found) > MAX_LISTS:
            raise self._too_costly()
        return found

    def _need_words(self) -> None:
        if frozenset() in self._both:
            message = f"{self._code} has no word where one is needed."
            raise InvalidSearch(message, expression=self._code)

    def _phrase(self, piece: str) -> frozenset[str]:
        words = split_words(piece)
        self._words += len(words)
        if self._words > MAX_WORDS:
            raise self._too_costly()
        start = piece.endswith("*") and bool(words)
        return frozenset((*words[:-1], f"{words[-1]}*") if start else words)

    def _unbalanced(self) -> InvalidSearch:
        message = f"The brackets of {self._code} do not match."
        return InvalidSearch(message, expression=self._code)

    def _too_costly(self) -> TooCostly:
        message = f"{self._code} takes at most {MAX_WORDS} words in {MAX_LISTS} combinations."
        return TooCostly(message, expression=self._code)
