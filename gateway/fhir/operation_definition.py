"""OperationDefinitions, made of the table (https://hl7.org/fhir/R4/operationdefinition.html).

A server that does not serve every parameter and level of a published operation has to define its
own one, with the published one as its base:
https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.operation.definition
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.parameters import Input
    from gateway.fhir.wire import Resource

#: Where the definitions of the gateway's operations are.
OWN: Final = "https://passerelle.example/fhir/OperationDefinition"


@dataclass(frozen=True, slots=True)
class Served:
    """An operation and where it is served; `follows` is the canonical URL that it was written to.

    `levels` are of `system`, `type` and `instance`; `types` empty means every type.
    """

    name: str
    follows: str
    says: str
    levels: frozenset[str]
    types: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Input, ...]
    affects: bool


def canonical_of(follows: str) -> str:
    """Return the URL of the gateway's own definition of an operation."""
    return f"{OWN}/{_name(follows)}"


def operation_definition(served: Served, *, version: str, date: str) -> Resource:
    """Return the definition; `date` is a dateTime, when the software was made."""
    name = _name(served.follows)
    own = canonical_of(served.follows)
    told: Resource = {
        "resourceType": "OperationDefinition",
        # Apart from the ids that packages bring.
        "id": f"passerelle-{name}"[:64],
        "url": own,
        "version": version,
        "name": "".join(part.title() for part in re.split(r"\W", name)),
        "title": f"{served.name} of {' and '.join(served.types) or 'any resource'}",
        "status": "active",
        "kind": "operation",
        "date": date,
        "publisher": "The Passerelle authors",
        "description": served.says,
        "affectsState": served.affects,
        "code": served.name.removeprefix("$"),
        "resource": list(served.types or ("Resource",)),
    }
    told |= {level: level in served.levels for level in ("system", "type", "instance")}
    if served.follows != own:
        told["base"] = served.follows
    rows = [*_rows(served.inputs, "in"), *_rows(served.outputs, "out")]
    return told | ({"parameter": rows} if rows else {})


def _rows(given: Sequence[Input], use: str) -> list[dict[str, Any]]:
    return [_row(one, use) for one in given]


def _row(one: Input, use: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.name,
        "use": use,
        "min": one.low,
        "max": str(one.high or "*"),
    }
    return told | ({"part": _rows(one.parts, use)} if one.parts else {"type": one.type})


def _name(canonical: str) -> str:
    return canonical.rpartition("/")[2]
