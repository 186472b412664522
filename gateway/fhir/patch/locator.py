"""The paths of FHIRPath Patch: a subset of FHIRPath that names places in a resource.

https://hl7.org/fhir/R4/fhirpatch.html. Read are element names (a choice element by its name
without type), `[n]`, `first()`, `last()`, `where(...)` with `=` and `!=` joined by `and`,
`extension('url')`, `ofType(T)` and `as(T)`. Everything else is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.errors import Unsupported

LAST: Final = -1
_MAX_PATH: Final = 2000


@dataclass(frozen=True, slots=True)
class Child:
    """The elements of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """One of several; -1 is the last."""

    at: int


@dataclass(frozen=True, slots=True)
class OfType:
    """Those of a type."""

    type: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The element at `names` (itself without any) equals the literal, or does not."""

    names: tuple[str, ...]
    equal: bool
    literal: str


@dataclass(frozen=True, slots=True)
class Where:
    """Those that satisfy all comparisons."""

    comparisons: tuple[Comparison, ...]


Step = Child | Index | OfType | Where

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*+|`[^`]+`"
_STRING: Final = r"'(?:[^'\\]|\\.)*'"
_LITERAL: Final = rf"{_STRING}|@?[0-9][0-9T:.+\-Z]*|true|false"
_TOKEN: Final = re.compile(
    rf"""\.?(?:
        (?P<end>first|last)\(\s*\)
      | (?P<of>ofType|as)\(\s*(?:FHIR\.)?(?P<type>\w+)\s*\)
      | extension\(\s*(?P<url>{_STRING})\s*\)
      | where\((?P<where>(?:[^()']|{_STRING})*)\)
      | \[\s*(?P<at>[0-9]{{1,6}})\s*\]
      | (?P<name>{_NAME})(?!\s*\()
    )\s*""",
    re.VERBOSE,
)
_COMPARISON: Final = re.compile(
    rf"\s*(?P<path>\$this|(?:{_NAME})(?:\.(?:{_NAME}))*)\s*(?P<sign>!?=)\s*(?P<literal>{_LITERAL})\s*"
)
_AND: Final = re.compile(r"and\b")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


@lru_cache(maxsize=512)
def steps(path: str) -> tuple[Step, ...]:
    """Read a path; raises `Unsupported` with the place from which it is not understood."""
    found: list[Step] = []
    here = 0
    text = path.strip()
    while here < len(text):
        token = _TOKEN.match(text, here) if len(text) <= _MAX_PATH else None
        if token is None or (here and token["at"] is None and text[here] != "."):
            raise _unread(text, here)
        found += _steps(token)
        here = token.end()
    if not found or not isinstance(found[0], Child):
        raise _unread(text, 0)
    return tuple(found)


def _unread(text: str, here: int) -> Unsupported:
    message = (
        f"The path is not read from character {here} on ({text[here : here + 40]!r}): names, [n], "
        "first(), last(), where(a = 'b' and c.d != 'e'), extension('url') and ofType(T) are."
    )
    return Unsupported(message, expression=text[:200])


def _steps(token: re.Match[str]) -> tuple[Step, ...]:
    if token["end"] is not None:
        return (Index(0 if token["end"] == "first" else LAST),)
    if token["of"] is not None:
        return (OfType(token["type"]),)
    if token["at"] is not None:
        return (Index(int(token["at"])),)
    if token["url"] is not None:
        same_url = Comparison(("url",), equal=True, literal=_literal(token["url"]))
        return Child("extension"), Where((same_url,))
    if token["where"] is not None:
        return (Where(_comparisons(token["where"])),)
    return (Child(token["name"].strip("`")),)


def _comparisons(text: str) -> tuple[Comparison, ...]:
    found: list[Comparison] = []
    here = 0
    while True:
        read = _COMPARISON.match(text, here)
        if read is None:
            raise _unread(text, here)
        path = read["path"]
        names = () if path == "$this" else tuple(part.strip("`") for part in path.split("."))
        found.append(Comparison(names, read["sign"] == "=", _literal(read["literal"])))
        here = read.end()
        if here == len(text):
            return tuple(found)
        joined = _AND.match(text, here)
        if joined is None:
            raise _unread(text, here)
        here = joined.end()


def _literal(text: str) -> str:
    if not text.startswith("'"):
        return text.removeprefix("@")
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    mark: str = found[1]
    if len(mark) > 1:
        return chr(int(mark[1:], 16))
    return _ESCAPED.get(mark, mark)
