"""The index rows of a resource: what each search parameter finds in it.

The paths of a type's parameters are joined into one tree when the type is first met, so that an
element is visited once however many parameters read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.converters import converter, reference_to
from gateway.fhir.search.parameters import Kind, SearchParameter, parameters

if TYPE_CHECKING:
    from gateway.fhir.search.converters import Converter
    from gateway.fhir.wire import Resource


@dataclass(frozen=True, slots=True)
class IndexRows:
    """All rows of one resource; the first part of each is the parameter's id.

    tokens (system, code); strings (folded, exact); dates (low, high) in microseconds since the
    epoch, high excluded; references (type, id or URL); uris (uri).
    """

    tokens: frozenset[tuple[int, str, str]]
    strings: frozenset[tuple[int, str, str]]
    dates: frozenset[tuple[int, int, int]]
    references: frozenset[tuple[int, str, str]]
    uris: frozenset[tuple[int, str]]


# The kinds in the order of the fields of IndexRows.
_KINDS: Final = (Kind.TOKEN, Kind.STRING, Kind.DATE, Kind.REFERENCE, Kind.URI)
# The store answers these from its own columns.
_FROM_COLUMNS: Final = frozenset({"_id", "_lastUpdated"})
_STEP: Final = re.compile(r"(\w+)(?:\[(?:->(\w+)|(\w+)=([^\]]*))\])?(?:\.|$)")

# (name, value) that an element must have, None for no condition.
Filter = tuple[str, str] | None


@dataclass(slots=True)
class _Node:
    """An element of the tree: what to emit for it, and what to visit below it."""

    emits: list[tuple[int, int, Converter]] = field(default_factory=list)
    children: dict[tuple[str, Filter], _Node] = field(default_factory=dict)


def index_rows(resource: Resource, local_bases: tuple[str, ...] = ()) -> IndexRows:
    """Return the index rows of a resource.

    `local_bases` are this server's own addresses without a slash at the end: an absolute reference
    into one of them counts as relative.
    """
    found: tuple[set[Any], ...] = (set(), set(), set(), set(), set())
    _visit(_tree(resource["resourceType"], local_bases), resource, found)
    return IndexRows(*map(frozenset, found))


def _visit(node: _Node, element: Any, found: tuple[set[Any], ...]) -> None:  # noqa: ANN401 - any element
    for kind, identity, convert in node.emits:
        for row in convert(element):
            found[kind].add((identity, *row))
    if not node.children or not isinstance(element, dict):
        return
    for (name, only), child in node.children.items():
        value = element.get(name)
        if value is None:
            continue
        for item in value if isinstance(value, list) else (value,):
            if only is None or (isinstance(item, dict) and item.get(only[0]) == only[1]):
                _visit(child, item, found)


@lru_cache(maxsize=512)
def _tree(resource_type: str, local_bases: tuple[str, ...]) -> _Node:
    root = _Node()
    for parameter in parameters(resource_type):
        if parameter.searchable and parameter.code not in _FROM_COLUMNS:
            for path in parameter.paths:
                _plant(root, parameter, path, local_bases)
    return root


def _plant(
    root: _Node, parameter: SearchParameter, path: str, local_bases: tuple[str, ...]
) -> None:
    steps, _, type_name = path.partition(":")
    node, target = root, ""
    for name, kind, key, value in _STEP.findall(steps):
        only = (key, value) if key else None
        node, target = node.children.setdefault((name, only), _Node()), kind or target
    convert = _converter(parameter, type_name, target, local_bases)
    node.emits.append((_KINDS.index(parameter.kind), parameter.id, convert))


def _converter(
    parameter: SearchParameter, type_name: str, target: str, local_bases: tuple[str, ...]
) -> Converter:
    if parameter.kind is Kind.REFERENCE and type_name != "canonical":
        return reference_to(target, local_bases)
    name, _, system = type_name.partition("@")
    return converter(parameter.kind, name, system)
