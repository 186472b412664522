"""One search value from its text (https://hl7.org/fhir/R4/search.html#ptypes)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.dates import date_range
from gateway.fhir.search.numbers import near_value, number_value, prefixed, quantity_value
from gateway.fhir.search.parameters import Kind
from gateway.fhir.search.phonetic import sound_of
from gateway.fhir.search.references import target_of
from gateway.fhir.search.text import exact_of, folded
from gateway.fhir.search.values import (
    CompositeValue,
    DateValue,
    InvalidSearch,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    split,
    unescaped,
)
from gateway.fhir.search.wording import words_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.values import Value

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OF_TYPE_PARTS: Final = 3


def read_value(text: str, parameter: SearchParameter, local_bases: tuple[str, ...] = ()) -> Value:
    """Read one value as the kind of its parameter says; raises `InvalidSearch`."""
    if parameter.kind is Kind.TOKEN:
        return token_value(text)
    if parameter.kind is Kind.REFERENCE:
        return reference_value(text, parameter, "", local_bases)
    if parameter.kind is Kind.COMPOSITE:
        return composite_value(text, parameter, local_bases)
    return _READERS[parameter.kind](text, parameter)


def token_value(text: str) -> TokenValue:
    """Read `code`, `system|code`, `|code` or `system|`."""
    pieces = split(text, "|")
    if len(pieces) == 1:
        return TokenValue(None, unescaped(text))
    return TokenValue(unescaped(pieces[0]), unescaped("|".join(pieces[1:])) or None)


def of_type_value(text: str, parameter: SearchParameter) -> TokenValue:
    """Read `system|code|value` of the modifier :of-type; raises `InvalidSearch`.

    The system is the one of the identifier's type; code and value stand together in the index.
    """
    pieces = [unescaped(piece) for piece in split(text, "|")]
    if len(pieces) != _OF_TYPE_PARTS or not all(pieces):
        message = f"{parameter.code}:of-type is system|code|value, of the type and the identifier."
        raise InvalidSearch(message, expression=parameter.code)
    return TokenValue(pieces[0], f"{pieces[1]}|{pieces[2]}")


def string_value(text: str, parameter: SearchParameter) -> StringValue:
    """Read a string; raises `InvalidSearch` for one that every string would match."""
    exact = unescaped(text)
    comparable = sound_of(exact) if parameter.phonetic else folded(exact)
    if not comparable:
        message = f"The value of {parameter.code} is only white space or marks."
        raise InvalidSearch(message, expression=parameter.code)
    return StringValue(comparable, exact_of(exact))


def date_value(text: str, parameter: SearchParameter) -> DateValue:
    """Read a date with its prefix; raises `InvalidSearch`."""
    prefix, given = prefixed(text)
    found = date_range(given)
    if found is None:
        message = (
            f"The value of {parameter.code} is not a date: write YYYY, YYYY-MM, YYYY-MM-DD or a "
            "time with its zone, with eq, ne, gt, lt, ge, le, sa, eb or ap before it."
        )
        raise InvalidSearch(message, expression=parameter.code)
    return DateValue(prefix, *found)


def reference_value(
    text: str, parameter: SearchParameter, resource_type: str, local_bases: tuple[str, ...]
) -> ReferenceValue:
    """Read `id`, `Type/id`, a URL or a canonical; `resource_type` is what the modifier names."""
    given = unescaped(text)
    if _ID.fullmatch(given):
        only = parameter.targets[0] if len(parameter.targets) == 1 else None
        return ReferenceValue(resource_type or only, given)
    target_type, target_id = target_of(given, local_bases) or ("", given)
    if resource_type and target_type not in ("", resource_type):
        message = f"{parameter.code}:{resource_type} cannot be a {target_type}."
        raise InvalidSearch(message, expression=parameter.code)
    # What lives elsewhere is compared as a URL, whatever its type.
    elsewhere = "/" in target_id or ":" in target_id
    return ReferenceValue(None if elsewhere else target_type or None, target_id)


def composite_value(
    text: str, parameter: SearchParameter, local_bases: tuple[str, ...]
) -> CompositeValue:
    """Read one value for each component, `$` between them; raises `InvalidSearch`.

    https://hl7.org/fhir/R4/search.html#composite
    """
    pieces = split(text, "$")
    if len(pieces) != len(parameter.components) or not all(pieces):
        names = "$".join(each.code for each in parameter.components)
        message = f"The value of {parameter.code} is not {names}."
        raise InvalidSearch(message, expression=parameter.code)
    read = zip(pieces, parameter.components, strict=True)
    return CompositeValue(tuple(read_value(piece, each, local_bases) for piece, each in read))


def is_type(name: str) -> bool:
    """Whether a modifier is the name of a resource type."""
    return name in resource_types()


def _special_value(text: str, parameter: SearchParameter) -> Value:
    if parameter.code == "near":
        return near_value(text, parameter)
    return words_value(unescaped(text), parameter)


def _uri_value(text: str, _parameter: SearchParameter) -> UriValue:
    return UriValue(unescaped(text))


_READERS: Final[dict[Kind, Callable[[str, SearchParameter], Value]]] = {
    Kind.DATE: date_value,
    Kind.NUMBER: number_value,
    Kind.QUANTITY: quantity_value,
    Kind.SPECIAL: _special_value,
    Kind.STRING: string_value,
    Kind.URI: _uri_value,
}
