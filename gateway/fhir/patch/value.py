"""The values of FHIRPath Patch operations: `value[x]`, or `part` with a name for each element.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.errors import Invalid, Malformed
from gateway.fhir.patch.element import fields, hold, pairs
from gateway.fhir.wire import dumps, loads

if TYPE_CHECKING:
    from gateway.fhir.patch.element import Pair
    from gateway.fhir.validation.shapes import Field
    from gateway.fhir.wire import Resource

_VALUE: Final = "value"
_MAX_DEPTH: Final = 32


class Chosen(NamedTuple):
    """The JSON field that a value goes to, and the value with what stands beside it."""

    field: Field
    pair: Pair


def anew(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a copy; a library's own would write decimals anew."""
    return loads(dumps({"value": value}))["value"]


def given_type(parameter: Resource) -> str:
    """Return the type that the name of its `value[x]` says, "" for parts or a resource."""
    for name in parameter:
        plain = name.removeprefix("_")
        if plain.startswith(_VALUE) and plain[len(_VALUE) :][:1].isupper():
            return plain.removeprefix(_VALUE)
    return ""


def chosen(type_name: str, name: str, parameter: Resource, depth: int = 0) -> Chosen:
    """Return where in a `type_name` the value called `name` goes, and the value."""
    given = given_type(parameter)
    named = fields(type_name, name)
    if len(named) > 1 or named[0].choice not in (None, name):
        fitting = [one for one in named if one.name == f"{one.choice}{given}"] or (
            named if len(named) == 1 and not given else []
        )
    else:
        fitting = named
    if not fitting:
        what = given or "a value in parts"
        message = f"{type_name}.{name} does not take {what}."
        raise Invalid(message, expression=f"{type_name}.{name}")
    return Chosen(fitting[0], _pair(fitting[0], parameter, given, depth))


def _pair(field: Field, parameter: Resource, given: str, depth: int) -> Pair:
    if given:
        return parameter.get(_VALUE + given), parameter.get(f"_{_VALUE}{given}")
    if "resource" in parameter:
        return parameter["resource"], None
    return _in_parts(field, parameter.get("part"), depth), None


def _in_parts(field: Field, parts: Any, depth: int) -> Resource:  # noqa: ANN401 - any JSON
    if not isinstance(parts, list) or not parts or field.check is not None:
        message = f"The value of {field.name} is missing: it is value[x] or a list of parts."
        raise Malformed(message, expression=field.name)
    if depth > _MAX_DEPTH:
        message = f"A value has parts more than {_MAX_DEPTH} levels deep."
        raise Malformed(message)
    made: Resource = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str):
            message = f"Each part of the value of {field.name} needs a name."
            raise Malformed(message, expression=field.name)
        put(made, chosen(field.type, name, part, depth + 1))
    return made


def put(holder: Resource, one: Chosen) -> None:
    """Add a value under its name; raises `Invalid` when there is one and no room for another."""
    field = one.field
    held = pairs(holder, field.name)
    rivals = [name for name in holder if field.choice and _is_rival(name, field)]
    if (held and not field.many) or rivals:
        message = f"{field.choice or field.name} is there already: replace it."
        raise Invalid(message, expression=field.choice or field.name)
    hold(holder, field.name, [*held, one.pair], many=field.many)


def _is_rival(name: str, field: Field) -> bool:
    plain = name.removeprefix("_")
    start = field.choice or ""
    return plain.startswith(start) and plain[len(start) :][:1].isupper()
