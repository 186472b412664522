"""Equality and equivalence, where empty means that it cannot be told.

http://hl7.org/fhirpath/N1/#equality
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gateway.fhir.fhirpath.nodes import Node, system
from gateway.fhir.fhirpath.quantity import Quantity, comparable, differ
from gateway.fhir.fhirpath.temporal import Temporal, order, read_dated

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.nodes import Collection, Item

# All white space is alike (http://hl7.org/fhirpath/N1/#equivalent).
_SPACE: Final = re.compile(r"\s")


def equal(left: Collection, right: Collection) -> bool | None:
    """Return whether two collections are the same in the same order."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    unsure = False
    for one, other in zip(left, right, strict=True):
        same = items_equal(one, other)
        if same is False:
            return False
        unsure = unsure or same is None
    return None if unsure else True


def items_equal(left: Item, right: Item) -> bool | None:
    """Return whether two items are the same, None when it cannot be told."""
    one, other = system(left), system(right)
    if isinstance(one, Node) or isinstance(other, Node):
        return (
            isinstance(one, Node) and isinstance(other, Node) and same_json(one.value, other.value)
        )
    if one is None or other is None:
        return None
    if isinstance(one, Temporal) or isinstance(other, Temporal):
        return _same_time(one, other)
    if isinstance(one, Quantity) or isinstance(other, Quantity):
        return _same_amount(one, other)
    return type_key(one) == type_key(other) and bool(one == other)


def type_key(value: object) -> str:
    """Return what kinds of values can be the same: 1 is 1.0 and not true."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | Decimal) else type(value).__name__


def temporal(value: Item) -> Temporal | None:
    """Return a date, also one that is written as a string."""
    if isinstance(value, Temporal):
        return value
    return read_dated(value) if isinstance(value, str) else None


def quantity(value: Item) -> Quantity | None:
    """Return a quantity; a number is one without a unit."""
    if isinstance(value, Quantity):
        return value
    return Quantity(Decimal(value), "1") if type_key(value) == "number" else None


def _same_time(left: Item, right: Item) -> bool | None:
    one, other = temporal(left), temporal(right)
    if one is None or other is None or (one.kind == "time") != (other.kind == "time"):
        return False
    found = order(one, other)
    return None if found is None else found == 0


def _same_amount(left: Item, right: Item) -> bool | None:
    one, other = quantity(left), quantity(right)
    if one is None or other is None:
        return False
    numbers = comparable(one, other)
    if numbers is not None:
        return numbers[0] == numbers[1]
    return False if differ(one, other) else None


def same_json(one: Item, other: Item) -> bool:
    """Whether two JSON values are the same: no order of members, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(same_json(left, right) for left, right in pairs)
    return type_key(one) == type_key(other) and bool(one == other)


# Equivalence


def equivalent(left: Collection, right: Collection) -> bool:
    """Return whether two collections mean the same, in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for one in left:
        found = next((at for at, other in enumerate(rest) if items_equivalent(one, other)), None)
        if found is None:
            return False
        del rest[found]
    return True


def items_equivalent(left: Item, right: Item) -> bool:
    """Return whether two items mean the same."""
    one, other = system(left), system(right)
    if isinstance(one, Node) and isinstance(other, Node):
        return _like_json(one.value, other.value)
    if isinstance(one, Temporal) and isinstance(other, Temporal):
        return (one.kind == "time") == (other.kind == "time") and order(one, other) == 0
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        numbers = comparable(one, other, loosely=True)
        return numbers is not None and _like_number(*numbers)
    return _like(one, other)


def _like(one: Item, other: Item) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _SPACE.sub(" ", one).casefold() == _SPACE.sub(" ", other).casefold()
    if type_key(one) == type_key(other) == "number":
        return _like_number(Decimal(one), Decimal(other))
    return type_key(one) == type_key(other) and bool(one == other)


def _like_number(one: Decimal, other: Decimal) -> bool:
    """Compare with the precision of the less precise (http://hl7.org/fhirpath/N1/#equivalent)."""
    digits = min(_places(one), _places(other))
    return round(one, digits) == round(other, digits)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _like_json(one: Item, other: Item) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = (one.keys() | other.keys()) - {"id"}
        return all(key in one and key in other and _like_json(one[key], other[key]) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        rest = list(other)
        for left in one:
            found = next((at for at, right in enumerate(rest) if _like_json(left, right)), None)
            if found is None:
                return False
            del rest[found]
        return not rest
    return _like(one, other)
