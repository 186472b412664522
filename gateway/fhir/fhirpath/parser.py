"""FHIRPath text into syntax, by precedence (http://hl7.org/fhirpath/N1/#operator-precedence)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gateway.fhir.fhirpath.lexer import tokens, unquoted, unreadable
from gateway.fhir.fhirpath.quantity import CALENDAR, Quantity
from gateway.fhir.fhirpath.syntax import (
    Binary,
    Call,
    External,
    Indexed,
    Literal,
    Name,
    Signed,
    Special,
    Step,
    Typed,
    parts,
)
from gateway.fhir.fhirpath.temporal import read_temporal

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.lexer import Token
    from gateway.fhir.fhirpath.syntax import Syntax

_BINDS: Final = {
    "implies": 1,
    **dict.fromkeys(("or", "xor"), 2),
    "and": 3,
    **dict.fromkeys(("in", "contains"), 4),
    **dict.fromkeys(("=", "~", "!=", "!~"), 5),
    **dict.fromkeys(("<", "<=", ">", ">="), 6),
    "|": 7,
    **dict.fromkeys(("is", "as"), 8),
    **dict.fromkeys(("+", "-", "&"), 9),
    **dict.fromkeys(("*", "/", "div", "mod"), 10),
}
_SIGNED: Final = 11
_TYPED: Final = ("is", "as")
_VALUES: Final = {"true": True, "false": False}
# Far beyond what anybody writes, and far from where Python's own stack ends.
_MAX_DEPTH: Final = 60
# Steps and operators nest to the left: what is joined to a joined one.
_MAX_LEVELS: Final = 200
_MAX_DIGITS: Final = 300


def parse(text: str) -> Syntax:
    """Read an expression; raises `Invalid` with the position."""
    found = _Parser(text).whole()
    if _levels(found) > _MAX_LEVELS:
        raise unreadable(text, 0, "it has too many steps")
    return found


def _levels(syntax: Syntax) -> int:
    """Return how many levels of an expression lie within each other."""
    most, waiting = 0, [(syntax, 1)]
    while waiting:
        one, level = waiting.pop()
        most = max(most, level)
        waiting += [(part, level + 1) for part in parts(one)]
    return most


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Syntax:
        found = self._expression(0)
        if self._token.kind != "end":
            raise self._unexpected()
        return found

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _unexpected(self) -> Exception:
        token = self._token
        fault = (
            "it ends too early" if token.kind == "end" else f"{token.text[:40]!r} is out of place"
        )
        return unreadable(self._text, token.at, fault)

    def _next(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _sees(self, sign: str) -> bool:
        return self._token.kind == "sign" and self._token.text == sign

    def _take(self, sign: str) -> bool:
        if self._sees(sign):
            self._at += 1
            return True
        return False

    def _require(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unexpected()

    def _expression(self, least: int) -> Syntax:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise unreadable(self._text, self._token.at, "it is nested too deeply")
        left = self._signed()
        while True:
            token = self._token
            binds = _BINDS.get(token.text, 0) if token.kind in ("sign", "name") else 0
            if binds <= least:
                break
            self._next()
            left = self._joined(token.text, left, binds)
        self._depth -= 1
        return left

    def _joined(self, sign: str, left: Syntax, binds: int) -> Syntax:
        if sign in _TYPED:
            return Typed(sign, left, self._type_name())
        return Binary(sign, left, self._expression(binds))

    def _type_name(self) -> str:
        parts = [self._identifier()]
        while self._take("."):
            parts.append(self._identifier())
        return ".".join(parts)

    def _signed(self) -> Syntax:
        for sign in ("+", "-"):
            if self._take(sign):
                return Signed(sign, self._expression(_SIGNED))
        return self._path()

    def _path(self) -> Syntax:
        found = self._term()
        while True:
            if self._take("."):
                found = Step(found, self._invocation())
            elif self._take("["):
                found = Indexed(found, self._expression(0))
                self._require("]")
            else:
                return found

    def _identifier(self) -> str:
        token = self._token
        if token.kind == "name":
            return self._next().text
        if token.kind == "delimited":
            return unquoted(self._next().text)
        raise self._unexpected()

    def _invocation(self) -> Name | Call:
        at = self._token.at
        plain = self._token.kind == "name"
        name = self._identifier()
        if plain and self._take("("):
            return Call(name, self._arguments(), at)
        return Name(name)

    def _arguments(self) -> tuple[Syntax, ...]:
        found: list[Syntax] = []
        if not self._take(")"):
            found.append(self._expression(0))
            while self._take(","):
                found.append(self._expression(0))
            self._require(")")
        return tuple(found)

    def _term(self) -> Syntax:
        token = self._token
        if token.kind in ("number", "string", "temporal"):
            return self._literal(self._next())
        if token.kind == "external":
            text = self._next().text[1:]
            return External(unquoted(text) if text[0] in "'`" else text)
        if token.kind == "special":
            return Special(self._next().text[1:])
        if token.kind == "name" and token.text in _VALUES:
            self._next()
            return Literal((_VALUES[token.text],))
        return self._bracketed()

    def _bracketed(self) -> Syntax:
        if self._take("("):
            found = self._expression(0)
            self._require(")")
            return found
        if self._take("{"):
            self._require("}")
            return Literal(())
        return self._invocation()

    def _literal(self, token: Token) -> Literal:
        if token.kind == "string":
            return Literal((unquoted(token.text),))
        if token.kind == "temporal":
            found = read_temporal(token.text[1:])
            if found is None:
                raise unreadable(self._text, token.at, f"{token.text} is no date or time")
            return Literal((found,))
        if len(token.text) > _MAX_DIGITS:
            raise unreadable(self._text, token.at, "the number is too long")
        number = Decimal(token.text)
        unit = self._unit()
        if unit:
            return Literal((Quantity(number, unit),))
        return Literal((number if "." in token.text else int(token.text),))

    def _unit(self) -> str:
        token = self._token
        if token.kind == "string":
            return unquoted(self._next().text) or "1"
        if token.kind == "name" and token.text in CALENDAR:
            return CALENDAR[self._next().text]
        return ""
