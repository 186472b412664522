"""fhirclient (npm, SMART on FHIR) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import node_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_the_smart_client_does_with_the_gateway_what_its_users_do(gateway: GatewayProcess) -> None:
    assert node_story("smart_story", gateway) == {
        "release": 4,
        "update": "2",
        "patch": ["3", "unknown"],
        "paging": "1234567",
        "pages": [3, 3, 1],
        "references": ["AGNES"],
        "chain": 7,
        "history": ["3", "2", "1"],
        "deleted": 410,
    }
