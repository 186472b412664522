"""What the CapabilityStatement declares is there, and what it does not declare is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from gateway.app.built_in import install_operations
from gateway.fhir.operation_definition import canonical_of
from gateway.fhir.search.parameters import Kind, parameter
from gateway.rest.routes import ROUTES
from tests.minimal_resources import minimal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from gateway.fhir.search.parameters import SearchParameter
    from tests.unit.rest.conftest import Caller

    Request = tuple[str, str, dict[str, Any]]
    # Type -> id of an instance.
    Instances = dict[str, str]

_AT_ONCE: Final = 100
_JSON_PATCH: Final = {
    "content": b'[{"op": "add", "path": "/language", "value": "fr"}]',
    "headers": {"content-type": "application/json-patch+json"},
}
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_VALUES: Final = {
    Kind.TOKEN: "x",
    Kind.STRING: "x",
    Kind.DATE: "2024",
    Kind.URI: "http://example.org/x",
    Kind.NUMBER: "1",
    Kind.QUANTITY: "1",
    Kind.SPECIAL: "x",
}
# The parameters that are declared for every type at once.
_EVERYWHERE: Final = {
    "_filter": "Patient?_filter=_id eq x",
    "_has": "Patient?_has:Observation:patient:_id=x",
    "_list": "Patient?_list=x",
    "_type": "?_type=Patient",
}
# What an operation is given so that there is something to answer.
_BODIES: Final[dict[str, dict[str, Any]]] = {
    "$match": {"resourceType": "Patient", "name": [{"family": "x"}]},
    "$meta-add": {
        "resourceType": "Parameters",
        "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}],
    },
}
_BODIES["$meta-delete"] = _BODIES["$meta-add"]


def _statement(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = caller.ask("GET", "/fhir/metadata").json()["rest"][0]
    return found


def _answers(caller: Caller, requests: list[Request]) -> Iterator[tuple[Request, httpx.Response]]:
    for start in range(0, len(requests), _AT_ONCE):
        some = requests[start : start + _AT_ONCE]
        yield from zip(some, caller.ask_all(some), strict=True)


def _all(caller: Caller, requests: list[Request], *statuses: int) -> list[httpx.Response]:
    """Send requests; every answer has one of the statuses."""
    answered = list(_answers(caller, requests))
    wrong = [
        (method, path, answer.status_code, answer.text[:300])
        for (method, path, _), answer in answered
        if answer.status_code not in statuses
    ]
    assert wrong == []
    return [answer for _, answer in answered]


def _create_each(caller: Caller, types: list[str]) -> Instances:
    requests: list[Request] = [("POST", f"/fhir/{name}", {"json": minimal(name)}) for name in types]
    return {
        answer.json()["resourceType"]: answer.json()["id"] for answer in _all(caller, requests, 201)
    }


def _interaction(code: str, name: str, identity: str) -> Request:
    """Return a request that the interaction answers for an instance."""
    of_type, instance = f"/fhir/{name}", f"/fhir/{name}/{identity}"
    requests: dict[str, Request] = {
        "read": ("GET", instance, {}),
        "vread": ("GET", f"{instance}/_history/1", {}),
        "update": ("PUT", instance, {"json": {**minimal(name), "id": identity}}),
        "patch": ("PATCH", instance, dict(_JSON_PATCH)),
        "history-instance": ("GET", f"{instance}/_history", {}),
        "history-type": ("GET", f"{of_type}/_history", {}),
        "create": ("POST", of_type, {"json": minimal(name)}),
        "search-type": ("GET", of_type, {}),
        "delete": ("DELETE", instance, {}),
    }
    return requests[code]


def test_every_interaction_that_is_declared_is_answered(caller: Caller) -> None:
    declared = {
        row["type"]: [one["code"] for one in row["interaction"]]
        for row in _statement(caller)["resource"]
    }
    instances = _create_each(caller, sorted(declared))
    codes = sorted({code for listed in declared.values() for code in listed})
    # What deletes comes last.
    for code in sorted(codes, key=lambda code: code == "delete"):
        requests = [
            _interaction(code, name, instances[name])
            for name, listed in declared.items()
            if code in listed
        ]
        _all(caller, requests, *((201,) if code == "create" else (200, 204)))


def test_every_condition_that_is_declared_is_honoured(caller: Caller) -> None:
    rows = {row["type"]: row for row in _statement(caller)["resource"]}
    instances = _create_each(caller, sorted(rows))
    found = {
        name: (f"/fhir/{name}", f"_id={identity}", {**minimal(name), "id": identity})
        for name, identity in instances.items()
    }
    _all(
        caller,
        [
            ("GET", f"{path}/{instances[name]}", {"headers": {"if-none-match": 'W/"1"'}})
            for name, (path, _, _) in found.items()
            if rows[name]["conditionalRead"] == "full-support"
        ],
        304,
    )
    _all(
        caller,
        [
            ("POST", path, {"json": body, "headers": {"if-none-exist": query}})
            for name, (path, query, body) in found.items()
            if rows[name]["conditionalCreate"]
        ],
        200,
    )
    _all(
        caller,
        [
            ("PUT", f"{path}?{query}", {"json": body})
            for name, (path, query, body) in found.items()
            if rows[name]["conditionalUpdate"]
        ],
        200,
    )
    _all(
        caller,
        [
            ("PUT", f"{path}/new", {"json": {**body, "id": "new"}})
            for name, (path, _, body) in found.items()
            if rows[name]["updateCreate"]
        ],
        201,
    )
    _all(
        caller,
        [
            ("DELETE", f"{path}?{query}", {})
            for name, (path, query, _) in found.items()
            if rows[name]["conditionalDelete"] == "multiple"
        ],
        200,
        204,
    )


def _value(one: SearchParameter) -> str:
    if one.kind is Kind.COMPOSITE:
        return "$".join(_value(part) for part in one.components)
    if one.kind is Kind.REFERENCE:
        return f"{one.targets[0] if one.targets else 'Patient'}/x"
    return "48.8|2.3|10|km" if one.code == "near" else _VALUES[one.kind]


def test_every_search_parameter_that_is_declared_is_searched_by(caller: Caller) -> None:
    requests: list[Request] = []
    for row in _statement(caller)["resource"]:
        for told in row["searchParam"]:
            one = parameter(row["type"], told["name"])
            assert one is not None
            assert (told["type"], told["definition"]) == (str(one.kind), one.definition)
            query = {one.code: _value(one)}
            requests.append(("GET", f"/fhir/{row['type']}", {"params": query}))
    _all(caller, requests, 200)


def test_what_is_declared_for_every_type_is_searched_by(caller: Caller) -> None:
    declared = {one["name"] for one in _statement(caller)["searchParam"]}
    assert declared == set(_EVERYWHERE)
    caller.ask("PUT", "/fhir/List/x", json={**minimal("List"), "id": "x"})
    _all(caller, [("GET", f"/fhir/{_EVERYWHERE[name]}", {}) for name in declared], 200)


@pytest.mark.parametrize(
    ("element", "name"), [("searchInclude", "_include"), ("searchRevInclude", "_revinclude")]
)
def test_every_include_that_is_declared_is_taken(caller: Caller, element: str, name: str) -> None:
    requests: list[Request] = []
    asked = set[str]()
    for row in _statement(caller)["resource"]:
        # What may refer to several types is declared for each: once is enough.
        values = [value for value in row.get(element, []) if value not in asked]
        asked |= set(values)
        for start in range(0, len(values), 50):
            pairs = {name: values[start : start + 50]}
            requests.append(("GET", f"/fhir/{row['type']}", {"params": pairs}))
    _all(caller, requests, 200)


def test_every_operation_that_is_declared_is_answered(caller: Caller) -> None:
    statement = _statement(caller)
    types = [row["type"] for row in statement["resource"]]
    instances = _create_each(caller, types)
    declared = {
        (row["type"], f"${one['name']}", one["definition"])
        for row in statement["resource"]
        for one in row["operation"]
    } | {("", f"${one['name']}", one["definition"]) for one in statement["operation"]}
    served = set()
    requests: list[Request] = []
    for route in ROUTES:
        if not route.operation:
            continue
        for name in types if "{type}" in route.path else [""]:
            if route.serves(name):
                served.add((name, route.code, canonical_of(route.operation)))
                path = route.path.replace("{type}", name).replace("{vid}", "1")
                path = path.replace("{id}", instances.get(name, ""))
                body = _BODIES.get(route.code) if route.method == "POST" else None
                requests.append((route.method, path, {"json": body} if body else {}))
    assert served == declared
    _all(caller, requests, 200, 400, 422)


def test_the_definition_of_every_operation_is_here_and_says_where_it_is(caller: Caller) -> None:
    assert install_operations(caller.ports.store) > 0
    assert install_operations(caller.ports.store) == 0
    statement = _statement(caller)
    declared: dict[str, set[tuple[str, str]]] = {}
    for row in (*statement["resource"], statement):
        for one in row["operation"]:
            at = declared.setdefault(one["definition"], set())
            at.add((one["name"], row.get("type", "")))
    for url, offered in declared.items():
        (found,) = caller.ask("GET", "/fhir/OperationDefinition", params={"url": url}).json()[
            "entry"
        ]
        told = found["resource"]
        types = {name for _, name in offered if name}
        assert {name for name, _ in offered} == {told["code"]}
        assert set(told["resource"]) in (types, {"Resource"})
        assert told["system"] is ("" in {name for _, name in offered})
        outcome = caller.ask("POST", "/fhir/OperationDefinition/$validate", json=told).json()
        # No narrative: dom-6 only warns.
        assert [one["diagnostics"] for one in outcome["issue"] if "dom-6" not in str(one)] == []


def test_what_an_operation_takes_is_in_its_definition(caller: Caller) -> None:
    install_operations(caller.ports.store)
    held = {}
    for route in ROUTES:
        if route.operation:
            url = canonical_of(route.operation)
            found = caller.ask("GET", "/fhir/OperationDefinition", params={"url": url}).json()
            told = held[url] = found["entry"][0]["resource"]
            names = {one["name"] for one in told["parameter"] if one["use"] == "in"}
            assert names >= {one.name for one in route.inputs}
            assert told["type"] or told["instance"] or told["system"]
    (grants,) = [one for one in held.values() if one["code"] == "grants"]
    assert grants["affectsState"] is True
    everything = held[f"{canonical_of('x/Patient-everything')}"]
    assert everything["base"] == "http://hl7.org/fhir/OperationDefinition/Patient-everything"


def test_what_is_declared_of_the_whole_system_is_answered(caller: Caller) -> None:
    statement = _statement(caller)
    declared = {one["code"] for one in statement["interaction"]}
    assert declared == {"transaction", "batch", "search-system", "history-system"}
    bundles: list[Request] = [
        ("POST", "/fhir", {"json": {"resourceType": "Bundle", "type": kind}})
        for kind in ("transaction", "batch")
    ]
    _all(caller, [*bundles, ("GET", "/fhir/_history", {}), ("GET", "/fhir?_id=x", {})], 200)
    names = [one.rpartition("/")[2] for one in statement["compartment"]]
    assert names == ["device", "encounter", "patient", "practitioner", "relatedperson"]


def test_what_is_not_declared_is_not_there(caller: Caller) -> None:
    rows = _statement(caller)["resource"]
    offered = {
        "GET": {"search-type"},
        "POST": {"create"},
        "PUT": {"update"},
        "PATCH": {"patch"},
        "DELETE": {"delete"},
    }
    requests: list[Request] = [
        (method, f"/fhir/{row['type']}", {})
        for row in rows
        for method, codes in offered.items()
        if not codes & {one["code"] for one in row["interaction"]}
    ]
    for row in rows:
        own = {f"${one['name']}" for one in row["operation"]}
        every = {route.code for route in ROUTES if route.operation}
        requests += [("POST", f"/fhir/{row['type']}/{name}", {}) for name in sorted(every - own)]
        requests.append(("POST", f"/fhir/{row['type']}/x", {}))
        requests.append(("PUT", f"/fhir/{row['type']}/x/_history/1", {}))
    requests += [
        ("GET", "/fhir/Nothing", {}),
        ("GET", "/fhir/$nothing", {}),
        ("PATCH", "/fhir", {}),
        ("DELETE", "/fhir", {}),
        ("POST", "/fhir/metadata", {}),
    ]
    _all(caller, requests, 404, 405)


def test_a_parameter_that_is_not_declared_is_refused(caller: Caller) -> None:
    types = [row["type"] for row in _statement(caller)["resource"]]
    _all(caller, [("GET", f"/fhir/{name}?not-declared=x", {}) for name in types], 400)
