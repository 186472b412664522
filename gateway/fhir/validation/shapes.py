"""The types as the definitions give them, read when first met."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import member
from gateway.fhir.validation.invariants import RULES
from gateway.fhir.validation.primitives import CHECKS

if TYPE_CHECKING:
    from gateway.fhir.validation.primitives import Check
    from gateway.fhir.validation.rules import Rule

# Codes by system; an element that holds a bare code takes those of any system.
Codes = dict[str, frozenset[str]]

_HL7_VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"


@dataclass(frozen=True, slots=True)
class Field:
    """One JSON name of a type.

    `type` is a datatype, `Resource`, or the path of a backbone element such as `Patient.contact`;
    `high` 0 means unbounded; `choice` is the name before [x]; `targets` None means any type;
    `check` is there for primitives.
    """

    name: str
    type: str
    low: int
    high: int
    choice: str | None
    value_set: str | None
    targets: frozenset[str] | None
    check: Check | None

    @property
    def many(self) -> bool:
        """Whether JSON has an array here."""
        return self.high != 1


@dataclass(frozen=True, slots=True)
class Shape:
    """A type with elements: its fields by JSON name, what must be there, its invariants.

    `required` are groups of JSON names of which one must be present.
    """

    path: str
    fields: dict[str, Field]
    required: tuple[tuple[str, ...], ...]
    rules: tuple[Rule, ...]


@cache
def shape(path: str) -> Shape:
    """Return the shape of a datatype, resource type or backbone element; KeyError for none."""
    rows: dict[str, list[Any]] = _type(path.partition(".")[0])[path]
    fields = {name: _field(name, row) for name, row in rows.items()}
    required: dict[str, tuple[str, ...]] = {}
    for name, one in fields.items():
        if one.low:
            group = one.choice or name
            required[group] = (*required.get(group, ()), name)
    return Shape(path, fields, tuple(required.values()), RULES.get(path, ()))


@cache
def _type(name: str) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = member(f"{name}.json")
    return found


def _field(name: str, row: list[Any]) -> Field:
    type_name, low, high, choice, value_set, targets = [*row, None, None, None][:6]
    listed = frozenset(targets) if targets else None
    return Field(name, type_name, low, high, choice, value_set, listed, CHECKS.get(type_name))


@cache
def _code_table() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = member("codes.json")
    return found


@cache
def codes(value_set: str) -> Codes:
    """Return the codes of a required binding."""
    return {system: frozenset(listed) for system, listed in _code_table()[value_set].items()}


@cache
def all_codes(value_set: str) -> frozenset[str]:
    """Return the codes of a required binding whatever their system."""
    return frozenset().union(*codes(value_set).values())


def value_set_url(value_set: str) -> str:
    """Return the canonical URL of a required binding."""
    return value_set if ":" in value_set else _HL7_VALUE_SET + value_set
