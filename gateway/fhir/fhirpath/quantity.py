"""Quantities: calendar units, and the units of UCUM (http://hl7.org/fhirpath/N1/#quantity)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from gateway.fhir.ucum import Unit, read_unit

_UNITS: Final = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
#: How calendar units are written in an expression: {`days`: `day`}.
CALENDAR: Final = {name: one for one in _UNITS for name in (one, f"{one}s")}
#: What they are called in UCUM.
UCUM: Final = dict(zip(_UNITS, ("a", "mo", "wk", "d", "h", "min", "s", "ms"), strict=True))
# A calendar year is no number of seconds: it is only equivalent to the year of UCUM.
_NOT_DEFINITE: Final = ("year", "month")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit: a code of UCUM, or a calendar unit such as `day`."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        """Write it as a literal."""
        return f"{self.value} {self.unit}" if self.unit in UCUM else f"{self.value} '{self.unit}'"


def comparable(
    one: Quantity, other: Quantity, *, loosely: bool = False
) -> tuple[Decimal, Decimal] | None:
    """Return both numbers in one unit, None when there is none.

    `loosely` takes a calendar year for one of UCUM.
    """
    if one.unit == other.unit:
        return one.value, other.value
    first, second = (_canonical(each, loosely=loosely) for each in (one, other))
    if first is None or second is None or first.dimension != second.dimension:
        return None
    return _in_base_units(one, first), _in_base_units(other, second)


def _in_base_units(one: Quantity, unit: Unit) -> Decimal:
    return one.value * unit.factor + unit.offset


def differ(one: Quantity, other: Quantity) -> bool:
    """Whether two units are known to measure different things."""
    first, second = (_canonical(each, loosely=True) for each in (one, other))
    return first is not None and second is not None and first.dimension != second.dimension


def _canonical(one: Quantity, *, loosely: bool) -> Unit | None:
    if one.unit in _NOT_DEFINITE and not loosely:
        months = Decimal(12 if one.unit == "year" else 1)
        return Unit(months, (("calendar month", 1),))
    return read_unit(UCUM.get(one.unit, one.unit))


def multiplied(one: Quantity, other: Quantity, sign: str) -> Quantity | None:
    """Return the product or the quotient; None for a division by zero."""
    if sign == "/" and not other.value:
        return None
    value = one.value * other.value if sign == "*" else one.value / other.value
    if other.unit == "1":
        return Quantity(value, one.unit)
    if one.unit == other.unit and sign == "/":
        return Quantity(value, "1")
    if one.unit == "1" and sign == "*":
        return Quantity(value, other.unit)
    return Quantity(value, f"{one.unit}{'.' if sign == '*' else '/'}{other.unit}")
