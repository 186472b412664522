"""Math, and sums over collections: http://hl7.org/fhirpath/N1/#math."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath.equality import type_key
from gateway.fhir.fhirpath.nodes import Item, system
from gateway.fhir.fhirpath.operators import OPERATORS, compare
from gateway.fhir.fhirpath.quantity import Quantity
from gateway.fhir.fhirpath.run import Builder, here, single, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run

# Bits of a power that is a whole number.
_LARGEST_POWER: Final = 1024


def _number(items: Collection) -> Item:
    value = single(items)
    if value is not None and type_key(value) != "number":
        message = "The FHIRPath needs a number where there is another value."
        raise Invalid(message)
    return value


def _of(step: Callable[..., Any]) -> Builder:
    """Make a function of a number and numbers; empty when one is, or when there is no result."""

    def build(*arguments: Run) -> Run:
        def run(env: Environment, focus: Collection) -> Collection:
            given = [_number(focus), *(_number(here(one, env)) for one in arguments)]
            if any(one is None for one in given):
                return []
            try:
                return [step(*given)]
            except (ArithmeticError, ValueError):
                return []

        return run

    return build


def _abs() -> Run:
    def run(_env: Environment, focus: Collection) -> Collection:
        value = single(focus)
        if isinstance(value, Quantity):
            return [Quantity(abs(value.value), value.unit)]
        return [] if value is None else [abs(_number(focus))]

    return run


def _round(precision: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        value = _number(focus)
        digits = whole(here(precision, env)) if precision else 0
        if value is None:
            return []
        if digits is None or digits < 0:
            message = "The FHIRPath rounds to a number of digits that is none."
            raise Invalid(message)
        try:
            found = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        except ArithmeticError:
            return []
        return [int(found) if digits == 0 and type(value) is int else found]

    return run


def _power(base: Item, exponent: Item) -> Item:
    whole_ones = type(base) is int and type(exponent) is int and exponent >= 0
    if whole_ones and base.bit_length() * exponent <= _LARGEST_POWER:
        return base**exponent
    return Decimal(base) ** Decimal(exponent)


def _log(value: Item, base: Item) -> Decimal:
    found = Decimal(value).ln() / Decimal(base).ln()
    return found.quantize(Decimal("1e-20")).normalize()


def _extreme(wanted: int) -> Builder:
    def run(_env: Environment, focus: Collection) -> Collection:
        best: Collection = focus[:1]
        for item in focus[1:]:
            if compare(system(item), system(best[0])) == wanted:
                best = [item]
        return best

    return lambda: run


def _sum(focus: Collection) -> Collection:
    total = focus[:1] or [0]
    for item in focus[1:]:
        total = OPERATORS["+"](total, [item])
    return total


def _average(_env: Environment, focus: Collection) -> Collection:
    return OPERATORS["/"](_sum(focus), [len(focus)]) if focus else []


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    "abs": (0, 0, _abs),
    "ceiling": (0, 0, _of(ceil)),
    "floor": (0, 0, _of(floor)),
    "truncate": (0, 0, _of(int)),
    "round": (0, 1, _round),
    "sqrt": (0, 0, _of(lambda value: Decimal(value).sqrt())),
    "exp": (0, 0, _of(lambda value: Decimal(value).exp())),
    "ln": (0, 0, _of(lambda value: Decimal(value).ln())),
    "log": (1, 1, _of(_log)),
    "power": (1, 1, _of(_power)),
    "sum": (0, 0, lambda: lambda _env, focus: _sum(focus)),
    "min": (0, 0, _extreme(-1)),
    "max": (0, 0, _extreme(1)),
    "avg": (0, 0, lambda: _average),
}
