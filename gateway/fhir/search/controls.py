"""The parameters that shape the answer of a search: _count, _sort, _include...

https://hl7.org/fhir/R4/search.html#return
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.parameters import Kind, SearchParameter, parameter
from gateway.fhir.search.values import InvalidSearch

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 1000

Total = Literal["none", "estimate", "accurate"]


@dataclass(frozen=True, slots=True)
class Include:
    """One _include, or _revinclude when `reverse`; `target` None is any type."""

    source: str
    parameter: SearchParameter
    target: str | None
    reverse: bool


@dataclass(frozen=True, slots=True)
class Controls:
    """How many, in which order, from where on, with what else.

    `count` 0 asks only how many there are; `sort` is (name, descending); `cursor` is opaque here.
    """

    count: int = DEFAULT_COUNT
    cursor: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    total: Total = "none"
    includes: tuple[Include, ...] = ()
    summary_count: bool = False


# What one parameter says, by the name of the field of Controls.
Said = dict[str, object]


def read_control(resource_type: str, name: str, value: str) -> Said | None:
    """Return what the parameter says, None when it is not one of these.

    Raises `Unsupported` or `InvalidSearch`.
    """
    code, _, modifier = name.partition(":")
    reader = _READERS.get(code)
    if reader is None:
        return None
    if modifier:
        message = f"The modifier of {name[:64]} is not supported."
        raise Unsupported(message, expression=code)
    return reader(resource_type, value)


def _count(_type: str, value: str) -> Said:
    if not (value.isascii() and value.isdigit()):
        message = "_count is a whole number."
        raise InvalidSearch(message, expression="_count")
    # Longer than any page: no need to read the digits.
    return {"count": MAX_COUNT if len(value) > len(str(MAX_COUNT)) else min(int(value), MAX_COUNT)}


def _cursor(_type: str, value: str) -> Said:
    return {"cursor": value}


def _sort(_type: str, value: str) -> Said:
    if value.lstrip("-") != "_lastUpdated" or value.startswith("--"):
        message = f"Sorting by {value[:64]} is not supported: only _lastUpdated and -_lastUpdated."
        raise Unsupported(message, expression="_sort")
    return {"sort": (("_lastUpdated", value.startswith("-")),)}


def _total(_type: str, value: str) -> Said:
    if value not in ("none", "estimate", "accurate"):
        message = "_total is none, estimate or accurate."
        raise InvalidSearch(message, expression="_total")
    return {"total": value}


def _summary(_type: str, value: str) -> Said:
    if value not in ("count", "false"):
        message = f"_summary={value[:64]} is not supported: count and false are."
        raise Unsupported(message, expression="_summary")
    return {"summary_count": value == "count"}


def _include(resource_type: str, value: str) -> Said:
    include = _read_include("_include", value, reverse=False)
    if include.source != resource_type:
        message = f"_include={value[:128]} starts from a type that this search does not return."
        raise InvalidSearch(message, expression="_include")
    return {"includes": (include,)}


def _revinclude(resource_type: str, value: str) -> Said:
    include = _read_include("_revinclude", value, reverse=True)
    if include.target not in (None, resource_type):
        message = f"_revinclude={value[:128]} points to a type that this search does not return."
        raise InvalidSearch(message, expression="_revinclude")
    return {"includes": (include,)}


def _read_include(name: str, value: str, *, reverse: bool) -> Include:
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    found = parameter(source, code)
    if found is None or found.kind is not Kind.REFERENCE:
        message = f"{name}={value[:128]} does not name a reference parameter: write Type:parameter."
        raise Unsupported(message, expression=name)
    if target and target not in (found.targets or resource_types()):
        message = f"{name}={value[:128]} names a type that {code} cannot point to."
        raise InvalidSearch(message, expression=name)
    return Include(source, found, target or None, reverse)


_READERS: Final[dict[str, Callable[[str, str], Said]]] = {
    "_count": _count,
    "_cursor": _cursor,
    "_include": _include,
    "_revinclude": _revinclude,
    "_sort": _sort,
    "_summary": _summary,
    "_total": _total,
}
