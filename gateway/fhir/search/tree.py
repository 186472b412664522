"""The paths of several parameters as one tree, so that an element is visited once.

The syntax of a path is told in `gateway/fhir/search/parameters.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

Convert = Callable[[Any], Iterable[Any]]
# Where rows are put: one set a kind.
Found = tuple[set[Any], ...]

_PATH: Final = re.compile(r"(/?)((?:[^:\[]|\[[^\]]*\])*):(.*)", re.DOTALL)
_STEP: Final = re.compile(r"(\w+)((?:\[[^\]]*\])*)(?:\.|$)", re.ASCII)
_FILTER: Final = re.compile(r"\[(?:->(\w+)|#(\d+)|(\w+)=([^\]]*))\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Only:
    """What an element must be to be entered: members with these values, the place in its list."""

    members: tuple[tuple[str, str], ...] = ()
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A path that was read: steps with their conditions, the type at its end.

    `rooted` says that it starts at the resource; `target` is the type that a reference must lead
    to, "" for any.
    """

    rooted: bool
    steps: tuple[tuple[str, Only | None], ...]
    type: str
    target: str


def read_path(text: str) -> Path:
    """Read a path of a row; raises ValueError for what is not one."""
    whole = _PATH.fullmatch(text)
    if whole is None:
        message = "not a path of a search parameter"
        raise ValueError(message)
    rooted, steps, type_name = whole.groups()
    target, read = "", []
    for name, filters in _STEP.findall(steps):
        only, target = _only(filters)
        read.append((name, only))
    return Path(bool(rooted), tuple(read), type_name, target)


def _only(filters: str) -> tuple[Only | None, str]:
    members, place, target = [], None, ""
    for kind, number, key, value in _FILTER.findall(filters):
        if key:
            members.append((key, value))
        elif number:
            place = int(number)
        else:
            target = kind
    only = Only(tuple(members), place) if members or place is not None else None
    return only, target


@dataclass(slots=True)
class Node:
    """An element of the tree: what to emit for it, and what to visit below it.

    `emits` are (converter, set and beginning of each row it gives, further ones); `children` are
    (JSON name, condition or None for none, node).
    """

    emits: list[tuple[Convert, int, tuple[int], list[tuple[int, tuple[int]]]]] = field(
        default_factory=list
    )
    children: list[tuple[str, Only | None, Node]] = field(default_factory=list)

    def plant(self, steps: tuple[tuple[str, Only | None], ...]) -> Node:
        """Return the node at the end of the steps, made where it was not there."""
        node = self
        for name, only in steps:
            node = node._child(name, only)
        return node

    def below(self, names: tuple[str, ...]) -> Node:
        """Return the node that steps without conditions lead to."""
        return self.plant(tuple((name, None) for name in names))

    def _child(self, name: str, only: Only | None) -> Node:
        for known_name, known_only, node in self.children:
            if (known_name, known_only) == (name, only):
                return node
        self.children.append((name, only, Node()))
        return self.children[-1][2]

    def emit(self, convert: Convert, kind: int, identity: int) -> None:
        """Put what `convert` gives into set `kind`, behind the id; one converter runs once."""
        for known, *first, further in self.emits:
            if known is convert:
                if (kind, (identity,)) not in (tuple(first), *further):
                    further.append((kind, (identity,)))
                return
        self.emits.append((convert, kind, (identity,), []))


def visit(node: Node, element: Any, found: Found) -> None:  # noqa: ANN401 - any element
    """Put the rows of an element and of what is below it into `found`."""
    for convert, kind, head, further in node.emits:
        for row in convert(element):
            # One of the places where every nanosecond counts: this makes no list on the way.
            found[kind].add(head + row)
            for other_kind, other in further:
                found[other_kind].add(other + row)
    if node.children and isinstance(element, dict):
        _visit_children(node, element, found)


def _visit_children(node: Node, element: dict[str, Any], found: Found) -> None:
    for name, only, child in node.children:
        value = element.get(name)
        if value is None:
            continue
        if only is not None:
            value = _chosen(value, only)
        if isinstance(value, list):
            for item in value:
                visit(child, item, found)
        else:
            visit(child, value, found)


def _chosen(value: Any, only: Only) -> list[Any]:  # noqa: ANN401 - any element
    items = value if isinstance(value, list) else [value]
    if only.members:
        items = [item for item in items if isinstance(item, dict) and _holds(item, only)]
    return items if only.place is None else items[only.place : only.place + 1]


def _holds(item: dict[str, Any], only: Only) -> bool:
    return all(item.get(name) == value for name, value in only.members)
