"""fhirclient (PyPI, SMART on FHIR) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import python_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_fhirclient_does_with_the_gateway_what_its_users_do(gateway: GatewayProcess) -> None:
    assert python_story("fhirclient_story", gateway) == {
        "ready": True,
        "fhirVersion": "4.0.1",
        "create": "1",
        "update": "2",
        "read": ["1980-01-01", "LEFÈVRE"],
        "resolved": "AGNES",
        "transaction": ["transaction-response", 24],
        "paging": 12,
        "pages": 3,
        "_sort": "2026-04-12T00:00:00",
        "chain": 12,
        "_include": ["DiagnosticReport", "Observation"],
        "token": 1,
        "quantity": 2,
        "deleted": 410,
    }
