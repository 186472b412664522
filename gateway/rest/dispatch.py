"""Which route an address and a method name, by one dictionary look-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import MethodNotAllowed, NotFound
from gateway.fhir.parameters import Input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.rest.answer import Answer
    from gateway.rest.call import Call


class Place(Enum):
    """Where an interaction runs: docs/decisions/0007-reads-in-the-loop.md."""

    #: Touches neither disk nor network.
    LOOP = "loop"
    #: One point read: in the loop when the store is local, else in a thread.
    LOOKUP = "lookup"
    #: May take long: always in a thread.
    QUERY = "query"
    #: Waits for a commit and for nothing else: in the one writing thread.
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Route:
    """One interaction: how it is addressed, its code in the specification, what answers it.

    `path` has `{type}`, `{id}`, `{vid}` and `{member}` (the second type of a compartment search)
    for what varies; `only` keeps the route to some resource types; `any_media` means that the
    interaction itself judges `Accept`. An operation has its name with the dollar as `code`, the
    canonical URL of the definition that it follows as `operation`, what it takes and what it
    answers as `inputs` and `outputs`, what it is for as `says`; `affects` means that it may write.
    """

    method: str
    path: str
    code: str
    answer: Callable[[Call], Answer]
    place: Place
    only: str | tuple[str, ...] = ()
    any_media: bool = False
    operation: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Input, ...] = ()
    says: str = ""
    affects: bool = False

    @property
    def types(self) -> frozenset[str]:
        """The resource types that the route is kept to; empty means every type."""
        return frozenset({self.only} if isinstance(self.only, str) else self.only) - {""}

    def serves(self, resource_type: str) -> bool:
        """Whether the route is there for that type."""
        return not self.types or resource_type in self.types


def operation(  # noqa: PLR0913 - the columns of a row
    name: str,
    definition: str,
    answer: Callable[[Call], Answer],
    *levels: str,
    only: str | tuple[str, ...] = (),
    methods: tuple[str, ...] = ("GET", "POST"),
    place: Place = Place.QUERY,
    inputs: tuple[Input, ...] = (),
    returns: str | tuple[Input, ...],
    says: str,
    affects: bool = False,
) -> tuple[Route, ...]:
    """Return the rows of one operation: a `name` with its dollar below each of `levels`.

    A level is the path above the name: `/fhir`, `/fhir/{type}` or `/fhir/{type}/{id}`
    (https://hl7.org/fhir/R4/operations.html#executing). `returns` is what is answered: the type of
    the one thing, or the parameters of a Parameters.
    """
    outputs = (Input("return", returns, low=1),) if isinstance(returns, str) else returns
    return tuple(
        Route(
            method,
            f"{level}/{name}",
            name,
            answer,
            place,
            only=only,
            operation=definition,
            inputs=inputs,
            outputs=outputs,
            says=says,
            affects=affects,
        )
        for level in levels
        for method in methods
    )


class Found(NamedTuple):
    """A route, and what stands in the address where the route has braces."""

    route: Route
    type: str
    id: str
    version: str
    member: str = ""


class NotOffered(MethodNotAllowed):
    """The address is known, the method is not offered there; `allow` lists those that are."""

    def __init__(self, method: str, allow: Iterable[str]) -> None:
        """Say what was tried and keep what would do."""
        self.allow = ", ".join(sorted(allow))
        super().__init__(f"{method} is not offered here; {self.allow} is.")


Shape = tuple[str | None, ...]


class Table:
    """The routes, arranged by the shape of their addresses."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Arrange `routes`; one kept to some types wins over the general one."""
        routes = tuple(routes)
        special = frozenset[str]().union(*(route.types for route in routes))
        self._by_shape: dict[Shape, dict[str, Route]] = {}
        for route in sorted(routes, key=lambda route: bool(route.types)):
            for only in route.types or {"", *special}:
                self._by_shape.setdefault(_shape(route.path, only), {})[route.method] = route
        self._names = {route.path: _names(route.path) for route in routes}
        # By position: an id may read like a type or like a word that stands elsewhere.
        self._literals: tuple[frozenset[str | None], ...] = tuple(
            map(frozenset, zip_longest(*self._by_shape))
        )

    def find(self, method: str, path: str) -> Found:
        """Return the route; raises `NotFound` or `NotOffered`. HEAD finds what GET does."""
        segments = path.strip("/").split("/")
        shape = tuple([s if s in at else None for s, at in zip(segments, self._literals)])  # noqa: B905 - too long an address is found out below
        methods = self._by_shape.get(shape) if len(shape) == len(segments) else None
        if methods is None or (shape[-1] is None and segments[-1].startswith("$")):
            raise NotFound(_nothing(segments[-1]))
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise NotOffered(method, _allowed(methods))
        given = dict(zip(self._names[route.path], segments, strict=True))
        return Found(
            route,
            given.get("type", ""),
            given.get("id", ""),
            given.get("vid", ""),
            given.get("member", ""),
        )


def _nothing(name: str) -> str:
    if name.startswith("$"):
        return f"{name[:64]} is not an operation that is served at this address."
    return "There is nothing at this address."


def _shape(path: str, only: str) -> Shape:
    parts = path.replace("{type}", only or "{type}").strip("/").split("/")
    return tuple(None if part.startswith("{") else part for part in parts)


def _names(path: str) -> tuple[str, ...]:
    parts = path.strip("/").split("/")
    return tuple(part.strip("{}") if part.startswith("{") else "" for part in parts)


def _allowed(methods: Mapping[str, Route]) -> set[str]:
    return {*methods, "HEAD"} if "GET" in methods else set(methods)
