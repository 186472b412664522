"""Where the FHIRPath of a search parameter leads: the paths that the index reads.

https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.expression. Served are
element names, unions, `as` and `ofType`, `where` with equalities and `resolve() is`, `extension`,
`first` and an index: what such expressions are made of. The syntax of a path is told in
`gateway/fhir/search/parameters.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from gateway.errors import Unsupported
from gateway.fhir.definitions import code_system, elements, resource_types

# Type path -> {JSON name: [type, min, max, choice, value set, targets]}; KeyError for none.
Elements = Callable[[str], Mapping[str, list[Any]]]
# Name of a value set -> the one system of its codes, "" for several or none.
SystemOf = Callable[[str], str]

# Resolved against whatever type the parameter is for.
_ANY_BASE: Final = frozenset({"Resource", "DomainResource"})
# An expression is a line or, for many types, a page; nobody writes more.
_LONGEST: Final = 20_000
_DEEPEST: Final = 20
_TOKEN: Final = re.compile(r"\s*('(?:[^'\\]|\\.)*'|%?\w+|[.()\[\]|=])", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)
# What a filter of a path cannot hold.
_NOT_IN_FILTER: Final = re.compile(r"[\]\\]")
_MANY, _CHOICE, _VALUE_SET, _TARGETS = 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Head:
    """Where an expression leads: a path with a dot before each step, the type that is there.

    `targets` are those of a reference, none for any; `many` says that there may be several in one
    resource, `among` that several elements may hold some.
    """

    path: str
    type: str
    targets: tuple[str, ...] = ()
    many: bool = False
    among: bool = False

    @property
    def written(self) -> str:
        """The path as rows have it."""
        steps = f"/{self.path[2:]}" if self.path.startswith("/.") else self.path.removeprefix(".")
        return f"{steps}:{self.type}"

    @property
    def name(self) -> str:
        """The type without the system of its codes."""
        return self.type.partition("@")[0]


def heads_of(
    expression: str, base: str, *, elements: Elements = elements, system_of: SystemOf = code_system
) -> list[Head]:
    """Return where an expression leads from the type `base`, a resource type or the path of one.

    Raises `Unsupported` for what is not FHIRPath of the kind told above.
    """
    return _Reader(expression, base, elements, system_of).read()


def _refuse(text: str) -> NoReturn:
    message = f"{text} in the expression of a search parameter is not supported."
    raise Unsupported(message, expression="SearchParameter.expression")


class _Reader:
    """Reads tokens from left to right and walks the definitions along."""

    def __init__(self, expression: str, base: str, elements: Elements, system_of: SystemOf) -> None:
        self._elements, self._system_of = elements, system_of
        self._root = Head("", base)
        self._tokens = list(self._split(expression))[::-1]
        self._depth = 0

    def _split(self, expression: str) -> Iterator[str]:
        at = 0
        text = expression.strip()
        while at < len(text):
            token = _TOKEN.match(text, at) if len(text) <= _LONGEST else None
            if token is None:
                _refuse(f"What begins with {text[at : at + 10]!r}")
            yield token[1]
            at = token.end()

    def read(self) -> list[Head]:
        """Return the heads of the whole expression."""
        found = self._union()
        if self._tokens:
            _refuse(f"What follows {self._tokens[-1]!r}")
        return list(dict.fromkeys(found))

    # Tokens

    def _next(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def _take(self, wanted: str = "") -> str:
        token = self._tokens.pop() if self._tokens else ""
        if not token or (wanted and token != wanted):
            _refuse(f"{token!r} where {wanted or 'a name'!r} belongs")
        return token

    def _taken(self, wanted: str) -> bool:
        if self._next() != wanted:
            return False
        self._tokens.pop()
        return True

    # Grammar

    def _union(self) -> list[Head]:
        found = self._cast()
        while self._taken("|"):
            found = [*found, *self._cast()]
        return found

    def _cast(self) -> list[Head]:
        heads = self._path()
        while self._taken("as"):
            heads = self._of_type(heads, self._type_name())
        return heads

    def _path(self) -> list[Head]:
        heads = self._start()
        while self._next() in (".", "["):
            if self._take() == "[":
                heads = self._indexed(heads, self._take())
                self._take("]")
            else:
                heads = self._step(heads, self._take())
        return heads

    def _start(self) -> list[Head]:
        word = self._take()
        if word == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                _refuse("A nest of parentheses")
            heads = self._union()
            self._depth -= 1
            self._take(")")
            return heads
        if word == "%resource":
            return [Head("/", self._root.type.partition(".")[0])]
        if word in (self._root.type, "$this") or word in _ANY_BASE:
            return [self._root]
        # What is said of another type leads nowhere from this one.
        return [] if word in resource_types() else self._step([self._root], word)

    def _step(self, heads: list[Head], name: str) -> list[Head]:
        if not _NAME.fullmatch(name):
            _refuse(f"{name!r}")
        return self._function(heads, name) if self._taken("(") else self._child(heads, name)

    def _function(self, heads: list[Head], name: str) -> list[Head]:
        if name in ("as", "ofType"):
            heads = self._of_type(heads, self._type_name())
        elif name == "where":
            heads = self._where(heads)
        elif name == "extension":
            heads = _filtered(self._child(heads, "extension"), f"url={self._text()}")
        elif name == "first":
            heads = self._indexed(heads, "0")
        else:
            _refuse(f"{name}()")
        self._take(")")
        return heads

    def _where(self, heads: list[Head]) -> list[Head]:
        if self._taken("resolve"):
            for token in ("(", ")", "is"):
                self._take(token)
            return _filtered(heads, f"->{self._type_name()}")
        while True:
            name = self._take()
            self._take("=")
            if heads and all(name not in self._rows(head.name) for head in heads):
                _refuse(f"The element {name!r}")
            heads = _filtered(heads, f"{name}={self._text()}")
            if not self._taken("and"):
                return heads

    def _text(self) -> str:
        token = self._take()
        text = token[1:-1]
        if token[0] != "'" or _NOT_IN_FILTER.search(text):
            _refuse(f"{token!r}")
        return text

    def _type_name(self) -> str:
        name = self._take()
        if self._taken("."):
            name = self._take()
        return name

    # The definitions

    def _rows(self, type_name: str) -> Mapping[str, list[Any]]:
        try:
            return self._elements(type_name)
        except KeyError:
            return {}

    def _child(self, heads: list[Head], name: str) -> list[Head]:
        if name == "extension":
            heads = [_beside(head) if head.type[0].islower() else head for head in heads]
        found = [
            Head(
                f"{head.path}.{json_name}",
                self._typed(row),
                tuple(_at(row, _TARGETS) or ()),
                many=head.many or row[_MANY] != 1,
                among=head.many,
            )
            for head in heads
            for json_name, row in self._rows(head.name).items()
            if name == (_at(row, _CHOICE) or json_name)
        ]
        if heads and not found:
            _refuse(f"The element {name!r}")
        return found

    def _typed(self, row: list[Any]) -> str:
        value_set = _at(row, _VALUE_SET) if row[0] == "code" else None
        system = self._system_of(value_set) if value_set else ""
        return f"code@{system}" if system else str(row[0])

    def _of_type(self, heads: list[Head], name: str) -> list[Head]:
        # R4 itself writes DateTime for dateTime.
        return [head for head in heads if head.name.lower() == name.lower()]

    def _indexed(self, heads: list[Head], number: str) -> list[Head]:
        """Take one of several: what several parents hold has no order in a path."""
        if not (number.isascii() and number.isdigit()):
            _refuse(f"[{number}]")
        if any(head.among for head in heads):
            _refuse(f"[{number}] below several elements")
        return [replace(head, path=f"{head.path}[#{int(number)}]", many=False) for head in heads]


def _beside(head: Head) -> Head:
    """Return where the extensions of a primitive are: https://hl7.org/fhir/R4/json.html#null."""
    parent, _, name = head.path.rpartition(".")
    return replace(head, path=f"{parent}._{name}", type="Element")


def _at(row: list[Any], place: int) -> Any:  # noqa: ANN401 - columns differ
    return row[place] if len(row) > place else None


def _filtered(heads: Iterable[Head], condition: str) -> list[Head]:
    return [replace(head, path=f"{head.path}[{condition}]") for head in heads]
