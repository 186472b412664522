"""Changes to a resource as data: JSON Patch and FHIRPath Patch.

https://hl7.org/fhir/R4/http.html#patch. A patch is read once and then applied to a resource that
it may change in place; what it may not change is told by `Patch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

# Takes a resource of its own and returns what becomes of it.
Patch = Callable[["Resource"], Any]

# What says which resource this is.
_IDENTITY: Final = ("resourceType", "id")


def patched(patch: Patch, resource: Resource) -> Resource:
    """Return what `patch` makes of `resource`, which must not be used afterwards.

    Raises `Invalid` for a patch that cannot be applied or that makes another resource of it.
    """
    before = [resource.get(name) for name in _IDENTITY]
    after = patch(resource)
    if not isinstance(after, dict):
        message = "A patch cannot make something else of a resource."
        raise Invalid(message)
    for name, value in zip(_IDENTITY, before, strict=True):
        if after.get(name) != value:
            message = f"A patch cannot change {name}."
            raise Invalid(message, expression=name)
    return after
