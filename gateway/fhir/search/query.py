"""A search as a value: what the URL asks, checked against the table of parameters.

https://hl7.org/fhir/R4/search.html. Faults raise `InvalidSearch` (400) or `Unsupported` (400) that
name the parameter; what is unknown is refused, not ignored, unless the client asks for leniency
(`Prefer: handling=lenient`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Issue, Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.controls import Controls, Include, read_control
from gateway.fhir.search.parameters import Kind, SearchParameter, parameter
from gateway.fhir.search.values import (
    DateValue,
    InvalidSearch,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    Value,
    date_value,
    is_type,
    reference_value,
    split,
    string_value,
    token_value,
    unescaped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Clause",
    "DateValue",
    "Include",
    "InvalidSearch",
    "ReferenceValue",
    "SearchQuery",
    "StringValue",
    "TokenValue",
    "UriValue",
    "Value",
    "parse_search",
]

# Bounds on what one request may ask of the database.
MAX_VALUES: Final = 1000
MAX_CLAUSES: Final = 100

MODIFIERS: Final = {
    Kind.TOKEN: frozenset({"missing", "not"}),
    Kind.STRING: frozenset({"missing", "exact", "contains"}),
    Kind.DATE: frozenset({"missing"}),
    Kind.REFERENCE: frozenset({"missing"}),
    Kind.URI: frozenset({"missing"}),
}
# The store answers these from its own columns, which are never missing.
_FROM_COLUMNS: Final = frozenset({"_id", "_lastUpdated"})
# Questions of presentation, which the door answers.
_ELSEWHERE: Final = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition: any of `values` will do. `missing` is the answer to the modifier :missing."""

    parameter: SearchParameter
    modifier: str
    values: tuple[Value, ...]
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery(Controls):
    """A whole search: all clauses must hold; `applied` is what the self link says."""

    type: str = ""
    clauses: tuple[Clause, ...] = ()
    applied: tuple[tuple[str, str], ...] = ()


def parse_search(
    resource_type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    lenient: bool = False,
    local_bases: tuple[str, ...] = (),
) -> SearchQuery:
    """Read the parameters of a search, percent-decoding done.

    Raises `Unsupported` for what is unknown or not served, `InvalidSearch` for what cannot be read.
    """
    if resource_type not in resource_types():
        message = f"{resource_type[:64]} is not a resource type of FHIR R4."
        raise Unsupported(message)
    reader = _Reader(resource_type, local_bases)
    for name, value in pairs:
        try:
            reader.read(name, value)
        except Unsupported:
            if not lenient:
                raise
    return reader.query()


class _Reader:
    def __init__(self, resource_type: str, local_bases: tuple[str, ...]) -> None:
        self._type = resource_type
        self._bases = local_bases
        self._controls: dict[str, object] = {}
        self._clauses: list[Clause] = []
        self._applied: list[tuple[str, str]] = []

    def read(self, name: str, value: str) -> None:
        """Read one parameter."""
        _check_text(name, value)
        if name in _ELSEWHERE:
            return
        control = read_control(self._type, name, value)
        if control is None:
            self._add(self._clause(name, value))
        else:
            self._merge(name, control)
        if name != "_cursor":
            self._applied.append((name, value))

    def query(self) -> SearchQuery:
        """Return what was read."""
        return SearchQuery(
            type=self._type,
            clauses=tuple(self._clauses),
            applied=tuple(self._applied),
            **self._controls,  # type: ignore[arg-type] # each is typed where it is read
        )

    def _merge(self, name: str, control: dict[str, object]) -> None:
        for key, value in control.items():
            had = self._controls.get(key)
            if key == "includes" and isinstance(had, tuple) and isinstance(value, tuple):
                self._controls[key] = (*had, *value)
            elif key in self._controls:
                message = f"{name} is given more than once."
                raise InvalidSearch(message, expression=name)
            else:
                self._controls[key] = value

    def _add(self, clause: Clause) -> None:
        self._clauses.append(clause)
        values = sum(len(each.values) for each in self._clauses)
        if values > MAX_VALUES or len(self._clauses) > MAX_CLAUSES:
            message = f"A search takes at most {MAX_CLAUSES} parameters and {MAX_VALUES} values."
            raise InvalidSearch(message, issues=(Issue(message, code="too-costly"),))

    def _clause(self, name: str, value: str) -> Clause:
        code, _, modifier = name.partition(":")
        found = _served(self._type, code)
        typed = _checked_modifier(found, modifier)
        if modifier == "missing":
            return Clause(found, "missing", (), _flag(name, value))
        pieces = split(value, ",")
        if not all(pieces):
            message = f"{code} has an empty value."
            raise InvalidSearch(message, expression=code)
        values = tuple(self._value(found, piece, typed) for piece in pieces)
        return Clause(found, "" if typed else modifier, values)

    def _value(self, found: SearchParameter, text: str, typed: str) -> Value:
        match found.kind:
            case Kind.TOKEN:
                return token_value(text)
            case Kind.STRING:
                return string_value(text, found)
            case Kind.DATE:
                return date_value(text, found)
            case Kind.REFERENCE:
                return reference_value(text, found, typed, self._bases)
            case _:
                return UriValue(unescaped(text))


def _served(resource_type: str, code: str) -> SearchParameter:
    found = parameter(resource_type, code)
    if found is not None and found.searchable:
        return found
    if found is not None:
        message = f"{code} is a parameter of kind {found.kind}, which is not supported yet."
    elif code == "_has" or "." in code:
        message = f"The chained parameter {code[:64]} is not supported yet."
    else:
        message = f"{code[:64]} is not a search parameter of {resource_type}."
    raise Unsupported(message, expression=code[:64])


def _checked_modifier(found: SearchParameter, modifier: str) -> str:
    """Return the resource type that the modifier names, "" when it is another one."""
    if found.kind is Kind.REFERENCE and is_type(modifier):
        return modifier
    known = frozenset[str]() if found.code in _FROM_COLUMNS else MODIFIERS[found.kind]
    if modifier and modifier not in known:
        message = f"The modifier :{modifier[:64]} of {found.code} is not supported."
        raise Unsupported(message, expression=found.code)
    return ""


def _flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        message = f"{name} is true or false."
        raise InvalidSearch(message, expression=name)
    return value == "true"


def _check_text(name: str, value: str) -> None:
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        bad = True
    else:
        bad = "\0" in name or "\0" in value
    if bad:
        message = "A search parameter holds characters that are not text."
        raise InvalidSearch(message)
