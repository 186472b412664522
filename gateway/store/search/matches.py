"""What the value of a clause finds in its index table: a condition on one row.

https://hl7.org/fhir/R4/search.html#ptypes. A condition is a template over the row `t`, with {0},
{1}... for the parts of the value: values of the same template share one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.search.text import BOUND, bounded
from gateway.fhir.search.values import (
    CompositeValue,
    DateValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
)
from gateway.store.search.boxes import Box, date_boxes, number_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.search.conditions import Clause
    from gateway.fhir.search.values import Value
    from gateway.store.search.sql import Flavor

# Behind every text that begins alike.
_LAST: Final = "\U0010ffff"
# Codes and systems side by side: no FHIR string holds this sign.
_APART: Final = "\x1f"
BOX: Final = "t.low >= {0} AND t.low < {1} AND t.high >= {2} AND t.high < {3}"


@dataclass(frozen=True, slots=True)
class Match:
    """A template and the parts of one value.

    `key` is an expression that equals the parts joined by U+001F, where there is one; `in_order`
    says that the rows of one value lie in the order of their resources.
    """

    template: str
    parts: tuple[object, ...]
    key: str = ""
    in_order: bool = False


def matches(clause: Clause, value: Value, flavor: Flavor) -> Iterator[Match]:
    """Yield what a value allows; any of it will do. Dates, numbers and quantities have boxes."""
    match value:
        case TokenValue():
            yield _token(value)
        case StringValue():
            yield _string(clause.modifier, value, flavor)
        case ReferenceValue():
            yield _reference(value)
        case UriValue():
            yield from _uri(clause.modifier, value)
        case CompositeValue():
            yield from _composite(value)
        case _:
            message = f"The parameter {clause.parameter.code} cannot be searched in this way."
            raise Unsupported(message, expression=clause.parameter.code)


def _token(value: TokenValue) -> Match:
    system, code = bounded(value.system or ""), bounded(value.code or "")
    if value.code is None:
        return Match("t.system = {0}", (system,), "t.system")
    if value.system is None:
        return Match("t.code = {0}", (code,), "t.code")
    key = f"t.code || '{_APART}' || t.system"
    return Match("t.code = {0} AND t.system = {1}", (code, system), key, in_order=True)


def _string(modifier: str, value: StringValue, flavor: Flavor) -> Match:
    match modifier:
        case "exact":
            return Match("t.folded = {0} AND t.exact = {1}", (value.text, value.exact))
        case "contains":
            return Match(flavor.holds("t.folded", "{0}"), (value.text,))
        case "ends":
            return Match(flavor.ends("t.folded", "{0}"), (value.text,))
        case "equals":
            return Match("t.folded = {0}", (value.text,), "t.folded")
        case _:
            # A range rather than LIKE: both databases use the primary key for it.
            return Match(
                "t.folded >= {0} AND t.folded < {1}", (value.text, value.text + _LAST)
            )  # fmt: skip - one match a line


def _reference(value: ReferenceValue) -> Match:
    if value.type is None:
        return Match("t.target_id = {0}", (value.id,), "t.target_id")
    key = f"t.target_id || '{_APART}' || t.target_type"
    template = "t.target_id = {0} AND t.target_type = {1}"
    return Match(template, (value.id, value.type), key, in_order=True)


def _uri(modifier: str, value: UriValue) -> Iterator[Match]:
    if modifier == "below":
        yield Match("t.uri >= {0} AND t.uri < {1}", (value.uri, value.uri + _LAST))
        if len(value.uri) > BOUND:
            # What lies below it ends in a digest: only itself can be told.
            yield Match("t.uri = {0}", (bounded(value.uri),), "t.uri")
        return
    for uri in _above(value.uri) if modifier == "above" else (value.uri,):
        yield Match("t.uri = {0}", (bounded(uri),), "t.uri", in_order=True)


def _above(uri: str) -> list[str]:
    """Return a URL and all that its path lies below, with and without the slash at the end."""
    found = [uri]
    head, separator, path = uri.partition("://")
    steps = path.split("/")
    for length in range(len(steps) - 1, 0, -1) if separator else ():
        shorter = f"{head}://{'/'.join(steps[:length])}"
        found += [shorter, f"{shorter}/"]
    return list(dict.fromkeys(found))


def _composite(value: CompositeValue) -> Iterator[Match]:
    first, second, *third = value.parts
    template, parts = _first(first)
    for more, others in _second(second):
        both = _and((template, parts), (more, others))
        if not third:
            yield Match(*both)
        for last in third:
            for box in _boxes(last):
                yield Match(*_and(both, (BOX.replace("w ", "w3 ").replace("h ", "h3 "), box.ends)))


_Half = tuple[str, tuple[object, ...]]


def _and(one: _Half, other: _Half) -> _Half:
    """Join two templates: the places of the second follow those of the first."""
    template, parts = one
    more, others = other
    for number in reversed(range(len(others))):
        more = more.replace(f"{{{number}}}", f"{{{number + len(parts)}}}")
    return f"{template} AND {more}", (*parts, *others)


def _first(value: Value) -> _Half:
    if isinstance(value, ReferenceValue):
        found = _reference(value)
        template = found.template.replace("target_id", "code").replace("target_type", "system")
        return template, found.parts
    if not isinstance(value, TokenValue):
        message = "The first component of a composite parameter is a code or a reference."
        raise Unsupported(message)
    found = _token(value)
    return found.template, found.parts


def _second(value: Value) -> Iterator[_Half]:
    match value:
        case TokenValue() | ReferenceValue():
            template, parts = _first(value)
            yield template.replace("t.code", "t.code2").replace("t.system", "t.system2"), parts
        case StringValue():
            yield "t.code2 >= {0} AND t.code2 < {1}", (value.text, value.text + _LAST)
        case QuantityValue():
            unit = quantity_unit(value, "code2", "system2")
            for box in _boxes(value):
                yield _and(unit, (BOX, box.ends)) if unit[0] else (BOX, box.ends)
        case _:
            for box in _boxes(value):
                yield BOX, tuple(map(float, box.ends))


def _boxes(value: Value) -> tuple[Box, ...]:
    if isinstance(value, DateValue):
        return date_boxes(value)
    if isinstance(value, NumberValue | QuantityValue):
        return number_boxes(value)
    message = "A component of a composite parameter is of a kind that is not compared."
    raise Unsupported(message)


def quantity_unit(value: QuantityValue, code: str, system: str) -> _Half:
    """Return the condition on the unit, ("", ()) for any.

    https://hl7.org/fhir/R4/search.html#quantity
    """
    if value.code is None:
        return ("", ()) if value.system is None else (f"t.{system} = {{0}}", (value.system,))
    if value.system is None:
        return f"t.{code} = {{0}}", (value.code,)
    return f"t.{code} = {{0}} AND t.{system} = {{1}}", (value.code, value.system)
