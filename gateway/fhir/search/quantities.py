"""Numbers and quantities as the range of values that they stand for.

https://hl7.org/fhir/R4/search.html#quantity. Bounds are floats: what a database compares. A value
alone is a range without length; an end that is open is 1e308, which no measurement reaches.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.text import bounded
from gateway.fhir.ucum import SYSTEM, Common, common_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# (low, high, code, system); a bare number has no unit.
Measured = tuple[float, float, str, str]

OPEN: Final = 1e308
# Behind the code of a parameter: its rows in the unit in which a dimension is compared.
COMMON: Final = ":common"
# Of Money, whose unit is a currency (https://hl7.org/fhir/R4/datatypes.html#Money).
CURRENCIES: Final = "urn:iso:std:iso:4217"

# A curve longer than this is bounded by its beginning.
_MAX_SAMPLES: Final = 100_000
_SAMPLE_LIMITS: Final = {"L": "lowerLimit", "U": "upperLimit"}


def number_of(value: Any) -> float | None:  # noqa: ANN401 - any element
    """Return a JSON number as a float inside the open ends, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return min(max(float(value), -OPEN), OPEN)
    except (OverflowError, ValueError):
        return None


def numbers(value: Any) -> Iterable[Measured]:  # noqa: ANN401 - any element
    """Give a number as itself."""
    found = number_of(value)
    return () if found is None else ((found, found, "", ""),)


def number_ranges(value: Any) -> Iterable[Measured]:  # noqa: ANN401 - any element
    """Give a Range of numbers, whatever their unit."""
    limits = _limits(value)
    return () if limits is None else ((*limits, "", ""),)


def quantities(value: Any) -> Iterable[Measured]:  # noqa: ANN401 - any element
    """Give a Quantity, once by its code and once by a unit that is written otherwise."""
    if not isinstance(value, dict):
        return ()
    found = number_of(value.get("value"))
    if found is None:
        return ()
    return _in_units(*_compared(found, value.get("comparator")), value)


def _compared(value: float, comparator: object) -> tuple[float, float]:
    if comparator in ("<", "<="):
        return -OPEN, value
    return (value, OPEN) if comparator in (">", ">=") else (value, value)


def _in_units(low: float, high: float, quantity: dict[str, Any]) -> Iterable[Measured]:
    code, unit = _word(quantity, "code"), _word(quantity, "unit")
    if code or not unit:
        yield low, high, code, _word(quantity, "system")
    if unit and unit != code:
        yield low, high, unit, ""


def _word(element: dict[str, Any], name: str) -> str:
    found = element.get(name)
    return bounded(found) if isinstance(found, str) else ""


def money(value: Any) -> Iterable[Measured]:  # noqa: ANN401 - any element
    """Give an amount under its currency."""
    found = number_of(value.get("value")) if isinstance(value, dict) else None
    if found is None:
        return ()
    currency = _word(value, "currency")
    return ((found, found, currency, CURRENCIES if currency else ""),)


def ranges(value: Any) -> Iterable[Measured]:  # noqa: ANN401 - any element
    """Give a Range under the units of its ends; an end that is not there is open."""
    limits = _limits(value)
    if limits is None:
        return ()
    ends = [end for end in (value.get("low"), value.get("high")) if isinstance(end, dict)]
    return {row for end in ends for row in _in_units(*limits, end)}


def _limits(value: Any) -> tuple[float, float] | None:  # noqa: ANN401 - any element
    if not isinstance(value, dict):
        return None
    low, high = _end(value.get("low")), _end(value.get("high"))
    if low is None and high is None:
        return None
    return -OPEN if low is None else low, OPEN if high is None else high


def _end(value: Any) -> float | None:  # noqa: ANN401 - any element
    return number_of(value.get("value")) if isinstance(value, dict) else None


def sampled(value: Any) -> Iterable[Measured]:  # noqa: ANN401 - any element
    """Give the bounds of the values in sampled data.

    https://hl7.org/fhir/R4/datatypes.html#SampledData: a value is the origin and what was read
    times the factor; below and above the limits of detection, the limit.
    """
    if not isinstance(value, dict) or not isinstance(value.get("origin"), dict):
        return ()
    origin, data = number_of(value["origin"].get("value")), value.get("data")
    if origin is None or not isinstance(data, str):
        return ()
    factor = number_of(value.get("factor"))
    found = [
        origin + sample * (1.0 if factor is None else factor)
        for word in islice(data.split(), _MAX_SAMPLES)
        if (sample := _sample(word, value)) is not None
    ]
    if not found:
        return ()
    low, high = max(min(found), -OPEN), min(max(found), OPEN)
    return _in_units(low, high, value["origin"])


def _sample(word: str, data: dict[str, Any]) -> float | None:
    limit = _SAMPLE_LIMITS.get(word)
    if limit is not None:
        return number_of(data.get(limit))
    try:
        found = float(word)
    except ValueError:
        return None
    # A word that float takes and FHIR does not write: nan, inf.
    return found if -OPEN <= found <= OPEN else None


@cache
def in_common_units(convert: Callable[[Any], Iterable[Measured]]) -> Callable[[Any], Any]:
    """Return a converter that gives what `convert` gives, each in the common unit of UCUM.

    What has no unit of UCUM, or one that is not known here, is left out.
    """

    def converted(value: Any) -> list[Measured]:  # noqa: ANN401 - any element
        return [common for row in convert(value) if (common := commonly(row)) is not None]

    return converted


def commonly(row: Measured) -> Measured | None:
    """Return a range in the common unit of its dimension, None when there is none."""
    low, high, code, system = row
    # Most are one value.
    found = in_common_unit((low,) if low == high else (low, high), code, system)
    return None if found is None else (found[0][0], found[0][-1], found[1], system)


def in_common_unit(
    values: tuple[float, ...], code: str | None, system: str | None
) -> tuple[tuple[float, ...], str] | None:
    """Return values and the unit in which their dimension is compared (`gateway.fhir.ucum`)."""
    common = common_unit(code) if code and system == SYSTEM else None
    if common is None:
        return None
    return tuple([_moved(value, common) for value in values]), common.code


def _moved(value: float, common: Common) -> float:
    if abs(value) == OPEN or common.is_same:
        return value
    return min(max(float(common.of(Decimal(repr(value)))), -OPEN), OPEN)
