"""The OpenAPI description of the HTTP door: all of it, or of the types that are asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.openapi import Action, openapi
from gateway.fhir.search.compartments import compartments
from gateway.fhir.search.parameters import installation
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.rest.call import Call
    from gateway.rest.dispatch import Route

_PLAIN: Final = frozenset({"health", "metrics", "openapi"})
# Searches below an instance are those of a compartment.
_COMPARTMENT: Final = "/fhir/{type}/{id}/"


def openapi_of(routes: Sequence[Route]) -> Callable[[Call], Answer]:
    """Return the interaction that describes `routes`; what it answers last is kept."""

    @lru_cache(maxsize=4)
    def description(types: tuple[str, ...], server: str, version: str, _installation: int) -> bytes:
        return dumps(openapi(actions(routes, types), types, server=server, version=version))

    def described(call: Call) -> Answer:
        """Answer the description; `?type=Patient,Observation` makes it small."""
        server = call.ports.settings.fhir_url.removesuffix("/fhir")
        types = _types(dict(call.parameters).get("type", ""))
        body = description(types, server, call.ports.version, installation())
        return Answer(200, body, media=b"application/json")

    return described


def actions(routes: Sequence[Route], types: Sequence[str]) -> Iterator[Action]:
    """Give every route, those for resource types once for each of `types`."""
    for row in routes:
        for name in types if "{type}" in row.path else ("",):
            if row.serves(name) and _is_offered(row, name):
                path = row.path.replace("{type}", name)
                plain = row.code in _PLAIN
                yield Action(row.method, path, row.code, name, row.inputs, plain=plain)


def _is_offered(row: Route, name: str) -> bool:
    below = row.code == "search-type" and row.path.startswith(_COMPARTMENT)
    return not below or name in compartments()


def _types(asked: str) -> tuple[str, ...]:
    names = sorted({name.strip() for name in asked.split(",")} - {""})
    for name in names:
        if name not in resource_types():
            message = f"{name[:64]} is not a resource type of FHIR R4."
            raise Unsupported(message, expression="type")
    return tuple(names or sorted(resource_types()))
