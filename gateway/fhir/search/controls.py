"""The parameters that shape the answer of a search: _count, _sort, _include...

https://hl7.org/fhir/R4/search.html#return
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gateway.errors import Unsupported
from gateway.fhir.search.conditions import EVERY_TYPE
from gateway.fhir.search.includes import Include, read_include, read_revinclude
from gateway.fhir.search.parameters import Kind, parameter
from gateway.fhir.search.values import InvalidSearch

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.parameters import SearchParameter

DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 1000
MAX_SORTS: Final = 8

Total = Literal["", "none", "estimate", "accurate"]
Summary = Literal["", "true", "text", "data", "count", "false"]

# What a search without one type can be sorted by: the store's own columns, the same for all.
_OF_EVERY_TYPE: Final = frozenset({"_id", "_lastUpdated"})
_UNSORTED: Final = frozenset({Kind.COMPOSITE, Kind.SPECIAL})
_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,8}")


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of the order of a search."""

    parameter: SearchParameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Controls:
    """How many, in which order, from where on, with what else, and how much of each.

    `count` 0 asks only how many there are; `cursor` is opaque here; `total` and `summary` are ""
    when the client leaves the choice to the server.
    """

    count: int = DEFAULT_COUNT
    cursor: str | None = None
    sort: tuple[Sort, ...] = ()
    total: Total = ""
    includes: tuple[Include, ...] = ()
    summary: Summary = ""
    elements: tuple[str, ...] = ()

    @property
    def summary_count(self) -> bool:
        """Whether only the number of matches is asked."""
        return self.summary == "count"


# What one parameter says, by the name of the field of Controls.
Said = dict[str, object]


def read_control(resource_type: str, name: str, value: str) -> Said | None:
    """Return what the parameter says, None when it is not one of these.

    `resource_type` "" is a search over all types. Raises `Unsupported` or `InvalidSearch`.
    """
    code, _, modifier = name.partition(":")
    reader = _READERS.get(code)
    if reader is None:
        return None
    if modifier and code not in _ITERATED:
        message = f"The modifier of {name[:64]} is not supported."
        raise Unsupported(message, expression=code)
    return reader(resource_type, value) if not modifier else _iterated(resource_type, name, value)


def _iterated(resource_type: str, name: str, value: str) -> Said:
    code, _, modifier = name.partition(":")
    # R4 calls it iterate; the name that STU3 had is met in the field.
    if modifier not in ("iterate", "recurse"):
        message = f"The modifier of {name[:64]} is not supported: iterate is."
        raise Unsupported(message, expression=code)
    return {"includes": (_ITERATED[code](resource_type, value, iterate=True),)}


def _count(_type: str, value: str) -> Said:
    if not (value.isascii() and value.isdigit()):
        message = "_count is a whole number."
        raise InvalidSearch(message, expression="_count")
    # Longer than any page: no need to read the digits.
    return {"count": MAX_COUNT if len(value) > len(str(MAX_COUNT)) else min(int(value), MAX_COUNT)}


def _cursor(_type: str, value: str) -> Said:
    return {"cursor": value}


def _sort(resource_type: str, value: str) -> Said:
    pieces = value.split(",")
    if len(pieces) > MAX_SORTS:
        message = f"_sort takes at most {MAX_SORTS} parameters."
        raise InvalidSearch(message, expression="_sort")
    return {"sort": tuple(_sort_key(resource_type, piece) for piece in pieces)}


def _sort_key(resource_type: str, text: str) -> Sort:
    code = text.removeprefix("-")
    if not resource_type and code not in _OF_EVERY_TYPE:
        message = "A search over several types is sorted by _id or _lastUpdated only."
        raise Unsupported(message, expression="_sort")
    found = parameter(resource_type or EVERY_TYPE, code)
    if found is None or found.kind in _UNSORTED:
        message = f"Sorting by {code[:64]} is not supported: it is not a parameter with an order."
        raise Unsupported(message, expression="_sort")
    return Sort(found, descending=text.startswith("-"))


def _total(_type: str, value: str) -> Said:
    if value not in ("none", "estimate", "accurate"):
        message = "_total is none, estimate or accurate."
        raise InvalidSearch(message, expression="_total")
    return {"total": value}


def _summary(_type: str, value: str) -> Said:
    if value not in ("true", "text", "data", "count", "false"):
        message = "_summary is true, text, data, count or false."
        raise InvalidSearch(message, expression="_summary")
    return {"summary": value}


def _elements(resource_type: str, value: str) -> Said:
    names = value.split(",")
    if not all(map(_ELEMENT.fullmatch, names)):
        message = "_elements is a list of names of elements with commas between them."
        raise InvalidSearch(message, expression="_elements")
    return {"elements": tuple(dict.fromkeys(_own_name(resource_type, name) for name in names))}


def _own_name(resource_type: str, name: str) -> str:
    return name.removeprefix(f"{resource_type}.")


def _contained(_type: str, value: str) -> Said:
    if value != "false":
        message = "_contained is not supported: contained resources are not found by themselves."
        raise Unsupported(message, expression="_contained")
    return {}


def _contained_type(_type: str, value: str) -> Said:
    if value != "container":
        message = "_containedType is not supported: contained resources are not found."
        raise Unsupported(message, expression="_containedType")
    return {}


def _include(resource_type: str, value: str) -> Said:
    return {"includes": (read_include(resource_type, value),)}


def _revinclude(resource_type: str, value: str) -> Said:
    return {"includes": (read_revinclude(resource_type, value),)}


_READERS: Final[dict[str, Callable[[str, str], Said]]] = {
    "_contained": _contained,
    "_containedType": _contained_type,
    "_count": _count,
    "_cursor": _cursor,
    "_elements": _elements,
    "_include": _include,
    "_revinclude": _revinclude,
    "_sort": _sort,
    "_summary": _summary,
    "_total": _total,
}
_ITERATED: Final = {"_include": read_include, "_revinclude": read_revinclude}
