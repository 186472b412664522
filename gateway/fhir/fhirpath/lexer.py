"""The tokens of FHIRPath (http://hl7.org/fhirpath/N1/grammar.html)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.errors import Invalid

_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*|/\*.*?\*/)
    | (?P<temporal>@(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?
        |\d{4}(?:-\d\d(?:-\d\d)?)?
         (?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?))
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<string>'(?:\\.|[^\\'])*')
    | (?P<delimited>`(?:\\.|[^\\`])*`)
    | (?P<external>%(?:[A-Za-z_][\w-]*|'(?:\\.|[^\\'])*'|`(?:\\.|[^\\`])*`))
    | (?P<special>\$(?:this|index|total)\b)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign><=|>=|!=|!~|[.()\[\]{},+\-*/|&<>=~])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED: Final = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SHOWN: Final = 20
_LONGEST: Final = 200


class Token(NamedTuple):
    """A kind (the groups of the pattern, or `end`), its text, and where it stands from 0."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Return the tokens, the last one of kind `end`; raises `Invalid` with the position."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise unreadable(text, at, f"{text[at : at + _SHOWN]!r} cannot be read")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match[0], at))
        at = match.end()
    found.append(Token("end", "", len(text)))
    return found


def unreadable(text: str, at: int, fault: str) -> Invalid:
    """Return the refusal of an expression, which names the character from 1."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return Invalid(f"The FHIRPath {shown!r} is not one: {fault}, at character {at + 1}.")


def unquoted(text: str) -> str:
    """Return what stands between the quotes, escapes read."""
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)
