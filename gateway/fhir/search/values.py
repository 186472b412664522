"""The search values of each kind (https://hl7.org/fhir/R4/search.html#ptypes)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from gateway.errors import Invalid

PREFIXES: Final = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})


class InvalidSearch(Invalid):
    """A search that cannot be read: 400, where an invalid resource is 422."""

    http_status = 400


class TooCostly(InvalidSearch):
    """A search that asks too much at once."""

    issue_code = "too-costly"


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`system` None is any, "" is explicitly none; `code` None is any code of the system."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class StringValue:
    """`text` is folded as the index is; `exact` is what the index holds for the modifier :exact."""

    text: str
    exact: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A prefix and the range of instants, microseconds since the epoch, high excluded."""

    prefix: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """`type` None is any; `id` is a whole URL for what is not on this server."""

    type: str | None
    id: str


@dataclass(frozen=True, slots=True)
class UriValue:
    """A URI, compared as it is."""

    uri: str


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A prefix, the number, and the range that it stands for, high excluded.

    The range is what the digits imply (100 is [99.5, 100.5)), with `ap` ten per cent on each side.
    """

    prefix: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A number with its unit: `system` None is any system, and then `code` is a code or a unit.

    `code` None is any unit. `in_common_unit` says that it was made one in which every quantity of
    its dimension is found.
    """

    prefix: str
    value: float
    low: float
    high: float
    system: str | None
    code: str | None
    in_common_unit: bool = False


@dataclass(frozen=True, slots=True)
class WordsValue:
    """Folded words and expressions of them; a word that ends in `*` is a prefix.

    `and` and `or` have two parts or more, `not` has one.
    """

    operator: Literal["and", "or", "not"]
    parts: tuple[str | WordsValue, ...]


@dataclass(frozen=True, slots=True)
class NearValue:
    """Within `km` of a point in WGS 84 degrees."""

    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """One value for each component, in their order."""

    parts: tuple[Value, ...]


Value = (
    TokenValue
    | StringValue
    | DateValue
    | ReferenceValue
    | UriValue
    | NumberValue
    | QuantityValue
    | CompositeValue
    | WordsValue
    | NearValue
)


def split(text: str, separator: str) -> list[str]:
    r"""Split at separators that no backslash precedes; the pieces keep their escapes.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    if "\\" not in text:
        return text.split(separator)
    pieces, start, at = [], 0, 0
    while at < len(text):
        if text[at] == separator:
            pieces.append(text[start:at])
            start = at + 1
        at += 2 if text[at] == "\\" else 1
    return [*pieces, text[start:]]


def unescaped(text: str) -> str:
    r"""Return `text` with `\,` `\|` `\$` `\\` as what they stand for."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def escaped(text: str) -> str:
    r"""Return `text` so that `unescaped` gives it back, separators left as separators."""
    return text.replace("\\", "\\\\")
