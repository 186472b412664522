"""fhir-kit-client (npm) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import node_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_fhir_kit_client_does_with_the_gateway_what_its_users_do(
    gateway: GatewayProcess,
) -> None:
    assert node_story("kit_story", gateway) == {
        "capabilities": ["4.0.1", "server"],
        "read": "KERVELLA",
        "update": "2",
        "stale": [412, "conflict"],
        "patch": ["3", "other"],
        "vread": None,
        "conditional update": [["UN", "1"], ["DEUX", "2"]],
        "If-None-Exist": 1,
        "transaction": " ".join(["201"] * 11),
        "batch": "200 404",
        "paging": ["9876", "5432", "1"],
        "chain": 9,
        "_has": 1,
        "_include": ["Patient include", "ServiceRequest include", "Task match"],
        "compartment": 3,
        "_search": 1,
        "resolve": True,
        "history": ["3", "2", "1"],
        "type history": "history",
        "system history": "history",
        # Task is not in the patient's compartment of R4.
        "$everything": ["Observation", "Patient", "ServiceRequest"],
        "$validate": "code-invalid",
        "deleted": [410, "deleted"],
        "referred": [409, "conflict"],
        "unknown": [400, "not-supported"],
    }
