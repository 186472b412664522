"""One element of a differential upon the element it constrains.

https://hl7.org/fhir/R4/elementdefinition.html#interpretation
"""

from __future__ import annotations

from typing import Any, Final

from gateway.errors import Invalid

Json = dict[str, Any]
# What is added to what is there; everything else replaces it.
_ADDED: Final = ("constraint", "mapping", "condition", "alias", "example", "code")
_ANYTHING: Final = frozenset({"Resource", "DomainResource", "Element"})


def merged(base: Json, differential: Json, profile: str) -> Json:
    """Return the element with what the differential says; raises `Invalid` for a contradiction."""
    _require_narrower(base, differential, profile)
    added = {
        name: _joined(base.get(name, []), differential[name])
        for name in _ADDED
        if name in differential
    }
    kept = {key: value for key, value in base.items() if not _replaced(key, differential)}
    slicing = kept.get("slicing", {}) | differential.get("slicing", {})
    found = kept | differential | added
    return found | ({"slicing": slicing} if slicing else {})


def _joined(one: list[Any], other: list[Any]) -> list[Any]:
    return [*one, *(item for item in other if item not in one)]


def _replaced(key: str, differential: Json) -> bool:
    """Whether a fixed or pattern value gives way to that of the differential."""
    return key.startswith(("fixed", "pattern")) and any(
        name.startswith(("fixed", "pattern")) for name in differential
    )


def _require_narrower(base: Json, differential: Json, profile: str) -> None:
    where = differential.get("id") or differential.get("path")
    low: int = differential["min"] if "min" in differential else base.get("min", 0)
    high = _most(differential, base)
    base_high = _most(base, {})
    fault = ""
    if low < base.get("min", 0) and "sliceName" not in differential:
        fault = f"min {low} is below the {base.get('min', 0)} of its base"
    elif base_high is not None and (high is None or high > base_high):
        fault = f"max {differential.get('max')} is above the {base_high} of its base"
    elif high is not None and low > high:
        fault = f"min {low} is above its max {high}"
    fault = fault or _types(base, differential)
    if fault:
        message = f"The profile {profile} contradicts itself: {where}: {fault}."
        raise Invalid(message, expression=str(where))


def _most(element: Json, otherwise: Json) -> int | None:
    most = str(element.get("max", otherwise.get("max", "*")))
    return int(most) if most.isdecimal() else None


def _types(base: Json, differential: Json) -> str:
    allowed = {str(one.get("code")) for one in base.get("type", ())}
    named = [str(one.get("code")) for one in differential.get("type", ())]
    wrong = [one for one in named if allowed and one not in allowed and not allowed & _ANYTHING]
    return f"the type {wrong[0]} is none of its base" if wrong else ""
