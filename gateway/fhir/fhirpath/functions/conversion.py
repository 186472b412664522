"""Conversion: http://hl7.org/fhirpath/N1/#conversion; every toX() has its convertsToX()."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.fhirpath.nodes import Item, Node
from gateway.fhir.fhirpath.quantity import CALENDAR, Quantity, comparable
from gateway.fhir.fhirpath.run import Builder, here, single, text
from gateway.fhir.fhirpath.temporal import Temporal, read_dated, read_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run

_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "0.0"})
_WHOLE: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_AMOUNT: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([A-Za-z]+))?", re.ASCII)
_DAY_PARTS: Final = 3


def _boolean(value: Item) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int | Decimal):
        written = str(value).lower() if isinstance(value, str) else str(Decimal(value).normalize())
        return True if written in _TRUE else False if written in _FALSE else None
    return None


def _integer(value: Item) -> int | None:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return None


def _decimal(value: Item) -> Decimal | None:
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def written(value: Item) -> str | None:
    """Return a value as a string, None for what cannot be one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Node) or value is None:
        return None
    return str(value)


def _date(value: Item) -> Temporal | None:
    found = _dated(value)
    return None if found is None else Temporal("date", found.parts[:_DAY_PARTS])


def _date_time(value: Item) -> Temporal | None:
    found = _dated(value)
    return None if found is None else Temporal("dateTime", found.parts, found.zone)


def _dated(value: Item) -> Temporal | None:
    found = read_dated(value) if isinstance(value, str) else value
    return found if isinstance(found, Temporal) and found.kind != "time" else None


def _time(value: Item) -> Temporal | None:
    found = read_time(value) if isinstance(value, str) else value
    return found if isinstance(found, Temporal) and found.kind == "time" else None


def _amount(value: Item) -> Quantity | None:
    if isinstance(value, bool):
        return Quantity(Decimal(int(value)), "1")
    if isinstance(value, int | Decimal):
        return Quantity(Decimal(value), "1")
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match:
        unit = match[2] or CALENDAR.get(match[3] or "", "") or ("" if match[3] else "1")
        return Quantity(Decimal(match[1]), unit) if unit else None
    return value if isinstance(value, Quantity) else None


_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": written,
    "Date": _date,
    "DateTime": _date_time,
    "Time": _time,
}


def _to(convert: Callable[[Any], Any]) -> Builder:
    def run(_env: Environment, focus: Collection) -> Collection:
        found = convert(single(focus))
        return [] if found is None else [found]

    return lambda: run


def _converts(convert: Callable[[Any], Any]) -> Builder:
    def run(_env: Environment, focus: Collection) -> Collection:
        return [convert(single(focus)) is not None] if focus else []

    return lambda: run


def _to_quantity(unit: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        found = _amount(single(focus))
        wanted = text(here(unit, env)) if unit else None
        if found is None or not wanted:
            return [] if found is None else [found]
        asked = Quantity(Decimal(1), CALENDAR.get(wanted, wanted))
        numbers = comparable(found, asked)
        return [Quantity(numbers[0] / numbers[1], asked.unit)] if numbers else []

    return run


def _converts_to_quantity(unit: Run | None = None) -> Run:
    to = _to_quantity(unit)
    return lambda env, focus: [bool(to(env, focus))] if focus else []


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    **{f"to{name}": (0, 0, _to(convert)) for name, convert in _CONVERSIONS.items()},
    **{f"convertsTo{name}": (0, 0, _converts(one)) for name, one in _CONVERSIONS.items()},
    "toQuantity": (0, 1, _to_quantity),
    "convertsToQuantity": (0, 1, _converts_to_quantity),
}
