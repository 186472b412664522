"""The syntax of _filter: https://hl7.org/fhir/R4/search_filter.html.

`and` and `or` are read from left to right, neither binds closer; brackets say otherwise.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from gateway.fhir.search.values import InvalidSearch, TooCostly

OPERATORS: Final = frozenset(
    "eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re".split()  # noqa: SIM905 - as the table
)
MAX_TESTS: Final = 100
MAX_NESTING: Final = 32

_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[A-Za-z]+(?![\w-])", re.ASCII)
# A name of a parameter, with the type that a reference points to or as a _has.
_NAME: Final = re.compile(r"[A-Za-z_][\w:-]*", re.ASCII)
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_TOKEN: Final = re.compile(r'[^\s\])"][^\s\])]*')


@dataclass(frozen=True, slots=True)
class Step:
    """A name in a path, and the filter in brackets behind it."""

    name: str
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison; `operator` "" only asks that the filter of the last step holds."""

    path: tuple[Step, ...]
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Group:
    """Filters that `and` or `or` joins."""

    operator: str
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """`not` and a filter in brackets."""

    filter: Filter


Filter = Test | Group | Negation


def parse_filter(text: str) -> Filter:
    """Read a whole filter; raises `InvalidSearch` with the place, `TooCostly`."""
    parser = _Parser(text)
    found = parser.filter(0)
    parser.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tests = 0
        self._skip()

    def filter(self, nesting: int) -> Filter:
        """Read comparisons up to the end or to a closing bracket."""
        if nesting > MAX_NESTING:
            message = f"_filter takes at most {MAX_NESTING} brackets inside each other."
            raise TooCostly(message, expression="_filter")
        found = self._term(nesting)
        while operator := self._word("and", "or"):
            found = _joined(operator, found, self._term(nesting))
        return found

    def end(self) -> None:
        """Refuse what follows the filter."""
        if self._at < len(self._text):
            self._refuse("and, or, or its end")

    def _term(self, nesting: int) -> Filter:
        start = self._at
        negated = bool(self._word("not"))
        if self._take("("):
            found = self.filter(nesting + 1)
            self._need(")")
            return Negation(found) if negated else found
        # A parameter may be called "not".
        self._at = start
        return self._test(nesting)

    def _test(self, nesting: int) -> Test:
        self._tests += 1
        if self._tests > MAX_TESTS:
            message = f"_filter takes at most {MAX_TESTS} comparisons."
            raise TooCostly(message, expression="_filter")
        path = self._path(nesting)
        operator = self._word(*OPERATORS)
        if not operator and path[-1].filter is None:
            self._refuse(f"one of {' '.join(sorted(OPERATORS))}")
        return Test(path, operator, self._value() if operator else "")

    def _path(self, nesting: int) -> tuple[Step, ...]:
        steps = [self._step(nesting)]
        while self._take("."):
            steps.append(self._step(nesting))
        return tuple(steps)

    def _step(self, nesting: int) -> Step:
        name = self._match(_NAME)
        if name is None:
            self._refuse("the name of a search parameter")
        if not self._take("["):
            return Step(name)
        inner = self.filter(nesting + 1)
        self._need("]")
        return Step(name, inner)

    def _value(self) -> str:
        start = self._at
        quoted = self._match(_STRING)
        if quoted is None:
            token = self._match(_TOKEN)
            if token is None:
                self._refuse("a value")
            return token
        try:
            value: str = json.loads(quoted)
            value.encode()
        except ValueError:
            value = "\0"
        if "\0" in value:
            self._at = start
            self._refuse("a JSON string")
        return value

    def _word(self, *words: str) -> str:
        found = _WORD.match(self._text, self._at)
        word = found[0].casefold() if found else ""
        if found is None or word not in words:
            return ""
        self._at = found.end()
        self._skip()
        return word

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        self._skip()
        return found[0]

    def _take(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._at):
            return False
        self._at += 1
        self._skip()
        return True

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            self._refuse(f"{mark}, and or or")

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _refuse(self, expected: str) -> NoReturn:
        message = f"_filter cannot be read at character {self._at + 1}: expected {expected}."
        raise InvalidSearch(message, expression="_filter")


def _joined(operator: str, left: Filter, right: Filter) -> Group:
    # Only what was joined here without brackets has room for one more: the result is the same.
    if isinstance(left, Group) and left.operator == operator:
        return Group(operator, (*left.filters, right))
    return Group(operator, (left, right))
