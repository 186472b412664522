"""capabilities: https://hl7.org/fhir/R4/http.html#capabilities."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.fhir.capability import Served, capability_statement
from gateway.fhir.definitions import resource_types
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.rest.call import Call
    from gateway.rest.dispatch import Route

# When what the statement says last changed.
_DATE: Final = "2026-11-22"
_SYSTEM: Final = "/fhir/{type}"
# What else can be said of a resource type on which an interaction is offered.
_FLAGS: Final[dict[str, dict[str, object]]] = {
    "read": {"conditionalRead": "full-support"},
    "vread": {"versioning": "versioned", "readHistory": True},
    "update": {"updateCreate": True, "conditionalUpdate": False},
    "create": {"conditionalCreate": True},
    "delete": {"conditionalDelete": "not-supported"},
}


def capabilities_of(routes: Sequence[Route]) -> Callable[[Call], Answer]:
    """Return the interaction that tells of `routes`; its answer is made once."""
    system = tuple(dict.fromkeys(row.code for row in routes if _SYSTEM not in row.path))

    @lru_cache(maxsize=1)
    def statement(base_url: str, version: str) -> bytes:
        told = capability_statement(
            served(routes, resource_types()),
            base_url=base_url,
            version=version,
            date=_DATE,
            formats=("json", "application/fhir+json"),
            system_interactions=system,
        )
        return dumps(told)

    def capabilities(call: Call) -> Answer:
        """Answer the statement."""
        return Answer(200, statement(call.ports.settings.fhir_url, call.ports.version))

    return capabilities


def served(routes: Sequence[Route], types: frozenset[str]) -> list[Served]:
    """Return what `routes` offer on each type."""
    return [_served(routes, name) for name in sorted(types)]


def _served(routes: Sequence[Route], name: str) -> Served:
    offered = tuple(
        dict.fromkeys(row.code for row in routes if _SYSTEM in row.path and row.only in ("", name))
    )
    flags = {key: value for code in offered for key, value in _FLAGS.get(code, {}).items()}
    return Served(name, offered, flags)
