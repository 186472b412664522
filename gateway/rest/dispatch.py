"""Which route an address and a method name, by one dictionary look-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import MethodNotAllowed, NotFound

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

    `path` has `{type}`, `{id}` and `{vid}` for what varies; `only` keeps the route to one resource
    type; `any_media` means that the interaction itself judges `Accept`.
    """

    method: str
    path: str
    code: str
    answer: Callable[[Call], Answer]
    place: Place
    only: str = ""
    any_media: bool = False


class Found(NamedTuple):
    """A route, and what stands in the address where the route has braces."""

    route: Route
    type: str
    id: str
    version: str


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
        """Arrange `routes`; one kept to a type wins over the general one."""
        routes = tuple(routes)
        special = {route.only for route in routes if route.only}
        self._by_shape: dict[Shape, dict[str, Route]] = {}
        for route in sorted(routes, key=lambda route: bool(route.only)):
            for only in {route.only} if route.only else {"", *special}:
                self._by_shape.setdefault(_shape(route.path, only), {})[route.method] = route
        self._names = {route.path: _names(route.path) for route in routes}
        self._literals = frozenset(
            part for shape in self._by_shape for part in shape if part is not None
        )

    def find(self, method: str, path: str) -> Found:
        """Return the route; raises `NotFound` or `NotOffered`. HEAD finds what GET does."""
        segments = path.strip("/").split("/")
        literals = self._literals
        methods = self._by_shape.get(tuple([s if s in literals else None for s in segments]))
        if methods is None:
            message = "There is nothing at this address."
            raise NotFound(message)
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise NotOffered(method, _allowed(methods))
        given = dict(zip(self._names[route.path], segments, strict=True))
        return Found(route, given.get("type", ""), given.get("id", ""), given.get("vid", ""))


def _shape(path: str, only: str) -> Shape:
    parts = path.replace("{type}", only or "{type}").strip("/").split("/")
    return tuple(None if part.startswith("{") else part for part in parts)


def _names(path: str) -> tuple[str, ...]:
    parts = path.strip("/").split("/")
    return tuple(part.strip("{}") if part.startswith("{") else "" for part in parts)


def _allowed(methods: Mapping[str, Route]) -> set[str]:
    return {*methods, "HEAD"} if "GET" in methods else set(methods)
