"""References: to what they may point, and what is contained.

https://hl7.org/fhir/R4/references.html, the invariants dom-2 to dom-5 and ref-1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator

_LITERAL: Final = re.compile(
    r"(?:https?://\S+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/\S+)?"
)
_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}(?:/_history/\S+)?")
_STORED_ONLY: Final = ("versionId", "lastUpdated")


class Scope:
    """What local references inside one resource can name: {id: type} of what it contains."""

    __slots__ = ("contained",)

    def __init__(self, resource: dict[str, Any]) -> None:
        """Read the ids of the contained resources."""
        self.contained: dict[str, str] = {}
        items = resource.get("contained")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                self.contained[item["id"]] = str(item.get("resourceType"))


def reference_faults(
    value: dict[str, Any], targets: frozenset[str] | None, scope: Scope
) -> Iterator[str]:
    """Give what is wrong with where a reference points; `targets` None takes any type."""
    text, declared = value.get("reference"), value.get("type")
    if isinstance(text, str) and text.startswith("#"):
        found = scope.contained.get(text[1:], "")
        if len(text) > 1 and not found:
            yield "names nothing that is contained (ref-1)"
    else:
        found = _type_of(text)
        if found and found not in resource_types():
            yield "names no resource type of FHIR R4"
            return
    for name in {found, declared if isinstance(declared, str) else ""}:
        if targets is not None and name in resource_types() and name not in targets:
            yield f"cannot point to a {name}: only to {_listed(targets)}"


def _type_of(text: Any) -> str:  # noqa: ANN401 - any JSON
    literal = _LITERAL.fullmatch(text) if isinstance(text, str) else None
    if literal is None:
        return ""
    # The last parts of a URL elsewhere may look like a type without being one.
    return literal[1] if literal[1] in resource_types() or _RELATIVE.fullmatch(text) else ""


def _listed(targets: frozenset[str]) -> str:
    *most, last = sorted(targets)
    return f"{', '.join(most)} or {last}" if most else last


def contained_faults(resource: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Give (index, sentence) for each fault of what a resource contains."""
    items = resource["contained"]
    used = _local_references(resource)
    for at, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            for sentence in _faults_of(item, used):
                yield at, sentence


def _faults_of(item: dict[str, Any], used: set[str]) -> Iterator[str]:
    if "contained" in item:
        yield "contains resources of its own (dom-2)"
    name = item.get("id")
    if not isinstance(name, str):
        yield "needs an id to be referred to (dom-3)"
    elif f"#{name}" not in used and "#" not in _local_references(item):
        yield "is referred to from nowhere (dom-3)"
    meta = item.get("meta")
    if isinstance(meta, dict) and any(part in meta for part in _STORED_ONLY):
        yield "has a version or a time of its own (dom-4)"
    if isinstance(meta, dict) and "security" in meta:
        yield "has a security label of its own (dom-5)"


def _local_references(element: Any) -> set[str]:  # noqa: ANN401 - any JSON
    """Return every string that starts with #; a loop, so that depth does not matter."""
    found: set[str] = set()
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and one.startswith("#"):
            found.add(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found
