"""What the door's operations are, as resources that any client finds by their URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.operation_definition import Served, operation_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.fhir.wire import Resource
    from gateway.rest.dispatch import Route

# What the address of an operation has in front of its name.
_LEVELS: Final = {"/fhir": "system", "/fhir/{type}": "type", "/fhir/{type}/{id}": "instance"}


def operation_definitions(routes: Sequence[Route], *, version: str, date: str) -> list[Resource]:
    """Return the definition of each operation among `routes`."""
    rows: dict[str, list[Route]] = {}
    for route in routes:
        if route.operation:
            rows.setdefault(route.operation, []).append(route)
    return [
        operation_definition(_served(follows, some), version=version, date=date)
        for follows, some in rows.items()
    ]


def _served(follows: str, rows: Sequence[Route]) -> Served:
    first = rows[0]
    return Served(
        name=first.code,
        follows=follows,
        says=first.says,
        levels=frozenset(_levels(rows)),
        types=tuple(sorted(first.types)),
        inputs=tuple(dict.fromkeys(one for row in rows for one in row.inputs)),
        outputs=first.outputs,
        affects=first.affects,
    )


def _levels(rows: Sequence[Route]) -> Iterator[str]:
    for row in rows:
        level = _LEVELS.get(row.path.rpartition("/")[0])
        if level:
            yield level
