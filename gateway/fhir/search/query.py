"""A search as a value: what the URL asks, checked against the table of parameters.

https://hl7.org/fhir/R4/search.html. Faults raise `InvalidSearch` (400) or `Unsupported` (400) that
name the parameter; what is unknown is refused, not ignored, unless the client asks for leniency
(`Prefer: handling=lenient`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.chains import read_condition
from gateway.fhir.search.compartment import in_compartment
from gateway.fhir.search.conditions import (
    EVERY_TYPE,
    AllOf,
    AnyOf,
    Chain,
    Clause,
    Condition,
    Has,
    Members,
    NotOf,
)
from gateway.fhir.search.controls import Controls, Sort, read_control
from gateway.fhir.search.filter import read_filter
from gateway.fhir.search.includes import Include
from gateway.fhir.search.reader import MAX_CLAUSES, MAX_VALUES, Reader
from gateway.fhir.search.scope import over
from gateway.fhir.search.terminology import Terminology
from gateway.fhir.search.values import (
    CompositeValue,
    DateValue,
    InvalidSearch,
    NearValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    TooCostly,
    UriValue,
    Value,
    WordsValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EVERY_TYPE",
    "AllOf",
    "AnyOf",
    "Chain",
    "Clause",
    "CompositeValue",
    "Condition",
    "DateValue",
    "Has",
    "Include",
    "InvalidSearch",
    "Members",
    "NearValue",
    "NotOf",
    "NumberValue",
    "QuantityValue",
    "ReferenceValue",
    "SearchQuery",
    "Sort",
    "StringValue",
    "Terminology",
    "TokenValue",
    "TooCostly",
    "UriValue",
    "Value",
    "WordsValue",
    "parse_search",
]

# Questions of presentation, which the door answers.
_ELSEWHERE: Final = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class SearchQuery(Controls):
    """A whole search: all clauses must hold; `applied` is what the self link says.

    `type` "" is a search over all types, of which `types` names some, or none for every one.
    """

    type: str = ""
    types: tuple[str, ...] = ()
    clauses: tuple[Condition, ...] = ()
    applied: tuple[tuple[str, str], ...] = ()


def parse_search(  # noqa: PLR0913 - what a search depends on, by name
    resource_type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    lenient: bool = False,
    local_bases: tuple[str, ...] = (),
    terminology: Terminology | None = None,
    compartment: tuple[str, str] | None = None,
) -> SearchQuery:
    """Read the parameters of a search, percent-decoding done.

    `resource_type` "" searches all types; `compartment` is (type, id). Raises `Unsupported` for
    what is unknown or not served, `InvalidSearch` for what cannot be read, `NotFound` for a type
    that is never in the compartment.
    """
    if resource_type and resource_type not in resource_types():
        message = f"{resource_type[:64]} is not a resource type of FHIR R4."
        raise Unsupported(message)
    types = () if resource_type else _named_types(pairs)
    search = _Search(resource_type, types, Reader(local_bases, terminology))
    if compartment is not None:
        search.restrict(compartment)
    for name, value in pairs:
        try:
            search.read(name, value)
        except Unsupported:
            if not lenient:
                raise
    return search.query()


class _Search:
    """What was read so far."""

    def __init__(self, resource_type: str, types: tuple[str, ...], reader: Reader) -> None:
        self._type = resource_type
        self._types = types
        # Whose parameters count: a single type's, those of the types named, those of every type.
        self._scope = (resource_type,) if resource_type else types or (EVERY_TYPE,)
        self._reader = reader
        self._controls: dict[str, object] = {}
        self._clauses: list[Condition] = []
        self._applied: list[tuple[str, str]] = []

    def restrict(self, compartment: tuple[str, str]) -> None:
        """Leave only what is in a compartment."""
        every = self._scope == (EVERY_TYPE,)
        types = sorted(resource_types()) if every else self._scope
        self._clauses.append(in_compartment(compartment, types))

    def read(self, name: str, value: str) -> None:
        """Read one parameter."""
        _check_text(name, value)
        if name in _ELSEWHERE:
            return
        control = self._control(name, value) if name[:1] == "_" else None
        if control is None:
            self._add(self._condition(name, value))
        else:
            self._merge(name, control)
        if name != "_cursor":
            self._applied.append((name, value))

    def query(self) -> SearchQuery:
        """Return what was read."""
        return SearchQuery(
            type=self._type,
            types=self._types,
            clauses=tuple(self._clauses),
            applied=tuple(self._applied),
            **self._controls,  # type: ignore[arg-type] # each is typed where it is read
        )

    def _control(self, name: str, value: str) -> dict[str, object] | None:
        # The types were read first: what else is asked depends on them.
        return {} if name == "_type" and not self._type else read_control(self._type, name, value)

    def _condition(self, name: str, value: str) -> Condition:
        reader = self._reader
        if name == "_filter":
            return read_filter(reader, self._scope, value)
        if self._type:
            return read_condition(reader, self._type, name, value)
        return over(self._scope, name, lambda each: read_condition(reader, each, name, value))

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

    def _add(self, condition: Condition) -> None:
        self._clauses.append(condition)
        if len(self._clauses) > MAX_CLAUSES:
            message = f"A search takes at most {MAX_CLAUSES} parameters and {MAX_VALUES} values."
            raise TooCostly(message)


def _named_types(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the types of `_type`, in their order; raises `InvalidSearch`."""
    given = [value for name, value in pairs if name == "_type"]
    if len(given) > 1:
        message = "_type is given more than once: write the types with commas between them."
        raise InvalidSearch(message, expression="_type")
    types = tuple(dict.fromkeys(name for value in given for name in value.split(",")))
    for name in types:
        if name not in resource_types():
            message = f"_type={name[:64]} is not a resource type of FHIR R4."
            raise InvalidSearch(message, expression="_type")
    return types


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
