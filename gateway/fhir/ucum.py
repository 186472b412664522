"""Units of UCUM as numbers of base units: those that are made of common ones (https://ucum.org/ucum).

Arbitrary units ([IU]) and amounts of substance are dimensions of their own: nothing is known here
of molar masses. Annotations in braces count as nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Final

SYSTEM: Final = "http://unitsofmeasure.org"

Dimension = tuple[tuple[str, int], ...]

_MAX_LENGTH: Final = 64
_MAX_POWER: Final = 99
_PREFIXES: Final = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
# What takes a prefix: (how many base units one is, which).
_METRIC: Final[dict[str, tuple[str, Dimension]]] = {
    "m": ("1", (("m", 1),)), "g": ("1", (("g", 1),)), "s": ("1", (("s", 1),)),
    "l": ("0.001", (("m", 3),)), "L": ("0.001", (("m", 3),)), "mol": ("1", (("mol", 1),)),
    "K": ("1", (("K", 1),)), "A": ("1", (("A", 1),)), "cd": ("1", (("cd", 1),)),
    "Pa": ("1000", (("g", 1), ("m", -1), ("s", -2))),
    "bar": ("100000000", (("g", 1), ("m", -1), ("s", -2))),
    "m[Hg]": ("133322000", (("g", 1), ("m", -1), ("s", -2))),
    "m[H2O]": ("9806650", (("g", 1), ("m", -1), ("s", -2))),
    "Hz": ("1", (("s", -1),)), "N": ("1000", (("g", 1), ("m", 1), ("s", -2))),
    "J": ("1000", (("g", 1), ("m", 2), ("s", -2))), "W": ("1000", (("g", 1), ("m", 2), ("s", -3))),
    "cal": ("4184", (("g", 1), ("m", 2), ("s", -2))),
    "C": ("1", (("A", 1), ("s", 1))), "V": ("1000", (("A", -1), ("g", 1), ("m", 2), ("s", -3))),
    "T": ("1000", (("A", -1), ("g", 1), ("s", -2))),
    "Gy": ("1", (("m", 2), ("s", -2))), "Sv": ("1", (("m", 2), ("s", -2))),
    "Bq": ("1", (("s", -1),)), "Ci": ("37000000000", (("s", -1),)),
    "eq": ("1", (("mol", 1),)), "osm": ("1", (("mol", 1),)),
    "kat": ("1", (("mol", 1), ("s", -1))), "t": ("1000000", (("g", 1),)),
    "[iU]": ("1", (("[iU]", 1),)), "[IU]": ("1", (("[iU]", 1),)),
}  # fmt: skip
# What takes none.
_PLAIN: Final[dict[str, tuple[str, Dimension]]] = {
    "1": ("1", ()), "%": ("0.01", ()), "[ppth]": ("0.001", ()), "[ppm]": ("0.000001", ()),
    "[ppb]": ("0.000000001", ()), "min": ("60", (("s", 1),)), "h": ("3600", (("s", 1),)),
    "d": ("86400", (("s", 1),)), "wk": ("604800", (("s", 1),)), "mo": ("2629800", (("s", 1),)),
    "a": ("31557600", (("s", 1),)), "[in_i]": ("0.0254", (("m", 1),)),
    "[ft_i]": ("0.3048", (("m", 1),)), "[yd_i]": ("0.9144", (("m", 1),)),
    "[mi_i]": ("1609.344", (("m", 1),)), "[lb_av]": ("453.59237", (("g", 1),)),
    "[oz_av]": ("28.349523125", (("g", 1),)), "[foz_us]": ("0.0000295735295625", (("m", 3),)),
    "deg": ("1", (("deg", 1),)), "[pH]": ("1", (("[pH]", 1),)),
}  # fmt: skip
# Of metric enzyme units: a micromole a minute, with a prefix.
_ENZYME: Final = Decimal("0.000001") / 60
# Scales that do not start at nought: (base units a degree, where nought lies). They stand alone.
_SCALES: Final[dict[str, tuple[Decimal, Decimal]]] = {
    "Cel": (Decimal(1), Decimal("273.15")),
    "[degF]": (Decimal(5) / 9, Decimal("459.67") * 5 / 9),
}
_TOKEN: Final = re.compile(r"[./()]|(?:\[[^\]]*\]|[^./()\[\]])+")
_POWER: Final = re.compile(r"(.*?[^\d+-])([+-]?\d{1,2})")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `value` of it is `value * factor + offset` of its base units."""

    factor: Decimal
    dimension: Dimension
    offset: Decimal = Decimal(0)


@lru_cache(maxsize=4096)
def read_unit(code: str) -> Unit | None:
    """Return what a code of UCUM stands for; None for one that is not known here."""
    if code in _SCALES:
        factor, offset = _SCALES[code]
        return Unit(factor, (("K", 1),), offset)
    text = re.sub(r"\{[^}]*\}", "", code) or "1"
    if len(text) > _MAX_LENGTH:
        return None
    tokens = _TOKEN.findall(text)
    try:
        found = _product(tokens) if "".join(tokens) == text else None
    except DecimalException:
        return None
    if found is None or tokens:
        return None
    factor, powers = found
    return Unit(factor, tuple(sorted((name, power) for name, power in powers.items() if power)))


_Product = tuple[Decimal, dict[str, int]]


def _product(pieces: list[str]) -> _Product | None:
    """Read terms from the left until a bracket closes, and take them from the list."""
    factor, powers, sign = Decimal(1), dict[str, int](), 1
    while pieces and pieces[0] != ")":
        piece = pieces.pop(0)
        if piece in "./":
            sign = -1 if piece == "/" else 1
            continue
        found = _bracket(pieces) if piece == "(" else _term(piece)
        if found is None:
            return None
        factor = factor * found[0] if sign > 0 else factor / found[0]
        for name, power in found[1].items():
            powers[name] = powers.get(name, 0) + sign * power
    return factor, powers


def _bracket(pieces: list[str]) -> _Product | None:
    found = _product(pieces)
    return found if pieces and pieces.pop(0) == ")" else None


def _term(text: str) -> _Product | None:
    """Return what one term is: a number, a unit, or a unit to a power."""
    if text.startswith(("10*", "10^")):
        exponent = text[3:] or "1"
        known = re.fullmatch(r"[+-]?\d{1,2}", exponent)
        return (Decimal(10) ** int(exponent), {}) if known else None
    if text.isdecimal() and text.isascii():
        return (Decimal(text), {}) if int(text) else None
    found, power = _atom(text), 1
    if found is None and (match := _POWER.fullmatch(text)):
        found, power = _atom(match[1]), int(match[2])
    if found is None or abs(power) > _MAX_POWER:
        return None
    return found[0] ** power, {name: times * power for name, times in found[1]}


def _atom(text: str) -> tuple[Decimal, Dimension] | None:
    if text in _PLAIN:
        number, dimension = _PLAIN[text]
        return Decimal(number), dimension
    for length in (0, 1, 2):
        prefix, rest = text[:length], text[length:]
        if prefix not in _PREFIXES:
            continue
        scale = Decimal(10) ** _PREFIXES[prefix]
        if rest in _METRIC:
            number, dimension = _METRIC[rest]
            return Decimal(number) * scale, dimension
        if rest == "U":
            return _ENZYME * scale, (("mol", 1), ("s", -1))
    return None


@dataclass(frozen=True, slots=True)
class Common:
    """The unit in which quantities of a kind are compared, and the way there."""

    code: str
    factor: Decimal
    offset: Decimal

    @property
    def is_same(self) -> bool:
        """Whether the first unit is worth one of the common one."""
        return self.factor == 1 and not self.offset

    def of(self, value: Decimal) -> Decimal:
        """Return a value of the first unit in the common one."""
        return value * self.factor + self.offset


# Of each dimension the unit that is written most; of others, the base units.
_COMMON: Final = {
    unit.dimension: (code, unit)
    for code in (
        "kg", "cm", "m2", "mL", "h", "/min", "%", "g/L", "mmol/L", "mmol", "mol/kg", "kg/m2",
        "mm[Hg]", "Cel", "U/L", "[iU]/L", "mL/min", "10*9/L", "m/s", "mGy", "mGy.cm", "mGy.cm2",
    )
    if (unit := read_unit(code)) is not None
}  # fmt: skip


@lru_cache(maxsize=4096)
def common_unit(code: str) -> Common | None:
    """Return the way from a unit to the common one of its dimension; None for an unknown unit."""
    unit = read_unit(code)
    if unit is None:
        return None
    name, common = _COMMON.get(unit.dimension) or (
        ".".join(f"{base}{power if power != 1 else ''}" for base, power in unit.dimension),
        Unit(Decimal(1), unit.dimension),
    )
    if unit == common:
        return Common(name, Decimal(1), Decimal(0))
    return Common(name, unit.factor / common.factor, (unit.offset - common.offset) / common.factor)
