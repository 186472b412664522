"""One search value of each kind (https://hl7.org/fhir/R4/search.html#ptypes)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.references import target_of
from gateway.fhir.search.text import folded

if TYPE_CHECKING:
    from gateway.fhir.search.parameters import SearchParameter

PREFIXES: Final = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_PREFIX_LENGTH: Final = 2


class InvalidSearch(Invalid):
    """A search that cannot be read: 400, where an invalid resource is 422."""

    http_status = 400


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`system` None is any, "" is explicitly none; `code` None is any code of the system."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class StringValue:
    """`text` is folded as the index is; `exact` is as typed."""

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


Value = TokenValue | StringValue | DateValue | ReferenceValue | UriValue


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


def token_value(text: str) -> TokenValue:
    """Read `code`, `system|code`, `|code` or `system|`."""
    system, bar, code = _cut(text)
    if not bar:
        return TokenValue(None, unescaped(text))
    return TokenValue(unescaped(system), unescaped(code) or None)


def _cut(text: str) -> tuple[str, bool, str]:
    pieces = split(text, "|")
    return pieces[0], len(pieces) > 1, "|".join(pieces[1:])


def string_value(text: str, parameter: SearchParameter) -> StringValue:
    """Read a string; raises `InvalidSearch` for one that every string would match."""
    exact = unescaped(text)
    comparable = folded(exact)
    if not comparable:
        message = f"The value of {parameter.code} is only white space or marks."
        raise InvalidSearch(message, expression=parameter.code)
    return StringValue(comparable, exact)


def date_value(text: str, parameter: SearchParameter) -> DateValue:
    """Read a date with its prefix; raises `InvalidSearch`."""
    prefix = text[:_PREFIX_LENGTH]
    given = text[_PREFIX_LENGTH:] if prefix in PREFIXES else text
    # A plus sign that was not percent-encoded arrives as a space.
    found = date_range(given.replace(" ", "+"))
    if found is None:
        message = (
            f"The value of {parameter.code} is not a date: write YYYY, YYYY-MM, YYYY-MM-DD or a "
            "time with its zone, with eq, ne, gt, lt, ge, le, sa, eb or ap before it."
        )
        raise InvalidSearch(message, expression=parameter.code)
    return DateValue(prefix if prefix in PREFIXES else "eq", *found)


def reference_value(
    text: str, parameter: SearchParameter, resource_type: str, local_bases: tuple[str, ...]
) -> ReferenceValue:
    """Read `id`, `Type/id`, a URL or a canonical; `resource_type` is what the modifier names."""
    given = unescaped(text)
    if _ID.fullmatch(given) and ":" not in given:
        only = parameter.targets[0] if len(parameter.targets) == 1 else None
        return ReferenceValue(resource_type or only, given)
    target_type, target_id = target_of(given, local_bases) or ("", given)
    if resource_type and target_type not in ("", resource_type):
        message = f"{parameter.code}:{resource_type} cannot be a {target_type}."
        raise InvalidSearch(message)
    # What lives elsewhere is compared as a URL, whatever its type.
    elsewhere = "/" in target_id or ":" in target_id
    return ReferenceValue(None if elsewhere else target_type or None, target_id)


def is_type(name: str) -> bool:
    """Whether a modifier is the name of a resource type."""
    return name in resource_types()
