"""From an element of a type to what an index row of a kind holds.

One table: (kind, type) -> function that takes an element and gives the values that it stands for
(https://hl7.org/fhir/R4/search.html#ptypes). Elements of a wrong shape give nothing: search does
not judge, validation does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any, Final

from gateway.fhir.search.dates import BEGINNING, END, Range, date_range
from gateway.fhir.search.parameters import Kind
from gateway.fhir.search.phonetic import sounds_of
from gateway.fhir.search.quantities import (
    money,
    number_ranges,
    numbers,
    quantities,
    ranges,
    sampled,
)
from gateway.fhir.search.references import Target, target_of, targets_of_canonical
from gateway.fhir.search.text import BOUND, LIMIT, bounded, exact_of, folded

# What is read from JSON may have any shape.
Converter = Callable[[Any], Iterable[Any]]


def _text_token(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    return (("", bounded(value)),) if isinstance(value, str) and value else ()


@cache
def code_of(system: str) -> Converter:
    """Return the converter of a code whose system its binding implies."""

    def convert(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
        return ((system, bounded(value)),) if isinstance(value, str) and value else ()

    return convert


def _whole_number(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    # Text under a whole number's name is not one, and true is not 1.
    return (("", bounded(str(value))),) if type(value) is int else ()


def _boolean(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    return (("", "true" if value else "false"),) if isinstance(value, bool) else ()


def _pair(value: Any, name: str) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    if not isinstance(value, dict):
        return ()
    system, code = value.get("system", ""), value.get(name, "")
    if type(system) is not str or type(code) is not str or not (system or code):
        return ()
    if len(system) + len(code) > BOUND:
        return ((bounded(system), bounded(code)),)
    return ((system, code),)


def coding(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give the system and the code of a Coding."""
    return _pair(value, "code")


def _concept(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    codings = value.get("coding") if isinstance(value, dict) else None
    return [pair for item in codings for pair in coding(item)] if isinstance(codings, list) else ()


def identifier(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give the system and the value of an Identifier."""
    return _pair(value, "value")


def identifier_of_type(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give what :of-type compares: the system of the type, its code and the value."""
    kind = value.get("type") if isinstance(value, dict) else None
    codings = kind.get("coding") if isinstance(kind, dict) else None
    if not isinstance(codings, list):
        return ()
    number = value.get("value")
    if not isinstance(number, str) or not number:
        return ()
    pairs = [pair for item in codings for pair in _pair(item, "code")]
    return [(system, bounded(f"{code}|{number}")) for system, code in pairs]


def type_text(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give what :text compares of an Identifier."""
    kind = value.get("type") if isinstance(value, dict) else None
    return strings(kind.get("text")) if isinstance(kind, dict) else ()


def display(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give what :text compares of a Coding."""
    return strings(value.get("display")) if isinstance(value, dict) else ()


@cache
def identifier_of_reference(resource_type: str) -> Converter:
    """Return the converter of a logical reference, for :identifier.

    https://hl7.org/fhir/R4/references.html#logical. A reference that says it is of another type is
    left out.
    """

    def convert(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
        if not isinstance(value, dict) or "identifier" not in value:
            return ()
        if value.get("type", resource_type) != resource_type:
            return ()
        return identifier(value["identifier"])

    return convert


def _contact_point(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    # ContactPoint.system says phone or email: no namespace.
    return _text_token(value.get("value")) if isinstance(value, dict) else ()


def _deceased(resource: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    died = resource.get("deceasedDateTime") is not None or resource.get("deceasedBoolean") is True
    return _boolean(died)


def strings(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give a text as it is compared and as it is written."""
    if type(value) is not str:
        return ()
    return _known_string(value) if len(value) <= LIMIT else _string(value)


def _string(text: str) -> Iterable[tuple[str, str]]:
    comparable = folded(text)
    return ((comparable, exact_of(text)),) if comparable else ()


# Names, towns and displays come again and again.
_known_string: Final = lru_cache(maxsize=8192)(_string)


def sounds(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    """Give how a name sounds, with what was written."""
    if type(value) is not str:
        return ()
    return _known_sounds(value) if len(value) <= LIMIT else _sounds(value)


def _sounds(text: str) -> Iterable[tuple[str, str]]:
    exact = exact_of(text)
    return tuple((code, exact) for code in sounds_of(text))


_known_sounds: Final = lru_cache(maxsize=8192)(_sounds)


def _date(value: Any) -> Iterable[Range]:  # noqa: ANN401 - any element
    found = date_range(value) if isinstance(value, str) else None
    return () if found is None else (found,)


def _period(value: Any) -> Iterable[Range]:  # noqa: ANN401 - any element
    if not isinstance(value, dict):
        return ()
    low = [start[0] for start in _date(value.get("start"))]
    high = [end[1] for end in _date(value.get("end"))]
    if not low and not high:
        return ()
    return ((low[0] if low else BEGINNING, high[0] if high else END),)


def _timing(value: Any) -> Iterable[Range]:  # noqa: ANN401 - any element
    """Give the outer limits: schedules are not unrolled."""
    if not isinstance(value, dict):
        return ()
    events, repeat = value.get("event"), value.get("repeat")
    found = [span for event in events for span in _date(event)] if isinstance(events, list) else []
    if isinstance(repeat, dict):
        found += _period(repeat.get("boundsPeriod"))
    return ((min(low for low, _ in found), max(high for _, high in found)),) if found else ()


@lru_cache(maxsize=1024)
def reference_to(resource_type: str, local_bases: tuple[str, ...]) -> Converter:
    """Return the converter of references; `resource_type` "" takes any.

    It remembers: one resource names a target in several places, many resources name the same.
    """

    def read(text: str) -> tuple[Target, ...]:
        target = target_of(text, local_bases)
        return () if target is None or resource_type not in ("", target[0]) else (target,)

    known = lru_cache(maxsize=4096)(read)

    def convert(value: Any) -> Iterable[Target]:  # noqa: ANN401 - any element
        text = value.get("reference") if isinstance(value, dict) else value
        if type(text) is not str:
            return ()
        return known(text) if len(text) <= BOUND else read(text)

    return convert


@cache
def resource_itself(targets: tuple[str, ...]) -> Converter:
    """Return the converter of a resource in place of a reference to it (Bundle.entry.resource)."""

    def convert(value: Any) -> Iterable[Target]:  # noqa: ANN401 - any element
        if isinstance(value, dict) and value.get("resourceType") in targets:
            identity = value.get("id")
            if isinstance(identity, str) and identity:
                yield value["resourceType"], bounded(identity)

    return convert


def _canonical(value: Any) -> Iterable[Target]:  # noqa: ANN401 - any element
    return targets_of_canonical(value) if isinstance(value, str) and value else ()


def _uri(value: Any) -> Iterable[tuple[str]]:  # noqa: ANN401 - any element
    return ((bounded(value),),) if isinstance(value, str) and value else ()


# By kind, by the type of the element; "" for the types that are not named.
_CONVERTERS: Final[dict[Kind, dict[str, Converter]]] = {
    Kind.TOKEN: {
        "boolean": _boolean,
        "Coding": coding,
        "CodeableConcept": _concept,
        "Identifier": identifier,
        "ContactPoint": _contact_point,
        "deceased": _deceased,
        "integer": _whole_number,
        "positiveInt": _whole_number,
        "unsignedInt": _whole_number,
        "": _text_token,
    },
    Kind.STRING: {"": strings},
    Kind.DATE: {"Period": _period, "Timing": _timing, "": _date},
    Kind.NUMBER: {"Range": number_ranges, "": numbers},
    Kind.QUANTITY: {"Money": money, "Range": ranges, "SampledData": sampled, "": quantities},
    Kind.REFERENCE: {"": _canonical},
    Kind.URI: {"": _uri},
}


def converter(kind: Kind, type_name: str, system: str) -> Converter:
    """Return the converter for elements of a type under a parameter of a kind.

    For references it is the one of canonical URLs: `reference_to` reads the others.
    """
    if kind is Kind.TOKEN and system:
        return code_of(system)
    named = _CONVERTERS[kind]
    return named.get(type_name, named[""])
