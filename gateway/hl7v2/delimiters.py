"""The delimiters that a message announces in MSH-1 and MSH-2 (HL7 v2.5.1 chapter 2, 2.5.4)."""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.errors import Malformed

_HEADER: Final = "MSH"
# Component, repetition, escape, subcomponent; a fifth (truncation) came with v2.7.
_USUAL: Final = "^~\\&"
_MOST: Final = 5


class Delimiters(NamedTuple):
    """One character each; `truncation` is empty before v2.7."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """MSH-2."""
        return "".join(self[1:])


STANDARD: Final = Delimiters()
_AS_EVERYBODY: Final = "MSH|^~\\&|"


def read_delimiters(text: str) -> Delimiters:
    r"""Read MSH-1 and MSH-2 of `text`, which begins with `MSH`.

    Characters left out at the end of MSH-2 take their usual meaning. Raises `Malformed` with the
    location when they cannot be delimiters: absent, letters, digits, controls, or one for two.
    """
    if text.startswith(_AS_EVERYBODY):
        return STANDARD
    separator = text[len(_HEADER) : len(_HEADER) + 1]
    if not _may_delimit(separator):
        message = "MSH-1 is not a field separator."
        raise Malformed(message, location="MSH^1^1")
    start = len(_HEADER) + 1
    end = _end_of_field(text, start, separator)
    typed = text[start:end]
    if not 0 < len(typed) <= _MOST or not all(map(_may_delimit, typed)):
        message = "MSH-2 does not name the encoding characters."
        raise Malformed(message, location="MSH^1^2")
    every = separator + typed + _USUAL[len(typed) :]
    if len(set(every)) != len(every):
        message = "MSH-1 and MSH-2 use one character for two purposes."
        raise Malformed(message, location="MSH^1^2")
    return Delimiters(*every)


def _end_of_field(text: str, start: int, separator: str) -> int:
    ends = (text.find(mark, start, start + _MOST + 1) for mark in (separator, "\r", "\n"))
    return min((end for end in ends if end >= 0), default=min(len(text), start + _MOST + 1))


def _may_delimit(character: str) -> bool:
    return (
        character.isascii()
        and character.isprintable()
        and not (character.isalnum() or character in ('"', " ", ""))
    )
