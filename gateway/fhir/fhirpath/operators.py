"""The operators (http://hl7.org/fhirpath/N1/#operations)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath.equality import (
    equal,
    equivalent,
    items_equal,
    quantity,
    temporal,
    type_key,
)
from gateway.fhir.fhirpath.nodes import PLAIN, Collection, Item, Node, is_plain
from gateway.fhir.fhirpath.quantity import Quantity, comparable, multiplied
from gateway.fhir.fhirpath.run import FALSE, TRUE, boolean, require_length, single, truth
from gateway.fhir.fhirpath.temporal import Temporal, added, order

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.run import Run

Operator = Callable[[Collection, Collection], Collection]

# Of a whole number: more than any of FHIR, or of what is counted.
_BITS: Final = 1024


def binary(sign: str, left: Run, right: Run) -> Run:
    """Return the step of an operator."""
    if sign in _LAZY:
        return _LAZY[sign](left, right)
    operate = OPERATORS[sign]

    def run(env: Environment, focus: Collection) -> Collection:
        return operate(left(env, focus), right(env, focus))

    return run


# Logic: http://hl7.org/fhirpath/N1/#boolean-logic


def _and(left: Run, right: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        one = truth(left(env, focus))
        if one is False:
            return FALSE
        other = truth(right(env, focus))
        if other is False:
            return FALSE
        return TRUE if one and other else []

    return run


def _or(left: Run, right: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        one = truth(left(env, focus))
        if one is True:
            return TRUE
        other = truth(right(env, focus))
        if other is True:
            return TRUE
        return FALSE if one is False and other is False else []

    return run


def _implies(left: Run, right: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        one = truth(left(env, focus))
        if one is False:
            return TRUE
        other = truth(right(env, focus))
        if one is None:
            return TRUE if other is True else []
        return boolean(other)

    return run


_LAZY: Final[dict[str, Callable[[Run, Run], Run]]] = {"and": _and, "or": _or, "implies": _implies}


def _xor(left: Collection, right: Collection) -> Collection:
    one, other = truth(left), truth(right)
    return [] if one is None or other is None else [one is not other]


# Comparing


def _different(left: Collection, right: Collection) -> Collection:
    same = equal(left, right)
    return [] if same is None else [not same]


def _compared(test: Callable[[int], bool]) -> Operator:
    def run(left: Collection, right: Collection) -> Collection:
        found = compare(single(left), single(right))
        return [] if found is None else [test(found)]

    return run


def compare(one: Item, other: Item) -> int | None:
    """Return -1, 0 or 1, None when it cannot be told; raises `Invalid` for what has no order."""
    if one is None or other is None:
        return None
    if isinstance(one, Temporal) or isinstance(other, Temporal):
        first, second = temporal(one), temporal(other)
        if (
            first is not None
            and second is not None
            and (first.kind == "time") == (second.kind == "time")
        ):
            return order(first, second)
    elif isinstance(one, Quantity) or isinstance(other, Quantity):
        return _compare_amounts(quantity(one), quantity(other))
    elif type_key(one) == type_key(other) and isinstance(one, str | int | Decimal):
        return int(one > other) - int(one < other)
    message = "The FHIRPath compares values that have no order."
    raise Invalid(message)


def _compare_amounts(one: Quantity | None, other: Quantity | None) -> int | None:
    numbers = comparable(one, other) if one and other else None
    return None if numbers is None else (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])


def is_text(left: Run, wanted: str) -> Run:
    """Return `left = 'wanted'`, which is most of what conditions ask, without detours."""
    right = [wanted]

    def run(env: Environment, focus: Collection) -> Collection:
        found = left(env, focus)
        if len(found) == 1:
            item = found[0]
            if isinstance(item, Node) and isinstance(item.value, str) and item.type in PLAIN:
                return TRUE if item.value == wanted else FALSE
        return boolean(equal(found, right))

    return run


def is_text_of(name: str, left: Run, wanted: str) -> Run:
    """Return `name = 'wanted'`, where `left` is the element of that name: seen in JSON itself."""
    otherwise = is_text(left, wanted)

    def run(env: Environment, focus: Collection) -> Collection:
        if len(focus) == 1 and isinstance(focus[0], Node) and isinstance(focus[0].value, dict):
            held = focus[0].value.get(name)
            if type(held) is str and is_plain(focus[0].type, name):
                return TRUE if held == wanted else FALSE
        return otherwise(env, focus)

    return run


# Collections


def union(left: Collection, right: Collection) -> Collection:
    """Return the items of both, each once."""
    return distinct([*left, *right])


def distinct(items: Collection) -> Collection:
    """Return the items without those that are there before."""
    found: Collection = []
    for item in items:
        if not contains(found, item):
            found.append(item)
    return found


def contains(items: Collection, item: Item) -> bool:
    """Whether an item is among the items."""
    return any(items_equal(one, item) for one in items)


def _in(left: Collection, right: Collection) -> Collection:
    if not left:
        return []
    single(left)
    return [contains(right, left[0])]


# Arithmetic: http://hl7.org/fhirpath/N1/#math


def _number(value: Item) -> bool:
    return type_key(value) == "number"


def _arithmetic(sign: str, operate: Callable[[Any, Any], Any]) -> Operator:
    def run(left: Collection, right: Collection) -> Collection:
        one, other = single(left), single(right)
        if one is None or other is None:
            return []
        try:
            return _some(operate(one, other))
        except (ArithmeticError, OverflowError):
            return []
        except TypeError:
            message = f"The FHIRPath has values beside {sign} that do not fit."
            raise Invalid(message) from None

    return run


def _some(value: Item) -> Collection:
    # What overflows is empty: http://hl7.org/fhirpath/N1/#math.
    overflows = type(value) is int and value.bit_length() > _BITS
    return [] if value is None or overflows else [value]


def _plus(one: Item, other: Item) -> Item:
    if isinstance(one, str) and isinstance(other, str):
        require_length(len(one) + len(other))
        return one + other
    return _sum(one, other, 1)


def _sum(one: Item, other: Item, sign: int) -> Item:
    if _number(one) and _number(other):
        return one + sign * other
    if isinstance(other, Quantity):
        begin = temporal(one)
        if begin is not None:
            return _later(begin, other, sign)
        if isinstance(one, Quantity):
            return _sum_of_amounts(one, other, sign)
    raise TypeError


def _later(begin: Temporal, amount: Quantity, sign: int) -> Temporal | None:
    if amount.unit in ("a", "mo"):
        message = f"The FHIRPath adds {amount.unit!r} to a date: say years or months."
        raise Invalid(message)
    return added(begin, amount, sign)


def _sum_of_amounts(one: Quantity, other: Quantity, sign: int) -> Quantity | None:
    if one.unit == other.unit:
        return Quantity(one.value + sign * other.value, one.unit)
    numbers = comparable(one, other)
    base = comparable(Quantity(Decimal(1), one.unit), other)
    if numbers is None or base is None:
        return None
    return Quantity((numbers[0] + sign * numbers[1]) / base[0], one.unit)


def _scaled(sign: str) -> Callable[[Any, Any], Any]:
    def run(one: Item, other: Item) -> Item:
        if _number(one) and _number(other):
            return one * other if sign == "*" else _plain(Decimal(one) / Decimal(other))
        first, second = quantity(one), quantity(other)
        if first is None or second is None:
            raise TypeError
        return multiplied(first, second, sign)

    return run


def _plain(value: Decimal) -> Decimal:
    """Return a quotient without zeros at its end."""
    value = value.normalize()
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else value


def _whole_part(one: Item, other: Item) -> Item:
    _require_numbers(one, other)
    return int(Decimal(one) / Decimal(other))


def _remainder(one: Item, other: Item) -> Item:
    _require_numbers(one, other)
    found = Decimal(one) % Decimal(other)
    return int(found) if type(one) is int and type(other) is int else found


def _require_numbers(*values: object) -> None:
    if not all(map(_number, values)):
        raise TypeError


def _joined(left: Collection, right: Collection) -> Collection:
    one, other = single(left), single(right)
    if any(value is not None and not isinstance(value, str) for value in (one, other)):
        message = "The FHIRPath joins values with & that are no texts."
        raise Invalid(message)
    require_length(len(one or "") + len(other or ""))
    return [(one or "") + (other or "")]


OPERATORS: Final[dict[str, Operator]] = {
    "xor": _xor,
    "=": lambda left, right: boolean(equal(left, right)),
    "!=": _different,
    "~": lambda left, right: [equivalent(left, right)],
    "!~": lambda left, right: [not equivalent(left, right)],
    "<": _compared(lambda found: found < 0),
    "<=": _compared(lambda found: found <= 0),
    ">": _compared(lambda found: found > 0),
    ">=": _compared(lambda found: found >= 0),
    "|": union,
    "in": _in,
    "contains": lambda left, right: _in(right, left),
    "+": _arithmetic("+", _plus),
    "-": _arithmetic("-", lambda one, other: _sum(one, other, -1)),
    "*": _arithmetic("*", _scaled("*")),
    "/": _arithmetic("/", _scaled("/")),
    "div": _arithmetic("div", _whole_part),
    "mod": _arithmetic("mod", _remainder),
    "&": _joined,
}


def negated(items: Collection) -> Collection:
    """Return a number or quantity with the other sign."""
    value = single(items)
    if isinstance(value, Quantity):
        return [Quantity(-value.value, value.unit)]
    if value is None:
        return []
    if not _number(value) or isinstance(value, Node):
        message = "The FHIRPath has a sign before what is no number."
        raise Invalid(message)
    return [-value]
