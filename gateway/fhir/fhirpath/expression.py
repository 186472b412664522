"""An expression that has been read, to be evaluated any number of times."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.fhir.fhirpath.compiler import compiled
from gateway.fhir.fhirpath.environment import NO_SERVICES, Environment, Services, Shared
from gateway.fhir.fhirpath.nodes import Collection, Item, is_resource, node, plain
from gateway.fhir.fhirpath.parser import parse
from gateway.fhir.fhirpath.run import truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.fhirpath.nodes import Node
    from gateway.fhir.fhirpath.run import Run

_CONTEXT = ("context", "resource", "rootResource")


class Expression:
    """A compiled FHIRPath; keeps nothing between two evaluations."""

    __slots__ = ("_run", "_services", "text")

    def __init__(self, text: str, run: Run, services: Services) -> None:
        """Keep what `compile_expression` made."""
        self.text = text
        self._run = run
        self._services = services

    def evaluate(
        self,
        focus: Item,
        variables: Mapping[str, Any] | None = None,
        services: Services | None = None,
    ) -> list[Any]:
        """Return what the expression selects, as JSON has it.

        `variables` are values, resources, Nodes or lists of them by name without %; `%resource`,
        `%rootResource` and `%context` are the focus unless they are given. Raises `Invalid` for
        what cannot be evaluated.
        """
        return [plain(item) for item in self.items(focus, variables, services)]

    def items(
        self,
        focus: Item,
        variables: Mapping[str, Any] | None = None,
        services: Services | None = None,
    ) -> Collection:
        """Return the items themselves: Nodes with their types, and values of FHIRPath."""
        items = _collection(focus)
        given = {name: _collection(value) for name, value in (variables or {}).items()}
        given.setdefault("context", items)
        if "resource" not in given and items and is_resource(items[0]):
            given["resource"] = items
        if "resource" in given:
            given.setdefault("rootResource", given["resource"])
        env = Environment(Shared(given, services or self._services), items)
        return self._run(env, items)

    def items_of(self, focus: Node, shared: Shared) -> Collection:
        """Return the items for one of many evaluations that share variables and services."""
        items = [focus]
        shared.variables["context"] = items
        return self._run(Environment(shared, items), items)

    def holds_of(self, focus: Node, shared: Shared) -> bool:
        """Whether a condition is met, as `holds`, with what evaluations share."""
        return truth(self.items_of(focus, shared)) is True

    def holds(
        self,
        focus: Item,
        variables: Mapping[str, Any] | None = None,
        services: Services | None = None,
    ) -> bool:
        """Whether a condition is met: empty is not; raises `Invalid` for several values."""
        return truth(self.items(focus, variables, services)) is True


def _collection(value: Item) -> Collection:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [node(one) for one in value if one is not None]
    return [node(value)]


@lru_cache(maxsize=4096)
def compile_expression(text: str, services: Services = NO_SERVICES) -> Expression:
    """Return an expression; raises `Invalid` with the position of what cannot be read.

    http://hl7.org/fhirpath/N1/grammar.html
    """
    return Expression(text, compiled(parse(text)), services)
