from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.rest.routes import ROUTES

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_the_statement_tells_what_the_table_offers(caller: Caller) -> None:
    answer = caller.ask("GET", "/fhir/metadata")
    statement = answer.json()
    rest = statement["rest"][0]
    offered = {row["type"]: row for row in rest["resource"]}
    assert answer.status_code == 200
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert statement["implementation"]["url"] == caller.ports.settings.fhir_url
    assert {one["code"] for one in rest["interaction"]} == {"history-system"}
    assert {one["code"] for one in offered["Patient"]["interaction"]} == {
        "read",
        "vread",
        "update",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    }
    assert offered["Patient"]["conditionalCreate"] is True
    assert offered["Binary"]["interaction"] == offered["Patient"]["interaction"]


def test_everything_declared_is_answered(caller: Caller, patient: dict[str, Any]) -> None:
    created = caller.create(patient)
    given = {"{type}": "Patient", "{id}": created["id"], "{vid}": "1"}
    for row in ROUTES:
        path = row.path
        for name, value in given.items():
            path = path.replace(name, value)
        said = {"json": created} if row.method in ("POST", "PUT") else {}
        if path.endswith("_search"):
            said = {}
        if row.method != "DELETE" and not row.only:
            assert caller.ask(row.method, path, **said).status_code in (200, 201), row
