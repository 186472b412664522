"""Quantities: calendar units, and the units of UCUM as far as they are made of common ones.

http://hl7.org/fhirpath/N1/#quantity, https://ucum.org/ucum
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

_UNITS: Final = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
#: How calendar units are written in an expression: {`days`: `day`}.
CALENDAR: Final = {name: one for one in _UNITS for name in (one, f"{one}s")}
#: What they are called in UCUM.
UCUM: Final = dict(zip(_UNITS, ("a", "mo", "wk", "d", "h", "min", "s", "ms"), strict=True))
# A calendar year is no number of seconds: it is only equivalent to the year of UCUM.
_NOT_DEFINITE: Final = ("year", "month")

Dimension = tuple[tuple[str, int], ...]

_PREFIXES: Final = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
_METRIC: Final[dict[str, tuple[str, Dimension]]] = {
    "m": ("1", (("m", 1),)), "g": ("1", (("g", 1),)), "s": ("1", (("s", 1),)),
    "l": ("0.001", (("m", 3),)), "L": ("0.001", (("m", 3),)), "mol": ("1", (("mol", 1),)),
    "K": ("1", (("K", 1),)), "Cel": ("1", (("Cel", 1),)), "A": ("1", (("A", 1),)),
    "cd": ("1", (("cd", 1),)), "Pa": ("1000", (("g", 1), ("m", -1), ("s", -2))),
    "Hz": ("1", (("s", -1),)), "N": ("1000", (("g", 1), ("m", 1), ("s", -2))),
    "J": ("1000", (("g", 1), ("m", 2), ("s", -2))), "W": ("1000", (("g", 1), ("m", 2), ("s", -3))),
    "Gy": ("1", (("m", 2), ("s", -2))), "Sv": ("1", (("m", 2), ("s", -2))),
    "Bq": ("1", (("s", -1),)), "eq": ("1", (("mol", 1),)), "osm": ("1", (("mol", 1),)),
    "m[Hg]": ("133322000", (("g", 1), ("m", -1), ("s", -2))),
}  # fmt: skip
_PLAIN: Final[dict[str, tuple[str, Dimension]]] = {
    "1": ("1", ()), "%": ("0.01", ()), "min": ("60", (("s", 1),)), "h": ("3600", (("s", 1),)),
    "d": ("86400", (("s", 1),)), "wk": ("604800", (("s", 1),)), "mo": ("2629800", (("s", 1),)),
    "a": ("31557600", (("s", 1),)), "[in_i]": ("0.0254", (("m", 1),)),
    "[ft_i]": ("0.3048", (("m", 1),)), "[lb_av]": ("453.59237", (("g", 1),)),
    "[oz_av]": ("28.349523125", (("g", 1),)), "deg": ("1", (("deg", 1),)),
}  # fmt: skip


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
    if first is None or second is None or first[1] != second[1]:
        return None
    return one.value * first[0], other.value * second[0]


def differ(one: Quantity, other: Quantity) -> bool:
    """Whether two units are known to measure different things."""
    first, second = (_canonical(each, loosely=True) for each in (one, other))
    return first is not None and second is not None and first[1] != second[1]


def _canonical(one: Quantity, *, loosely: bool) -> tuple[Decimal, Dimension] | None:
    if one.unit in _NOT_DEFINITE and not loosely:
        months = Decimal(12 if one.unit == "year" else 1)
        return months, (("calendar month", 1),)
    return _read(UCUM.get(one.unit, one.unit))


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


@lru_cache(maxsize=1024)
def _read(unit: str) -> tuple[Decimal, Dimension] | None:
    """Return what one of a unit is in base units; None for a unit that is not known here."""
    factor, powers = Decimal(1), dict[str, int]()
    divided = False
    for part in re.split(r"([./])", re.sub(r"\{[^}]*\}", "", unit) or "1"):
        if part in (".", "/", ""):
            divided = part == "/" if part else divided
            continue
        found = _part(part)
        if found is None:
            return None
        factor = factor / found[0] if divided else factor * found[0]
        for name, power in found[1]:
            powers[name] = powers.get(name, 0) + (-power if divided else power)
    return factor, tuple(sorted((name, power) for name, power in powers.items() if power))


def _part(text: str) -> tuple[Decimal, Dimension] | None:
    if text.startswith(("10*", "10^")):
        return Decimal(10) ** int(text[3:] or 1), ()
    if text.isdecimal():
        return Decimal(text), ()
    found = _atom(text)
    power = 1
    if found is None:
        match = re.fullmatch(r"(.*?[^\d+-])([+-]?\d+)", text)
        if match is None:
            return None
        found, power = _atom(match[1]), int(match[2])
    if found is None:
        return None
    return found[0] ** power, tuple((name, times * power) for name, times in found[1])


def _atom(text: str) -> tuple[Decimal, Dimension] | None:
    if text in _PLAIN:
        number, dimension = _PLAIN[text]
        return Decimal(number), dimension
    for length in (0, 1, 2):
        prefix, rest = text[:length], text[length:]
        if prefix in _PREFIXES and rest in _METRIC:
            number, dimension = _METRIC[rest]
            return Decimal(number) * Decimal(10) ** _PREFIXES[prefix], dimension
    return None
