"""What R4 advises and does not require: told by $validate alone, never a reason to refuse.

https://hl7.org/fhir/R4/domainresource.html#invs, https://hl7.org/fhir/R4/condition.html#invs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.wire import Resource

_NO_DOMAIN: Final = frozenset({"Bundle", "Binary", "Parameters"})


def _narrated(resource: Resource) -> bool:
    text = resource.get("text")
    return resource.get("resourceType") in _NO_DOMAIN or (isinstance(text, dict) and "div" in text)


def _clinical_status(resource: Resource) -> bool:
    """Whether a problem of a list says whether it is active."""
    if resource.get("resourceType") != "Condition" or "clinicalStatus" in resource:
        return True
    return not any(
        isinstance(coding, dict) and coding.get("code") == "problem-list-item"
        for category in resource.get("category", ())
        if isinstance(category, dict)
        for coding in category.get("coding", ())
    )


# Key, element, sentence, whether the advice is followed.
_ADVICE: Final[tuple[tuple[str, str, str, Callable[[Resource], bool]], ...]] = (
    ("dom-6", "text", "should have a narrative for people to read", _narrated),
    ("con-3", "clinicalStatus", "should say whether the problem is active", _clinical_status),
)


def best_practice(resource: Resource) -> tuple[Issue, ...]:
    """Return a warning for each advice that a resource does not follow."""
    kind = str(resource.get("resourceType"))[:64]
    return tuple(
        Issue(f"{kind} {sentence} ({key}).", f"{kind}.{name}", code="invariant", severity="warning")
        for key, name, sentence, followed in _ADVICE
        if not followed(resource)
    )
