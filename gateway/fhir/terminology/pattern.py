r"""Regular expressions of value set filters, matched in time proportional to pattern and text.

Python's own engine backtracks: a pattern that somebody stored could hold a process for ever. This
one follows all possibilities at once (Thompson's construction), and knows what such filters use:
literals, `.`, `[...]`, `\d \w \s \D \W \S`, groups, `|`, `* + ?` and `{m,n}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[str], bool]

_LONGEST: Final = 250
_MOST_STATES: Final = 2_000
_DEEPEST: Final = 20
_COUNT: Final = re.compile(r"\{(\d{1,3})(,?)(\d{0,3})\}")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ESCAPES: Final = "dwsDWS"
_UNKNOWN: Final = frozenset("bBAZzGpPkQEuxc0123456789")


@dataclass(slots=True)
class _State:
    """`test` is None for a state that is passed through without reading."""

    test: Test | None = None
    following: list[int] = field(default_factory=list)


class Pattern:
    """A compiled pattern; `matches` is about the whole text."""

    def __init__(self, states: list[_State], start: int, end: int) -> None:
        """Keep the states of the machine."""
        self._states = states
        self._start = start
        self._end = end

    def matches(self, text: str) -> bool:
        """Whether all of `text` matches."""
        current = self._reached({self._start})
        for letter in text:
            read = set()
            for number in current:
                state = self._states[number]
                if state.test is not None and state.test(letter):
                    read.update(state.following)
            current = self._reached(read)
            if not current:
                return False
        return self._end in current

    def _reached(self, numbers: set[int]) -> set[int]:
        found = set(numbers)
        waiting = list(numbers)
        while waiting:
            state = self._states[waiting.pop()]
            if state.test is None:
                new = set(state.following) - found
                found |= new
                waiting += new
        return found


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """Return the pattern; raises `Invalid` for one that cannot be read or is too large."""
    if len(text) > _LONGEST:
        message = f"A regular expression of a filter may have {_LONGEST} characters."
        raise Invalid(message)
    # The whole text is meant: anchors at both ends say so once more.
    bare = text.removeprefix("^")
    if bare.endswith("$") and not bare.endswith("\\$"):
        bare = bare[:-1]
    return _Reader(bare).read()


# A piece of the machine: where it begins and where it ends.
_Piece = tuple[int, int]


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._states: list[_State] = []

    def read(self) -> Pattern:
        """Read all of the text."""
        start, end = self._choice()
        if self._at < len(self._text):
            raise self._refused()
        return Pattern(self._states, start, end)

    def _choice(self) -> _Piece:
        pieces = [self._sequence()]
        while self._taken("|"):
            pieces.append(self._sequence())
        start, end = self._state(), self._state()
        for first, last in pieces:
            self._states[start].following.append(first)
            self._states[last].following.append(end)
        return start, end

    def _sequence(self) -> _Piece:
        start = end = self._state()
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            first, last = self._repeated()
            self._states[end].following.append(first)
            end = last
        return start, end

    def _repeated(self) -> _Piece:
        began = self._at
        piece = self._one()
        low, high = self._times()
        if (low, high) == (1, 1):
            return piece
        resume = self._at
        start = end = self._state()
        leaving = []
        # Each repetition is a copy: the same text read again.
        for number in range(max(low, high or 0, 1)):
            if number:
                self._at = began
                piece = self._one()
            if number >= low:
                leaving.append(end)
            self._states[end].following.append(piece[0])
            end = piece[1]
        if high is None:
            self._states[end].following.append(piece[0])
        self._at = resume
        out = self._state()
        for one in (*leaving, end):
            self._states[one].following.append(out)
        return start, out

    def _times(self) -> tuple[int, int | None]:
        """Read a quantifier: (least, most), most None for without end."""
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        letter = self._text[self._at : self._at + 1]
        found: tuple[int, int | None] = (1, 1)
        if letter in simple:
            self._at += 1
            found = simple[letter]
        elif counted := _COUNT.match(self._text, self._at):
            self._at = counted.end()
            low = int(counted[1])
            most = int(counted[3]) if counted[3] else None
            found = (low, most if counted[2] else low)
            if found[1] is not None and (found[1] < low or found[1] == 0):
                raise self._refused()
        if found != (1, 1) and self._text[self._at : self._at + 1] in ("*", "+", "?"):
            # Lazy and possessive forms say how to search, not what matches.
            self._at += 1
        return found

    def _one(self) -> _Piece:
        letter = self._text[self._at]
        if letter == "(":
            return self._group()
        if letter in "*+?{}^$":
            raise self._refused()
        end = self._state()
        return self._state(self._test(letter), end), end

    def _group(self) -> _Piece:
        self._at += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refused()
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._text.startswith("?", self._at):
            raise self._refused()
        piece = self._choice()
        if not self._taken(")"):
            raise self._refused()
        self._depth -= 1
        return piece

    def _test(self, letter: str) -> Test:
        if letter == ".":
            self._at += 1
            return lambda _: True
        if letter == "[":
            return self._class()
        if letter == "\\":
            return self._escape()
        self._at += 1
        return letter.__eq__

    def _escape(self) -> Test:
        letter = self._text[self._at + 1 : self._at + 2]
        if not letter or letter in _UNKNOWN:
            raise self._refused()
        self._at += 2
        if letter in _ESCAPES:
            return _single(f"\\{letter}")
        return {"t": "\t", "n": "\n", "r": "\r"}.get(letter, letter).__eq__

    def _class(self) -> Test:
        found = _CLASS.match(self._text, self._at)
        if found is None:
            raise self._refused()
        self._at = found.end()
        try:
            # One letter against one class: nothing to go back to.
            return _single(found[0].replace("[[", "[\\["))
        except re.error:
            raise self._refused() from None

    def _taken(self, letter: str) -> bool:
        taken = self._text.startswith(letter, self._at)
        self._at += taken
        return taken

    def _state(self, test: Test | None = None, *following: int) -> int:
        if len(self._states) >= _MOST_STATES:
            message = "The regular expression of a filter repeats too much."
            raise Invalid(message)
        self._states.append(_State(test, list(following)))
        return len(self._states) - 1

    def _refused(self) -> Invalid:
        return Invalid(f"The regular expression of a filter cannot be read at {self._at + 1}.")


def _single(one: str) -> Test:
    matched = re.compile(one).fullmatch
    return lambda letter: matched(letter) is not None
