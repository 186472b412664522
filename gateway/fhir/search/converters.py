"""From an element of a type to what an index row of a kind holds.

One table: (kind, type) -> function that takes an element and gives the values that it stands for
(https://hl7.org/fhir/R4/search.html#ptypes). Elements of a wrong shape give nothing: search does
not judge, validation does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from gateway.fhir.search.dates import BEGINNING, END, Range, date_range
from gateway.fhir.search.parameters import Kind
from gateway.fhir.search.references import Target, target_of, targets_of_canonical
from gateway.fhir.search.text import LIMIT, folded

# What is read from JSON may have any shape.
Converter = Callable[[Any], Iterable[Any]]

_NAME_PARTS: Final = ("family", "given", "prefix", "suffix", "text")
_ADDRESS_PARTS: Final = ("line", "city", "district", "state", "postalCode", "country", "text")


def _text_token(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    return (("", value),) if isinstance(value, str) and value else ()


def code_of(system: str) -> Converter:
    """Return the converter of a code whose system its binding implies."""

    def convert(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
        return ((system, value),) if isinstance(value, str) and value else ()

    return convert


def _boolean(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    return (("", "true" if value else "false"),) if isinstance(value, bool) else ()


def _pair(value: Any, name: str) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    if not isinstance(value, dict):
        return ()
    system, code = value.get("system", ""), value.get(name, "")
    if not isinstance(system, str) or not isinstance(code, str) or not (system or code):
        return ()
    return ((system, code),)


def _coding(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    return _pair(value, "code")


def _concept(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    codings = value.get("coding") if isinstance(value, dict) else None
    return [pair for item in codings for pair in _coding(item)] if isinstance(codings, list) else ()


def _identifier(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    return _pair(value, "value")


def _contact_point(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    # ContactPoint.system says phone or email: no namespace.
    return _text_token(value.get("value")) if isinstance(value, dict) else ()


def _deceased(resource: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    died = "deceasedDateTime" in resource or resource.get("deceasedBoolean") is True
    return _boolean(died)


def _string(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
    if isinstance(value, str) and (comparable := folded(value)):
        yield comparable, value[:LIMIT]


def _parts_of(names: tuple[str, ...]) -> Converter:
    def convert(value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any element
        if not isinstance(value, dict):
            return
        for name in names:
            part = value.get(name)
            for text in part if isinstance(part, list) else (part,):
                yield from _string(text)

    return convert


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


def _reference(value: Any, local_bases: tuple[str, ...]) -> Target | None:  # noqa: ANN401 - any element
    text = value.get("reference") if isinstance(value, dict) else value
    return target_of(text, local_bases) if isinstance(text, str) else None


def reference_to(resource_type: str, local_bases: tuple[str, ...]) -> Converter:
    """Return the converter of references; `resource_type` "" takes any."""

    def convert(value: Any) -> Iterable[Target]:  # noqa: ANN401 - any element
        found = _reference(value, local_bases)
        if found is not None and resource_type in ("", found[0]):
            yield found

    return convert


def _canonical(value: Any) -> Iterable[Target]:  # noqa: ANN401 - any element
    return targets_of_canonical(value) if isinstance(value, str) and value else ()


def _uri(value: Any) -> Iterable[tuple[str]]:  # noqa: ANN401 - any element
    return ((value,),) if isinstance(value, str) and value else ()


_TOKENS: Final[dict[str, Converter]] = {
    "boolean": _boolean,
    "Coding": _coding,
    "CodeableConcept": _concept,
    "Identifier": _identifier,
    "ContactPoint": _contact_point,
    "deceased": _deceased,
}
_STRINGS: Final[dict[str, Converter]] = {
    "HumanName": _parts_of(_NAME_PARTS),
    "Address": _parts_of(_ADDRESS_PARTS),
}
_DATES: Final[dict[str, Converter]] = {"Period": _period, "Timing": _timing}


def converter(kind: Kind, type_name: str, system: str) -> Converter:
    """Return the converter for elements of a type under a parameter of a kind."""
    match kind:
        case Kind.TOKEN:
            return code_of(system) if system else _TOKENS.get(type_name, _text_token)
        case Kind.STRING:
            return _STRINGS.get(type_name, _string)
        case Kind.DATE:
            return _DATES.get(type_name, _date)
        case Kind.REFERENCE if type_name == "canonical":
            return _canonical
        case _:
            return _uri
