"""What goes into an operation and what comes out of it.

https://hl7.org/fhir/R4/parameters.html, https://hl7.org/fhir/R4/operations.html#request

The same input may come as a Parameters resource, as a query string or, where an operation takes a
single resource, as that resource itself; all of them are read against the rows of the operation's
OperationDefinition into one `Given`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.errors import Issue, Malformed, Unsupported
from gateway.fhir.validation.primitives import CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from gateway.fhir.wire import Resource

# Clients name the datatype of a text loosely: these are taken for one another.
_TEXTS: Final = frozenset({"string", "code", "uri", "url", "canonical", "id", "markdown", "oid"})
_WHOLE: Final = frozenset({"integer", "positiveInt", "unsignedInt"})
_DATES: Final = frozenset({"date", "dateTime", "instant"})
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,10}")
# Questions of presentation, which the door answers.
_ELSEWHERE: Final = frozenset({"_format", "_pretty"})

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Input:
    """One row of OperationDefinition.parameter: what is taken, or what is answered.

    `type` is a datatype, `Resource` or a resource type, "" with `parts`; `high` 0 means unbounded.
    """

    name: str
    type: str = "string"
    low: int = 0
    high: int = 1
    parts: tuple[Input, ...] = ()

    @property
    def is_resource(self) -> bool:
        """Whether a whole resource is given (datatypes of one word are primitives or listed)."""
        return self.type == "Resource" or self.type in _RESOURCE_INPUTS


# Resource types that R4's operations take by name; all others say Resource.
_RESOURCE_INPUTS: Final = frozenset({"ValueSet", "CodeSystem", "ConceptMap", "Patient", "Bundle"})


@dataclass(frozen=True, slots=True)
class Given:
    """The input of one call, checked: values by parameter name, in the order given."""

    values: dict[str, list[Any]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        """Whether there is a value of that name."""
        return name in self.values

    def text(self, name: str) -> str | None:
        """Return a text or a date as text, or None."""
        return self._one(name, str)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return every text of that name."""
        return tuple(self.values.get(name, ()))

    def boolean(self, name: str) -> bool | None:
        """Return true, false or None."""
        return self._one(name, bool)

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None."""
        return self._one(name, int)

    def resource(self, name: str) -> Resource | None:
        """Return a resource, or None."""
        return self._one(name, dict)

    def element(self, name: str) -> dict[str, Any] | None:
        """Return a complex value such as a Coding or a Meta, or None."""
        return self._one(name, dict)

    def elements(self, name: str) -> tuple[Any, ...]:
        """Return all values of that name: complex ones, resources or, for parts, `Given`."""
        return tuple(self.values.get(name, ()))

    def _one(self, name: str, kind: type[_T]) -> _T | None:
        found = self.values.get(name)
        return found[0] if found and isinstance(found[0], kind) else None


def read_parameters(
    resource: Resource, inputs: Sequence[Input], *, beside: Sequence[tuple[str, str]] = ()
) -> Given:
    """Read the body of an operation, and the query string `beside` it.

    A resource that is no Parameters is the value of the one input that takes a resource. Raises
    `Unsupported` (400) naming an unknown parameter, `Malformed` (400) for a value of a wrong type,
    one too many or one that is missing.
    """
    pairs = list(_from_query(beside, inputs))
    if resource.get("resourceType") == "Parameters":
        pairs += _from_rows(resource.get("parameter", []), inputs, "Parameters")
    else:
        pairs.append((_taking_resource(inputs, resource), resource))
    return _checked(pairs, inputs, "Parameters")


def read_query(pairs: Sequence[tuple[str, str]], inputs: Sequence[Input]) -> Given:
    """Read the query string of an operation by GET; raises as `read_parameters` does."""
    return _checked(list(_from_query(pairs, inputs)), inputs, "")


def _taking_resource(inputs: Sequence[Input], resource: Resource) -> str:
    taking = [one for one in inputs if one.is_resource]
    kind = str(resource.get("resourceType"))[:64]
    if len(taking) != 1 or taking[0].type not in ("Resource", kind):
        message = f"The body must be a Parameters resource, not a {kind}."
        raise Malformed(message, expression="resourceType")
    return taking[0].name


def _from_query(
    pairs: Sequence[tuple[str, str]], inputs: Sequence[Input]
) -> Iterable[tuple[str, Any]]:
    for name, text in pairs:
        if name not in _ELSEWHERE:
            yield name, _from_text(_input(inputs, name), text)


def _from_text(one: Input, text: str) -> Any:  # noqa: ANN401 - whatever the input's type holds
    if one.type == "boolean" and text in ("true", "false"):
        return text == "true"
    if one.type in _WHOLE and _NUMBER.fullmatch(text):
        return _primitive(one, int(text), one.name)
    if one.type in _TEXTS | _DATES:
        # A plus sign that nobody encoded arrives as a space.
        return _primitive(one, text.replace(" ", "+") if one.type in _DATES else text, one.name)
    if one.is_resource or one.type not in CHECKS:
        message = f"{one.name} can only be given in a Parameters resource, by POST."
        raise Malformed(message, expression=one.name)
    raise _not_of_type(one, one.name)


def _from_rows(rows: Any, inputs: Sequence[Input], path: str) -> list[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    name = "part" if path != "Parameters" else "parameter"
    if not isinstance(rows, list):
        message = f"{path}.{name} must be an array."
        raise Malformed(message, expression=f"{path}.{name}")
    return [_from_row(row, inputs, f"{path}.{name}[{at}]") for at, row in enumerate(rows)]


def _from_row(row: Any, inputs: Sequence[Input], path: str) -> tuple[str, Any]:  # noqa: ANN401 - any JSON
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        message = f"{path} must have a name."
        raise Malformed(message, expression=path)
    one = _input(inputs, row["name"], path)
    if one.parts:
        inside = _from_rows(row.get("part", []), one.parts, path)
        return one.name, _checked(inside, one.parts, path)
    if one.is_resource:
        return one.name, _resource(one, row.get("resource"), path)
    values = [(key, value) for key, value in row.items() if key.startswith("value")]
    if len(values) != 1:
        message = f"The parameter {one.name} must have one value, of type {one.type}."
        raise Malformed(message, expression=path)
    return one.name, _value(one, *values[0], path)


def _value(one: Input, key: str, value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    if not any(key == _key(name) for name in _accepted(one.type)):
        raise _not_of_type(one, path)
    if one.type in CHECKS:
        return _primitive(one, value, path)
    if not isinstance(value, dict) or not value:
        raise _not_of_type(one, path)
    return value


def _resource(one: Input, value: Any, path: str) -> Resource:  # noqa: ANN401 - any JSON
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str):
        message = f"The parameter {one.name} must have a resource."
        raise Malformed(message, expression=path)
    if one.type not in ("Resource", kind):
        raise _not_of_type(one, path)
    return value


def _accepted(type_name: str) -> frozenset[str]:
    for family in (_TEXTS, _WHOLE, _DATES):
        if type_name in family:
            return family
    return frozenset({type_name})


def _key(type_name: str) -> str:
    return f"value{type_name[:1].upper()}{type_name[1:]}"


def _primitive(one: Input, value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    if CHECKS[one.type](value) is not None:
        raise _not_of_type(one, path)
    return value


def _not_of_type(one: Input, path: str) -> Malformed:
    message = f"The parameter {one.name} must be of type {one.type}."
    return Malformed(message, expression=path)


def _input(inputs: Sequence[Input], name: str, path: str = "") -> Input:
    for one in inputs:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in inputs) or "none"
    message = f"{name[:64]} is not a parameter of this operation; it takes: {known}."
    raise Unsupported(message, expression=path or name[:64])


def _checked(pairs: list[tuple[str, Any]], inputs: Sequence[Input], path: str) -> Given:
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    for one in inputs:
        count = len(values.get(one.name, ()))
        if 0 < one.high < count:
            message = f"The parameter {one.name} is given {count} times: {one.high} will do."
            raise Malformed(message, expression=path or one.name)
        if count < one.low:
            message = f"The parameter {one.name} is missing."
            issue = Issue(message, path or one.name, code="required")
            raise Malformed(message, issues=(issue,))
    return Given(values)


def parameters_resource(*rows: Resource) -> Resource:
    """Return a Parameters resource of `named`, `with_resource` and `with_parts` rows."""
    return {"resourceType": "Parameters", "parameter": list(rows)}


def named(name: str, type_name: str, value: bool | str | Decimal | dict[str, Any]) -> Resource:  # noqa: FBT001 - a value of FHIR
    """Return one parameter with a value of a datatype, `named("code", "code", "final")`."""
    return {"name": name, _key(type_name): value}


def with_resource(name: str, resource: Resource) -> Resource:
    """Return one parameter that is a resource."""
    return {"name": name, "resource": resource}


def with_parts(name: str, *rows: Resource) -> Resource:
    """Return one parameter made of others."""
    return {"name": name, "part": list(rows)}
