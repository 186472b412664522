"""Parts of a resource: `_summary` and `_elements` (https://hl7.org/fhir/R4/search.html#summary)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from gateway.errors import Unsupported
from gateway.fhir.definitions import member, resource_types, summary_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource

Summary = Literal["", "true", "text", "data", "count", "false"]

SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
# There in every part: what it is, which version, and what changes its meaning.
_ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})
_SUMMARIES: Final = ("true", "text", "data", "count", "false")
_CACHED: Final = 1024


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted of a resource; `Part()` is all of it.

    `elements` are names of elements at the root, as in `name` or `Patient.name`: one without a type
    concerns what was searched for, not what is included with it.
    """

    summary: str = ""
    elements: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.summary in ("", "false", "count") and not self.elements

    def of(self, resource: Resource, *, included: bool = False) -> Resource:
        """Return the part of a resource, tagged SUBSETTED when it may lack something."""
        if not self.elements:
            return subset(resource, self.summary, ())
        resource_type = str(resource.get("resourceType"))
        wanted = _concerning(self.elements, resource_type, included=included)
        return subset(resource, "", wanted) if wanted else resource


def read_part(resource_type: str, summary: str | None, elements: str | None) -> Part:
    """Read `_summary` and `_elements` for a resource type, "" when there are several.

    Raises `Unsupported` for an unknown word, an element that the type has not, and for both at
    once.
    """
    if summary is not None and elements is not None:
        message = "_summary and _elements cannot be combined."
        raise Unsupported(message, expression="_elements")
    if summary is not None and summary not in _SUMMARIES:
        message = f"_summary is one of {', '.join(_SUMMARIES)}."
        raise Unsupported(message, expression="_summary")
    names = tuple(name.strip() for name in (elements or "").split(",") if name.strip())
    for name in names:
        _check(resource_type, name)
    return Part(summary or "", names)


def _check(resource_type: str, name: str) -> None:
    first, _, rest = name.partition(".")
    owner, element = (first, rest.partition(".")[0]) if rest else (resource_type, first)
    if owner in resource_types() and element not in _root_names(owner):
        message = f"_elements names {name[:64]}, which is no element of {owner}."
        raise Unsupported(message, expression="_elements")


def _concerning(elements: Iterable[str], resource_type: str, *, included: bool) -> tuple[str, ...]:
    found = []
    for name in elements:
        first, _, rest = name.partition(".")
        if first in resource_types():
            if first == resource_type:
                found.append(rest.partition(".")[0])
        elif not included:
            found.append(first)
    return tuple(found)


def subset(resource: Resource, summary: str, elements: tuple[str, ...]) -> Resource:
    """Return a new resource with what `_summary` or `_elements` asks for, tagged SUBSETTED.

    `summary` is true, text or data; anything else with no elements returns the resource itself.
    What is mandatory stays, so that the part is still a valid resource.
    """
    resource_type = str(resource.get("resourceType"))
    if resource_type not in resource_types():
        return resource
    if elements:
        kept = _only(resource, _elements(resource_type, elements))
    elif summary == "true":
        kept = _summarised(resource_type, resource)
    elif summary == "text":
        kept = _only(resource, _mandatory(resource_type) | _ALWAYS | {"text"})
    elif summary == "data":
        kept = {name: value for name, value in resource.items() if name not in ("text", "_text")}
    else:
        return resource
    return _tagged(kept)


def _only(value: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name.removeprefix("_") in names}


def _summarised(path: str, value: dict[str, Any]) -> dict[str, Any]:
    """Keep the elements marked as summary, in the resource and in its backbone elements.

    A datatype that is marked is kept whole: what it consists of belongs together.
    """
    rows = _rows(path)
    kept: dict[str, Any] = {}
    for name, item in _only(value, _summary_names(path)).items():
        row = rows.get(name)
        backbone = row is not None and "." in row[0]
        part = _backbone(row[0], item) if row is not None and backbone else item
        if part or not backbone:
            kept[name] = part
    return kept


def _backbone(path: str, item: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(item, dict):
        return _summarised(path, item)
    if isinstance(item, list):
        parts = [_summarised(path, one) for one in item if isinstance(one, dict)]
        return [part for part in parts if part]
    return item


def _tagged(resource: Resource) -> Resource:
    """Return the resource with the tag (https://hl7.org/fhir/R4/valueset-security-labels.html)."""
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    tags = tags if isinstance(tags, list) else []
    if any(isinstance(tag, dict) and tag.get("code") == SUBSETTED["code"] for tag in tags):
        return resource
    tagged = {**(meta if isinstance(meta, dict) else {}), "tag": [*tags, dict(SUBSETTED)]}
    first: Resource = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {
        **first,
        "meta": tagged,
        **{name: resource[name] for name in resource if name != "meta"},
    }


# What the definitions say of a type path.


def _rows(path: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = _type(path.partition(".")[0]).get(path, {})
    return found


@lru_cache(_CACHED)
def _type(name: str) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = member(f"{name}.json")
    return found


def _choice(row: list[Any]) -> str | None:
    """Return the name before [x] of a choice."""
    found: str | None = row[3] if len(row) > len("[t,") else None
    return found


@lru_cache(_CACHED)
def _root_names(resource_type: str) -> frozenset[str]:
    rows = _rows(resource_type)
    choices = {_choice(row) for row in rows.values()}
    return frozenset(rows) | {name for name in choices if name}


@lru_cache(_CACHED)
def _mandatory(path: str) -> frozenset[str]:
    return frozenset(name for name, row in _rows(path).items() if row[1])


@lru_cache(_CACHED)
def _summary_names(path: str) -> frozenset[str]:
    return summary_names(path) | _mandatory(path) | _ALWAYS


@lru_cache(_CACHED)
def _elements(resource_type: str, wanted: tuple[str, ...]) -> frozenset[str]:
    chosen = (
        name
        for name, row in _rows(resource_type).items()
        if name in wanted or _choice(row) in wanted
    )
    return frozenset(chosen) | _mandatory(resource_type) | _ALWAYS
