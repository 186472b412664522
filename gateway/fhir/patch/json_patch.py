"""JSON Patch (RFC 6902) on a resource: https://hl7.org/fhir/R4/http.html#patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonpatch
import jsonpointer

from gateway.errors import Invalid, Malformed
from gateway.fhir.patch.value import anew

if TYPE_CHECKING:
    from gateway.fhir.patch import Patch
    from gateway.fhir.wire import Resource

MEDIA_TYPE: Final = "application/json-patch+json"
MAX_OPERATIONS: Final = 1000
# What `copy` may make in all: each one could double the resource. A long text counts as many.
_MAX_COPIED: Final = 100_000
_LONG_TEXT: Final = 64
_NEEDS: Final = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "from"),
    "copy": ("path", "from"),
    "test": ("path", "value"),
}
# What the library raises for a path that fits no place: some of it is Python's own.
_UNFIT: Final = (
    jsonpatch.JsonPatchException,
    jsonpointer.JsonPointerException,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)


def json_patch(operations: Any) -> Patch:  # noqa: ANN401 - any JSON
    """Return the patch; raises `Malformed` naming the operation that is none."""
    if not isinstance(operations, list):
        message = "A JSON Patch is an array of operations (RFC 6902)."
        raise Malformed(message)
    if len(operations) > MAX_OPERATIONS:
        message = f"A JSON Patch holds at most {MAX_OPERATIONS} operations."
        raise Malformed(message)
    for at, operation in enumerate(operations):
        _check(at, operation)

    def apply(resource: Resource) -> Resource:
        copied = 0
        for at, operation in enumerate(anew(operations)):
            plain, size = operation, 0
            if operation["op"] == "copy":
                plain, size = _as_add(at, operation, resource)
            copied += size
            if copied > _MAX_COPIED:
                message = f"Operation {at} of the patch copies more than a resource may hold."
                raise Invalid(message)
            resource = _applied(at, plain, resource)
        return resource

    return apply


def _check(at: int, operation: Any) -> None:  # noqa: ANN401 - any JSON
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _NEEDS:
        message = f"Operation {at} of the patch needs op: {', '.join(_NEEDS)}."
        raise Malformed(message, expression=f"[{at}].op")
    for need in _NEEDS[name]:
        if need not in operation:
            message = f"Operation {at} of the patch ({name}) needs {need}."
            raise Malformed(message, expression=f"[{at}].{need}")
        if need != "value":
            _pointer(at, need, operation[need])


def _pointer(at: int, name: str, text: Any) -> None:  # noqa: ANN401 - any JSON
    try:
        jsonpointer.JsonPointer(text)
    except (jsonpointer.JsonPointerException, TypeError, AttributeError):
        message = f"The {name} of operation {at} of the patch is not a JSON Pointer (RFC 6901)."
        raise Malformed(message, expression=f"[{at}].{name}") from None


def _as_add(at: int, operation: dict[str, Any], resource: Resource) -> tuple[dict[str, Any], int]:
    """Return the `add` that a `copy` is, and how much it adds."""
    try:
        value = jsonpointer.JsonPointer(operation["from"]).resolve(resource)
    except _UNFIT:
        raise _unfit(at, operation) from None
    if isinstance(value, jsonpointer.EndOfList):
        # "-" is the place behind the last item: nothing is there to copy.
        raise _unfit(at, operation)
    size = _size(value)
    if size > _MAX_COPIED:
        return operation, size
    return {"op": "add", "path": operation["path"], "value": anew(value)}, size


def _size(value: Any) -> int:  # noqa: ANN401 - any JSON
    waiting = [value]
    count = 0
    while waiting:
        one = waiting.pop()
        count += 1 + (len(one) // _LONG_TEXT if isinstance(one, str) else 0)
        waiting.extend(one.values() if isinstance(one, dict) else ())
        waiting.extend(one if isinstance(one, list) else ())
    return count


def _applied(at: int, operation: dict[str, Any], resource: Resource) -> Resource:
    try:
        # In place: a copy would write decimals anew.
        after: Resource = jsonpatch.JsonPatch([operation]).apply(resource, in_place=True)
    except jsonpatch.JsonPatchTestFailed:
        message = f"Operation {at} of the patch: the test of {_shown(operation)} failed."
        raise Invalid(message, expression=f"[{at}]") from None
    except _UNFIT:
        raise _unfit(at, operation) from None
    return after


def _unfit(at: int, operation: dict[str, Any]) -> Invalid:
    what = f"{operation['op']} at {_shown(operation)}"
    return Invalid(
        f"Operation {at} of the patch cannot be applied: {what} fits nothing here.",
        expression=f"[{at}]",
    )


def _shown(operation: dict[str, Any]) -> str:
    # A path names elements; what stands behind an unknown one is the caller's own text.
    path: str = operation["path"]
    source = operation.get("from")
    shown = path if source is None else f"{path} from {source}"
    return shown[:200] or "the whole resource"
