"""FHIRPath Patch: add, insert, delete, replace, move (https://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import GatewayError, Invalid, Issue, Malformed
from gateway.fhir.patch.element import Element, fields, hold, pairs
from gateway.fhir.patch.locator import read_path
from gateway.fhir.patch.value import anew, chosen, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.patch import Patch
    from gateway.fhir.validation.shapes import Field
    from gateway.fhir.wire import Resource

MAX_OPERATIONS: Final = 1000

# The parts of an operation by name, each the parameter itself.
Parts = dict[str, "Resource"]


def fhirpath_patch(parameters: Any) -> Patch:  # noqa: ANN401 - any JSON
    """Return the patch in a Parameters resource; raises `Malformed` naming what is wrong."""
    listed = parameters.get("parameter") if isinstance(parameters, dict) else None
    if not isinstance(listed, list) or not listed or len(listed) > MAX_OPERATIONS:
        message = f"A FHIRPath Patch is a Parameters with 1 to {MAX_OPERATIONS} operations."
        raise Malformed(message, expression="Parameters.parameter")
    operations = [_read(at, one) for at, one in enumerate(listed)]

    def apply(resource: Resource) -> Resource:
        # What it adds becomes part of the resource: the next attempt needs values of its own.
        for at, (kind, parts) in enumerate(anew(operations)):
            try:
                _OPERATIONS[kind](resource, parts)
            except GatewayError as fault:
                raise _at(at, kind, fault) from None
        return resource

    return apply


def _at(at: int, kind: str, fault: GatewayError) -> GatewayError:
    text = f"Operation {at} of the patch ({kind}): {fault.text}"
    where = fault.issues[0].expression or f"Parameters.parameter[{at}]"
    return type(fault)(text, issues=(Issue(text, expression=where),))


def _read(at: int, parameter: Any) -> tuple[str, Parts]:  # noqa: ANN401 - any JSON
    here = f"Parameters.parameter[{at}]"
    listed = parameter.get("part") if isinstance(parameter, dict) else None
    if not isinstance(listed, list) or parameter.get("name") != "operation":
        message = f"{here} must be called operation and have parts."
        raise Malformed(message, expression=here)
    parts: Parts = {}
    for part in listed:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or name in parts:
            message = f"{here} has a part without a name of its own."
            raise Malformed(message, expression=f"{here}.part")
        parts[name] = part
    kind = _text(parts, "type", here)
    needed = _NEEDS.get(kind)
    if needed is None:
        message = f"{here} has no type that is known: {', '.join(_NEEDS)}."
        raise Malformed(message, expression=f"{here}.part")
    for name in needed:
        if name not in parts:
            message = f"{here} ({kind}) needs a part {name}."
            raise Malformed(message, expression=f"{here}.part")
    read_path(_text(parts, "path", here))
    return kind, parts


def _text(parts: Parts, name: str, here: str = "Parameters.parameter") -> str:
    part = parts.get(name, {})
    for key in ("valueString", "valueCode"):
        value = part.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    message = f"{here} needs a part {name} with a string."
    raise Malformed(message, expression=f"{here}.part")


def _number(parts: Parts, name: str) -> int:
    part = parts[name]
    for key in ("valueInteger", "valueUnsignedInt", "valuePositiveInt"):
        value = part.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    message = f"{name} must be a valueInteger from 0 on."
    raise Malformed(message)


def _one(resource: Resource, parts: Parts) -> Element:
    path = _text(parts, "path")
    found = read_path(path).elements(resource)
    if len(found) == 1:
        return found[0]
    message = f"{path[:200]} is {len(found) or 'no'} element{'s' * bool(found)}, not one."
    raise Invalid(message, expression=path[:200])


def _add(resource: Resource, parts: Parts) -> None:
    target = _one(resource, parts)
    value = chosen(target.shape_name, _text(parts, "name"), parts["value"])
    members = target.members
    if members is not None:
        put(members, value)
        return
    # A primitive without id or extensions: it gets a place for them beside it.
    beside: Resource = {}
    put(beside, value)
    _set(target, (target.value, beside))


def _delete(resource: Resource, parts: Parts) -> None:
    path = _text(parts, "path")
    found = read_path(path).elements(resource)
    # https://hl7.org/fhir/R4/fhirpatch.html: a delete may find nothing.
    if len(found) > 1 or (found and not found[0].name):
        message = f"{path[:200]} is not one element that can be deleted."
        raise Invalid(message, expression=path[:200])
    if found:
        _set(found[0], None)


def _replace(resource: Resource, parts: Parts) -> None:
    target = _one(resource, parts)
    if not target.name:
        message = "The resource as a whole cannot be replaced by a patch."
        raise Invalid(message)
    known = fields(target.owner, target.name)[0]
    value = chosen(target.owner, known.choice or target.name, parts["value"])
    if value.field.name == target.name:
        _set(target, value.pair)
    else:
        # A choice of another type goes under another name.
        hold(target.holder, target.name, (), many=False)
        put(target.holder, value)


def _set(target: Element, pair: tuple[Any, Any] | None) -> None:
    items = pairs(target.holder, target.name)
    at = max(target.index, 0)
    items[at : at + 1] = [] if pair is None else [pair]
    hold(target.holder, target.name, items, many=target.index >= 0)


def _list_at(resource: Resource, parts: Parts) -> tuple[Element, Field]:
    """Return what holds the list at the path, and the list's field."""
    path = _text(parts, "path")
    place = read_path(path)
    holders = place.above(resource) if place.name else []
    if len(holders) != 1 or holders[0].members is None:
        message = f"{path[:200]} is not one list."
        raise Invalid(message, expression=path[:200])
    field = fields(holders[0].shape_name, place.name)[0]
    if not field.many:
        message = f"{path[:200]} is not a list."
        raise Invalid(message, expression=path[:200])
    return holders[0], field


def _insert(resource: Resource, parts: Parts) -> None:
    holder, field = _list_at(resource, parts)
    members = holder.members or {}
    items = pairs(members, field.name)
    at = _within(_number(parts, "index"), len(items), "index")
    items.insert(at, chosen(holder.shape_name, field.name, parts["value"]).pair)
    hold(members, field.name, items, many=True)


def _move(resource: Resource, parts: Parts) -> None:
    holder, field = _list_at(resource, parts)
    members = holder.members or {}
    items = pairs(members, field.name)
    source = _within(_number(parts, "source"), len(items) - 1, "source")
    target = _within(_number(parts, "destination"), len(items) - 1, "destination")
    items.insert(target, items.pop(source))
    hold(members, field.name, items, many=True)


def _within(number: int, most: int, name: str) -> int:
    if number > most:
        message = f"{name} {number} is outside of the list."
        raise Invalid(message)
    return number


_NEEDS: Final = {
    "add": ("path", "name", "value"),
    "insert": ("path", "value", "index"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_OPERATIONS: Final[dict[str, Callable[[Resource, Parts], None]]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
