"""The rows of composite parameters: what is found together in one element.

https://hl7.org/fhir/R4/search.html#combining. A row holds a value of each component: the first a
token or a reference, the second of any kind but uri, the third a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.emitting import main_emits
from gateway.fhir.search.parameters import Kind, parameter_id
from gateway.fhir.search.quantities import COMMON, commonly
from gateway.fhir.search.tree import Node, read_path, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.wire import Resource

# (code, system, low, high): what any value of a component says.
_Part = tuple[str, str, float, float]
# (code, system, code2, system2, low, high, low3, high3).
CompositeRow = tuple[str, str, str, str, float, float, float, float]

# Codings times codings: no element that is meant has more.
_MAX_ROWS: Final = 1000


def _pair(row: tuple[Any, ...]) -> _Part:
    return row[0], row[1], 0.0, 0.0


def _swapped(row: tuple[Any, ...]) -> _Part:
    return row[1], row[0], 0.0, 0.0


_PARTS: Final[dict[Kind, Callable[[tuple[Any, ...]], _Part]]] = {
    # (system, code) and (type, id): what is looked for comes first.
    Kind.TOKEN: _swapped,
    Kind.REFERENCE: _swapped,
    Kind.STRING: _pair,
    Kind.DATE: lambda row: ("", "", float(row[0]), float(row[1])),
    Kind.NUMBER: lambda row: ("", "", row[0], row[1]),
    Kind.QUANTITY: lambda row: (row[2], row[3], row[0], row[1]),
}


@dataclass(frozen=True, slots=True)
class _Component:
    """Trees that start at the element and at the resource it is in, and what their rows say."""

    element: Node
    resource: Node
    part: Callable[[tuple[Any, ...]], _Part]

    def parts(self, element: Any, resource: Resource) -> list[_Part]:  # noqa: ANN401 - any element
        found: tuple[set[Any], ...] = (set(),)
        visit(self.element, element, found)
        visit(self.resource, resource, found)
        return [self.part(row[1:]) for row in found[0]]


@dataclass(frozen=True, slots=True)
class Composite:
    """One composite parameter: how its elements are found and what is read from each.

    `common` is what rows with a quantity in its common unit carry, None when there is none.
    """

    id: int
    common: int | None
    base: Node
    components: tuple[_Component, ...]

    def rows(self, resource: Resource) -> Iterable[tuple[Any, ...]]:
        """Give the rows of a resource, the parameter's id first."""
        elements: list[Any] = []
        visit(self.base, resource, (_Elements(elements),))
        for element in elements:
            for row in islice(product(*self._parts(element, resource)), _MAX_ROWS):
                yield (self.id, *_joined(*row))
                if self.common is not None and (part := _common(row[1])) is not None:
                    yield (self.common, *_joined(row[0], part, *row[2:]))

    def _parts(self, element: Any, resource: Resource) -> list[list[_Part]]:  # noqa: ANN401 - any element
        """Return the values of each component, an empty list when one has none."""
        found: list[list[_Part]] = []
        # The last first: every element has a code, and one kind of value.
        for one in reversed(self.components):
            found.append(one.parts(element, resource))
            if not found[-1]:
                return [[]]
        return found[::-1]


class _Elements(set[Any]):
    """Takes elements, which have no hash, as if they were rows."""

    def __init__(self, elements: list[Any]) -> None:
        super().__init__()
        self._elements = elements

    def add(self, row: tuple[Any, ...]) -> None:
        """Keep the element of a row."""
        self._elements.append(row[1])


def _common(part: _Part) -> _Part | None:
    code, system, low, high = part
    found = commonly((low, high, code, system))
    return None if found is None else (found[2], system, *found[:2])


def _joined(first: _Part, second: _Part, third: _Part = ("", "", 0.0, 0.0)) -> CompositeRow:
    return (*first[:2], *second, *third[2:])


def composite(parameter: SearchParameter, local_bases: tuple[str, ...]) -> Composite:
    """Return how a composite parameter is read."""
    base = Node()
    for text in parameter.paths:
        base.plant(read_path(text).steps).emit(_itself, 0, 0)
    components = tuple(_component(one, local_bases) for one in parameter.components)
    common = None
    if any(one.kind is Kind.QUANTITY for one in parameter.components[1:2]):
        common = parameter_id(parameter.type, parameter.code + COMMON)
    return Composite(parameter.id, common, base, components)


def _itself(element: Any) -> Iterable[tuple[Any]]:  # noqa: ANN401 - any element
    return ((element,),)


def _component(parameter: SearchParameter, local_bases: tuple[str, ...]) -> _Component:
    trees = {False: Node(), True: Node()}
    for text in parameter.paths:
        path = read_path(text)
        node = trees[path.rooted].plant(path.steps)
        for names, _, _, convert in main_emits(parameter, path, local_bases):
            node.below(names).emit(convert, 0, 0)
    return _Component(trees[False], trees[True], _PARTS[parameter.kind])
