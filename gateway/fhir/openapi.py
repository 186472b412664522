"""An OpenAPI 3.1 description made of the tables (https://spec.openapis.org/oas/v3.1.0).

What repeats is written once under `components` and referred to: there are some thousands of
operations on 146 resource types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.openapi_schemas import schemas
from gateway.fhir.search.parameters import SearchParameter, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.parameters import Input

    Json = dict[str, Any]

_MEDIA: Final = ("application/fhir+json", "application/fhir+xml")
_IN_PATH: Final = re.compile(r"\{(\w+)\}")
_SEARCHES: Final = ("search-type", "search-system")
# https://hl7.org/fhir/R4/search.html#return
_RESULT: Final = (
    "_sort",
    "_count",
    "_include",
    "_revinclude",
    "_summary",
    "_total",
    "_elements",
    "_has",
    "_list",
    "_filter",
)
_PATCHES: Final = ("application/json-patch+json", *_MEDIA)
_SUMMARIES: Final = {
    "read": "Read the current version",
    "vread": "Read one version",
    "update": "Update, or create under this id",
    "patch": "Patch",
    "delete": "Delete",
    "history-instance": "Versions of one resource",
    "history-type": "Versions of all resources of this type",
    "history-system": "Versions of all resources",
    "create": "Create",
    "search-type": "Search",
    "search-system": "Search several types",
    "capabilities": "CapabilityStatement",
    "transaction": "Transaction or batch",
    "batch": "Transaction or batch",
    "health": "Health",
    "metrics": "Metrics for Prometheus",
    "openapi": "This description",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One method at one address: `path` has the type written out, "" for `type` is none.

    `code` is that of the route, `inputs` what an operation takes; `plain` means that the answer is
    not FHIR.
    """

    method: str
    path: str
    code: str
    type: str = ""
    inputs: tuple[Input, ...] = ()
    plain: bool = False


def openapi(actions: Iterable[Action], types: Sequence[str], *, server: str, version: str) -> Json:
    """Return the description of `actions`; `types` are those whose elements are described."""
    paths: dict[str, Json] = {}
    searched: dict[str, Json] = {}
    for action in actions:
        at = paths.setdefault(action.path, _place(action.path))
        at[action.method.lower()] = _operation(action, searched)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Passerelle",
            "version": version,
            "description": "The FHIR R4 door of the gateway, as its tables have it.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": schemas(types),
            "parameters": _shared() | searched,
            "responses": _responses(),
            "requestBodies": _bodies(types),
        },
    }


def _place(path: str) -> Json:
    names = _IN_PATH.findall(path)
    return {"parameters": [_ref("parameters", name) for name in names]} if names else {}


def _operation(action: Action, searched: dict[str, Json]) -> Json:
    told: Json = {
        "operationId": _identity(action),
        "summary": _SUMMARIES.get(action.code, f"Operation {action.code}"),
        "tags": [action.type or "system"],
        "responses": _answers(action),
    }
    given = _parameters(action, searched)
    if given:
        told["parameters"] = given
    body = _body(action)
    if body:
        told["requestBody"] = body
    return told


def _identity(action: Action) -> str:
    path = action.path.replace("$", "operation-").replace("*", "any")
    words = re.findall(r"[A-Za-z0-9-]+", path)
    return "_".join([action.method.lower(), *words])


def _answers(action: Action) -> dict[str, Json]:
    if action.plain:
        return {"200": _ref("responses", "Plain"), "503": _ref("responses", "Plain")}
    found = {"200": _ref("responses", "Resource"), "default": _ref("responses", "Refusal")}
    if action.code in ("create", "update", "patch"):
        found["201"] = _ref("responses", "Created")
    if action.code in ("delete", "update", "patch", "create"):
        found["204"] = {"description": "Done."}
    if action.code in ("read", "vread"):
        found["304"] = {"description": "The caller has it already."}
    return found


def _parameters(action: Action, searched: dict[str, Json]) -> list[Json]:
    if action.plain:
        return []
    if action.inputs:
        return [_input(one) for one in action.inputs if _is_simple(one)] if _asks(action) else []
    found = [_ref("parameters", name) for name in _always(action)]
    if action.code in _SEARCHES and action.method == "GET" and "{id}" not in action.path:
        rows = parameters(action.type or "Resource")
        found += [_search_parameter(row, searched) for row in rows]
    return found


def _asks(action: Action) -> bool:
    return action.method == "GET"


def _always(action: Action) -> tuple[str, ...]:
    if action.code in _SEARCHES:
        own = _RESULT if action.type else (*_RESULT, "_type")
        return ("_format", *own) if action.method == "GET" else ("_format",)
    if action.code in ("update", "delete", "patch"):
        return ("_format", "If-Match", *(("Prefer",) if action.code != "delete" else ()))
    if action.code == "create":
        return ("_format", "If-None-Exist", "Prefer")
    if action.code in ("read", "vread"):
        return ("_format", "_summary", "_elements", "If-None-Match", "If-Modified-Since")
    if action.code.startswith("history"):
        return ("_format", "_count")
    return ("_format", "mode") if action.code == "capabilities" else ("_format",)


def _search_parameter(row: SearchParameter, searched: dict[str, Json]) -> Json:
    # Parameters of one name and kind are told once, whatever type they are of.
    name = f"search-{row.code}-{row.kind}"
    if name not in searched:
        searched[name] = {
            "name": row.code,
            "in": "query",
            "description": row.definition,
            "schema": _ref("schemas", f"search-{row.kind}"),
        }
    return _ref("parameters", name)


def _is_simple(one: Input) -> bool:
    return not one.parts and one.type[:1].islower()


def _input(one: Input) -> Json:
    kind = {"boolean": "boolean", "integer": "integer", "positiveInt": "integer"}
    schema: Json = {"type": kind.get(one.type, "string")}
    if one.high != 1:
        schema = {"type": "array", "items": schema}
    return {"name": one.name, "in": "query", "required": one.low > 0, "schema": schema}


def _body(action: Action) -> Json | None:
    if action.method not in ("POST", "PUT", "PATCH"):
        return None
    if action.path.endswith("_search"):
        return _ref("requestBodies", "Form")
    if action.code.startswith("$"):
        return _ref("requestBodies", "Parameters-in")
    if action.code == "patch":
        return _ref("requestBodies", "Patch")
    return _ref("requestBodies", action.type or "Bundle-in")


def _bodies(types: Sequence[str]) -> dict[str, Json]:
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    patch = {"schema": {"type": ["array", "object"]}}
    bodies: dict[str, Json] = {name: _body_of(name, required=True) for name in types}
    bodies |= {
        "Form": {"content": form},
        "Parameters-in": _body_of("Parameters", required=False),
        "Bundle-in": _body_of("Bundle", required=True),
        "Patch": {"content": dict.fromkeys(_PATCHES, patch), "required": True},
    }
    return bodies


def _body_of(name: str, *, required: bool) -> Json:
    schema = _ref("schemas", name if name not in ("Parameters", "Bundle") else "Resource")
    return {"content": _fhir(schema), "required": required}


def _fhir(schema: Json) -> Json:
    # XML has its own schemas: only JSON is described.
    return {_MEDIA[0]: {"schema": schema}, _MEDIA[1]: {"schema": {"type": "string"}}}


def _responses() -> dict[str, Json]:
    resource = _fhir(_ref("schemas", "Resource"))
    location = {"Location": {"schema": {"type": "string"}}}
    return {
        "Resource": {"description": "A resource.", "content": resource},
        "Created": {"description": "Created.", "content": resource, "headers": location},
        "Refusal": {"description": "An OperationOutcome says what is wrong.", "content": resource},
        "Plain": {"description": "The state of the gateway.", "content": {"*/*": {"schema": True}}},
    }


def _shared() -> dict[str, Json]:
    path = {
        name: {"name": name, "in": "path", "required": True, "schema": _ref("schemas", kind)}
        for name, kind in (("id", "id"), ("vid", "version"), ("member", "type"))
    }
    text = {"type": "string"}
    query: dict[str, Json] = {
        name: {"name": name, "in": "query", "schema": text}
        for name in (*_RESULT, "_type", "_format", "mode")
    }
    query["_count"] = {**query["_count"], "schema": {"type": "integer", "minimum": 0}}
    names = ("If-Match", "If-None-Match", "If-Modified-Since", "If-None-Exist", "Prefer")
    headers = {name: {"name": name, "in": "header", "schema": text} for name in names}
    return path | query | headers


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}
