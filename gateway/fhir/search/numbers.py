"""Numbers, quantities and distances (https://hl7.org/fhir/R4/search.html#number)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.quantities import in_common_unit
from gateway.fhir.search.values import (
    PREFIXES,
    InvalidSearch,
    NearValue,
    NumberValue,
    QuantityValue,
    split,
    unescaped,
)

if TYPE_CHECKING:
    from gateway.fhir.search.parameters import SearchParameter

_PREFIX_LENGTH: Final = 2
# As the decimals of FHIR; the exponent stays inside what a double holds.
_NUMBER: Final = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
# Beyond this the index says "without end".
_LARGEST: Final = 1e308
_TENTH: Final = Decimal("0.1")
_QUANTITY_PARTS: Final = (1, 3)
_NEAR_PARTS: Final = range(2, 5)
_POLE: Final = 90.0
_ANTIMERIDIAN: Final = 180.0
# R4 leaves the distance to the server when none is given.
_DEFAULT_KM: Final = 50.0
# UCUM codes of lengths, in kilometres.
_KILOMETRES: Final = {
    "": 1.0,
    "km": 1.0,
    "m": 0.001,
    "cm": 0.00001,
    "[mi_us]": 1.609347,
    "[mi_i]": 1.609344,
    "[ft_i]": 0.0003048,
    "[yd_i]": 0.0009144,
    "[nmi_i]": 1.852,
}


def number_value(text: str, parameter: SearchParameter) -> NumberValue:
    """Read a number with its prefix; raises `InvalidSearch`."""
    prefix, given = prefixed(text)
    number = _number(given, parameter)
    return NumberValue(prefix, float(number), *_range(prefix, number))


def quantity_value(text: str, parameter: SearchParameter) -> QuantityValue:
    """Read `number`, `number|system|code` or `number||code`; raises `InvalidSearch`."""
    pieces = split(text, "|")
    if len(pieces) not in _QUANTITY_PARTS:
        message = (
            f"The value of {parameter.code} is not a quantity: write number, number|system|code "
            "or number||code."
        )
        raise InvalidSearch(message, expression=parameter.code)
    number = number_value(pieces[0], parameter)
    system, code = (unescaped(piece) or None for piece in (*pieces[1:], "", "")[:2])
    found = in_common_unit((number.value, number.low, number.high), code, system)
    if found is None:
        return QuantityValue(number.prefix, number.value, number.low, number.high, system, code)
    (value, low, high), common = found
    return QuantityValue(number.prefix, value, low, high, system, common, in_common_unit=True)


def near_value(text: str, parameter: SearchParameter) -> NearValue:
    """Read `latitude|longitude|distance|units`; raises `InvalidSearch`.

    https://hl7.org/fhir/R4/location.html#positional
    """
    pieces = split(text, "|")
    if len(pieces) not in _NEAR_PARTS:
        raise _not_a_place(parameter)
    latitude, longitude = (float(_number(piece, parameter)) for piece in pieces[:2])
    distance, unit = (*pieces[2:], "", "")[:2]
    scale = _KILOMETRES.get(unit)
    away = float(_number(distance, parameter)) if distance else _DEFAULT_KM
    known = scale is not None and abs(latitude) <= _POLE and abs(longitude) <= _ANTIMERIDIAN
    if not known or away < 0:
        raise _not_a_place(parameter)
    return NearValue(latitude, longitude, away * (scale or 1.0))


def prefixed(text: str) -> tuple[str, str]:
    """Return the prefix, `eq` when there is none, and what follows it."""
    prefix = text[:_PREFIX_LENGTH]
    given, prefix = (text[_PREFIX_LENGTH:], prefix) if prefix in PREFIXES else (text, "eq")
    # A plus sign that was not percent-encoded arrives as a space.
    return prefix, given.replace(" ", "+")


def _number(text: str, parameter: SearchParameter) -> Decimal:
    number = Decimal(text) if _NUMBER.fullmatch(text) else None
    if number is None or abs(number) > Decimal(_LARGEST):
        message = (
            f"The value of {parameter.code} is not a number: write it as 5, -5.40 or 1e2, with eq, "
            "ne, gt, lt, ge, le, sa, eb or ap before it."
        )
        raise InvalidSearch(message, expression=parameter.code)
    return number


def _range(prefix: str, number: Decimal) -> tuple[float, float]:
    # The last digit typed is the precision: 100 is 99.5 to 100.5, 100.00 is 99.995 to 100.005.
    exponent = number.as_tuple().exponent
    # An exponent that is no number belongs to infinity and NaN, which have no digits.
    half = Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
    if prefix == "ap":
        half = max(half, abs(number) * _TENTH)
    return (
        max(float(number - half), -_LARGEST),
        min(float(number + half), _LARGEST),
    )


def _not_a_place(parameter: SearchParameter) -> InvalidSearch:
    message = (
        f"The value of {parameter.code} is not a place: write latitude|longitude|distance|unit in "
        "degrees of WGS 84, with km, m, [mi_us] or [mi_i] as the unit."
    )
    return InvalidSearch(message, expression=parameter.code)
