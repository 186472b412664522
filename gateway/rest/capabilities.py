"""capabilities: https://hl7.org/fhir/R4/http.html#capabilities."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.errors import Malformed
from gateway.fhir.capability import (
    NORMATIVE,
    Offer,
    Served,
    capability_statement,
    terminology_capabilities,
)
from gateway.fhir.definitions import resource_types
from gateway.fhir.operation_definition import canonical_of
from gateway.fhir.search.compartments import compartments
from gateway.fhir.search.parameters import installation
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.rest.call import Call
    from gateway.rest.dispatch import Route
    from gateway.store.profiles import ByType

#: When what the statement says last changed.
DATE: Final = "2026-11-30"
_SYSTEM: Final = "/fhir"
_TYPE: Final = "/fhir/{type}"
_INSTANCE: Final = "/fhir/{type}/{id}"
_MEMBERS: Final = "/fhir/{type}/{id}/{member}"
_FORMATS: Final = ("json", "xml", "application/fhir+json", "application/fhir+xml")
_PATCH_FORMATS: Final = (
    "application/json-patch+json",
    "application/fhir+json",
    "application/fhir+xml",
)
_MODES: Final = ("full", "normative", "terminology")
# What else can be said of a resource type on which there is a method at an address.
_FLAGS: Final[dict[tuple[str, str], dict[str, object]]] = {
    ("GET", _INSTANCE): {"conditionalRead": "full-support"},
    ("GET", f"{_INSTANCE}/_history/{{vid}}"): {"versioning": "versioned", "readHistory": True},
    ("PUT", _INSTANCE): {"updateCreate": True, "referencePolicy": ["literal", "enforced"]},
    ("PUT", _TYPE): {"conditionalUpdate": True},
    ("POST", _TYPE): {"conditionalCreate": True},
    ("DELETE", _TYPE): {"conditionalDelete": "multiple"},
}
# What is not offered is said to be so.
_NOT_OFFERED: Final[dict[str, object]] = {
    "conditionalUpdate": False,
    "conditionalDelete": "not-supported",
}


def capabilities_of(routes: Sequence[Route]) -> Callable[[Call], Answer]:
    """Return the interaction that tells of `routes`.

    Each of its answers is made once, and again when search parameters or profiles are installed.
    """

    @lru_cache(maxsize=2 * len(_MODES))
    def statement(
        mode: str, base_url: str, version: str, profiles: ByType, _installation: int
    ) -> bytes:
        if mode == "terminology":
            told = terminology_capabilities(base_url=base_url, version=version, date=DATE)
        else:
            types = NORMATIVE if mode == "normative" else resource_types()
            rows = served(routes, types, dict(profiles))
            told = capability_statement(
                rows, offer(routes), base_url=base_url, version=version, date=DATE
            )
        return dumps(told)

    def capabilities(call: Call) -> Answer:
        """Answer the statement; raises `Malformed` for a mode that is none."""
        mode = dict(call.parameters).get("mode", "full")
        if mode not in _MODES:
            message = f"mode is one of {', '.join(_MODES)}."
            raise Malformed(message, expression="mode")
        ports = call.ports
        told = statement(
            mode, ports.settings.fhir_url, ports.version, ports.profiles(), installation()
        )
        return Answer(200, told)

    return capabilities


def offer(routes: Sequence[Route]) -> Offer:
    """Return what `routes` offer beside the single types."""
    whole = [row for row in routes if _TYPE not in row.path]
    codes = [row.code for row in whole if not row.operation]
    if any((row.method, row.path) == ("POST", _SYSTEM) for row in whole):
        # One address takes both, as the bundle says.
        codes += ["transaction", "batch"]
    return Offer(
        formats=_FORMATS,
        patch_formats=_PATCH_FORMATS if any(row.method == "PATCH" for row in routes) else (),
        interactions=tuple(dict.fromkeys(codes)),
        operations=_operations(whole),
        compartments=compartments() if any(row.path == _MEMBERS for row in routes) else (),
    )


def served(
    routes: Sequence[Route], types: frozenset[str], profiles: Mapping[str, tuple[str, ...]]
) -> list[Served]:
    """Return what `routes` offer on each type, and its profiles."""
    typed = [row for row in routes if _TYPE in row.path]
    return [
        _served([row for row in typed if row.serves(name)], name, profiles.get(name, ()))
        for name in sorted(types)
    ]


def _served(offered: Sequence[Route], name: str, profiles: tuple[str, ...]) -> Served:
    flags: dict[str, object] = {}
    for row in offered:
        flags |= _FLAGS.get((row.method, row.path), {})
    codes = tuple(dict.fromkeys(row.code for row in offered if not row.operation))
    return Served(name, codes, _NOT_OFFERED | flags, _operations(offered), profiles)


def _operations(routes: Sequence[Route]) -> tuple[tuple[str, str], ...]:
    """Return (name, definition) of the operations among `routes`, each once."""
    found = {
        (row.code.removeprefix("$"), canonical_of(row.operation)): None
        for row in routes
        if row.operation
    }
    return tuple(sorted(found))
