"""The index rows of a resource: what each search parameter finds in it.

The paths of a type's parameters are joined into one tree when the type is first met, so that an
element is visited once however many parameters read it. What is contained in a resource is not
indexed as a resource of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.composites import Composite, composite
from gateway.fhir.search.emitting import Table, emits
from gateway.fhir.search.parameters import (
    Kind,
    SearchParameter,
    installation,
    parameter_id,
    parameters,
)
from gateway.fhir.search.strays import local_references
from gateway.fhir.search.tree import Node, read_path, visit

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

# Stands for the local references that no parameter reads.
OTHER_REFERENCE: Final = parameter_id("Resource", "_other")
# Rows of these name a resource that is inside a Bundle: they refer to nothing on the server.
INSIDE: Final = frozenset(
    {parameter_id("Bundle", "composition"), parameter_id("Bundle", "message")}
)


@dataclass(frozen=True, slots=True)
class IndexRows:
    """All rows of one resource; the first part of each is the parameter's id.

    tokens (system, code), for a reference its logical identifier, for `code:of-type` the type of
    an identifier and `type code|value`; strings (folded, exact), for a token its text; dates (low,
    high) in microseconds since the epoch, high excluded; references (type, id or URL); uris (uri);
    quantities (low, high, code, system); composites (code, system, code2, system2, low, high,
    low3, high3), of which a kind leaves "" and 0.0 what it has not.

    A token that has only a text, or a reference that has only an identifier, is there all the same:
    `:missing` looks at both tables.
    """

    tokens: frozenset[tuple[int, str, str]]
    strings: frozenset[tuple[int, str, str]]
    dates: frozenset[tuple[int, int, int]]
    references: frozenset[tuple[int, str, str]]
    uris: frozenset[tuple[int, str]]
    quantities: frozenset[tuple[int, float, float, str, str]] = frozenset()
    composites: frozenset[tuple[int, str, str, str, str, float, float, float, float]] = frozenset()


# The store answers these from its own columns.
_FROM_COLUMNS: Final = frozenset({"_id", "_lastUpdated"})


def index_rows(resource: Resource, local_bases: tuple[str, ...] = ()) -> IndexRows:
    """Return the index rows of a resource.

    `local_bases` are this server's own addresses without a slash at the end: an absolute reference
    into one of them counts as relative.
    """
    root, composites = _plan(resource["resourceType"], local_bases, installation())
    found: tuple[set[Any], ...] = (set(), set(), set(), set(), set(), set(), set())
    visit(root, resource, found)
    references = found[Table.REFERENCES]
    strays = local_references(resource, local_bases).difference(row[1:] for row in references)
    references.update((OTHER_REFERENCE, *target) for target in strays)
    for one in composites:
        found[-1].update(one.rows(resource))
    return IndexRows(*map(frozenset, found))


# The number is there to tell installations of parameters apart.
@lru_cache(maxsize=512)
def _plan(
    resource_type: str, local_bases: tuple[str, ...], _installation: int
) -> tuple[Node, tuple[Composite, ...]]:
    root, composites = Node(), []
    for parameter in parameters(resource_type):
        if parameter.kind is Kind.COMPOSITE:
            composites.append(composite(parameter, local_bases))
        elif parameter.code not in _FROM_COLUMNS:
            _plant(root, parameter, local_bases)
    return root, tuple(composites)


def _plant(root: Node, parameter: SearchParameter, local_bases: tuple[str, ...]) -> None:
    for text in parameter.paths:
        path = read_path(text)
        node = root.plant(path.steps)
        for names, table, identity, convert in emits(parameter, path, local_bases):
            node.below(names).emit(convert, table, identity)
