"""Which profiles a resource is validated against (https://hl7.org/fhir/R4/profiling.html).

The base definitions of R4 are profiles too; what packages install is asked through `Installed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Issue
from gateway.fhir.definitions import resource_types
from gateway.fhir.validation import validate

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_ROOTS: Final = frozenset({"Resource", "DomainResource"})
# The resource types that are no DomainResource.
_NOT_DOMAIN: Final = frozenset({"Bundle", "Parameters", "Binary"})

# Returns the faults of a resource against R4 and these profiles, canonical URLs.
Validation = Callable[["Resource", Sequence[str]], tuple[Issue, ...]]


def validate_base(resource: Any, profiles: Sequence[str] = ()) -> tuple[Issue, ...]:  # noqa: ANN401 - any JSON
    """Return the faults of a resource against R4; a profile that is not R4's own is one of them.

    Fits `Validation` where no profiles are installed. A server that cannot validate against a
    profile that was asked for must say so with an error.
    """
    issues = list(validate(resource))
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    for profile in profiles:
        sentence = _fault(profile, name)
        if sentence is not None:
            issues.append(Issue(sentence, code="not-found"))
    return tuple(issues)


def _fault(profile: str, name: object) -> str | None:
    url = profile.partition("|")[0]
    base = url.removeprefix(_BASE) if url.startswith(_BASE) else ""
    roots = _ROOTS - ({"DomainResource"} if name in _NOT_DOMAIN else set())
    if base in {name, *roots}:
        return None
    if base in resource_types() | _ROOTS:
        return f"The profile {profile} is not one for this type of resource."
    return f"The profile {profile[:200]} is not installed here: nothing was validated against it."
