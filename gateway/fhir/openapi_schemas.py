"""JSON Schemas of resource types and datatypes for OpenAPI, from the compiled definitions.

They tell names, types and cardinalities; `$validate` judges the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.parameters import Kind
from gateway.fhir.validation.shapes import Field, shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    Json = dict[str, Any]

_SCHEMA: Final = "#/components/schemas/"
_NUMBERS: Final = {"decimal": "number", "integer": "integer", "boolean": "boolean"}
_COUNTS: Final = {"positiveInt": 1, "unsignedInt": 0}


def schemas(types: Iterable[str]) -> dict[str, Json]:
    """Return the schema of every type in `types` and of all that they are made of."""
    found: dict[str, Json] = _shared()
    waiting = sorted(types)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        fields = shape(name).fields.values()
        found[name] = _object(name, fields)
        waiting += sorted({one.type for one in fields if one.check is None} - {"Resource"})
    return found


def _object(name: str, fields: Iterable[Field]) -> Json:
    fields = tuple(fields)
    properties: dict[str, Json] = {one.name: _field(one) for one in fields}
    required = [one.name for one in fields if one.low and not one.choice]
    if name in resource_types():
        properties["resourceType"] = {"const": name}
        required.insert(0, "resourceType")
    told: Json = {"type": "object", "properties": properties}
    return told | ({"required": required} if required else {})


def _field(one: Field) -> Json:
    schema = {"$ref": f"{_SCHEMA}{one.type}"} if one.check is None else _primitive(one.type)
    if not one.many:
        return schema
    return {"type": "array", "items": schema}


def _primitive(name: str) -> Json:
    if name in _COUNTS:
        return {"type": "integer", "minimum": _COUNTS[name]}
    return {"type": _NUMBERS.get(name, "string")}


def _shared() -> dict[str, Json]:
    listed = {"type": "array", "items": {"type": "string"}}
    return {
        "Resource": {
            "type": "object",
            "required": ["resourceType"],
            "properties": {"resourceType": {"type": "string"}},
        },
        "id": {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"},
        "version": {"type": "string", "pattern": "^[0-9]{1,9}$"},
        "type": {"type": "string", "enum": sorted(resource_types())},
        **{f"search-{kind}": listed for kind in Kind},
    }
