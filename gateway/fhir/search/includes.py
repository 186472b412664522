"""_include and _revinclude: https://hl7.org/fhir/R4/search.html#revinclude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.parameters import Kind, parameter
from gateway.fhir.search.values import InvalidSearch

if TYPE_CHECKING:
    from gateway.fhir.search.parameters import SearchParameter

ANY: Final = "*"
NOT_FOLLOWED: Final = (
    "canonical URLs and the inside of a Bundle are not followed: search by what they name."
)


@dataclass(frozen=True, slots=True)
class Include:
    """One _include, or _revinclude when `reverse`.

    `source` is the type that holds the reference, "" for any; `parameter` None is any of its
    reference parameters; `target` None is any type. With `iterate`, resources that were included
    are followed as well.
    """

    source: str
    parameter: SearchParameter | None
    target: str | None
    reverse: bool
    iterate: bool = False


def read_include(resource_type: str, value: str, *, iterate: bool = False) -> Include:
    """Read `Type:parameter`, `Type:parameter:Target`, `Type:*` or `*`.

    Raises `Unsupported` or `InvalidSearch`.
    """
    # What was included already may be of any type, what was searched is of one.
    start = "" if iterate else resource_type
    found = _read("_include", value, start, reverse=False, iterate=iterate)
    if start and found.source != start:
        message = f"_include={value[:128]} starts from a type that this search does not return."
        raise InvalidSearch(message, expression="_include")
    return found


def read_revinclude(resource_type: str, value: str, *, iterate: bool = False) -> Include:
    """Read a _revinclude, of the same forms; raises `Unsupported` or `InvalidSearch`."""
    found = _read("_revinclude", value, "", reverse=True, iterate=iterate)
    targets = (found.parameter.targets if found.parameter else ()) or resource_types()
    if resource_type and not iterate and (found.target or resource_type) != resource_type:
        message = f"_revinclude={value[:128]} points to a type that this search does not return."
        raise InvalidSearch(message, expression="_revinclude")
    if resource_type and not iterate and resource_type not in targets:
        message = f"_revinclude={value[:128]} cannot point to a {resource_type}."
        raise InvalidSearch(message, expression="_revinclude")
    return found


def _read(name: str, value: str, start: str, *, reverse: bool, iterate: bool) -> Include:
    if value == ANY:
        return Include(start, None, None, reverse, iterate)
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    found = None if code == ANY and source in resource_types() else _reference(name, value)
    if target and target not in ((found.targets if found else ()) or resource_types()):
        message = f"{name}={value[:128]} names a type that {code[:64]} cannot point to."
        raise InvalidSearch(message, expression=name)
    return Include(source, found, target or None, reverse, iterate)


def _reference(name: str, value: str) -> SearchParameter:
    source, code = (*value.split(":"), "")[:2]
    found = parameter(source, code)
    if found is None or found.kind is not Kind.REFERENCE:
        message = f"{name}={value[:128]} does not name a reference parameter: write Type:parameter."
        raise Unsupported(message, expression=name)
    if not found.followed:
        message = f"{name}={value[:128]}: {NOT_FOLLOWED}"
        raise Unsupported(message, expression=name)
    return found
