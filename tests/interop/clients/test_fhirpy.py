"""fhirpy (PyPI) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import python_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_fhirpy_does_with_the_gateway_what_its_users_do(gateway: GatewayProcess) -> None:
    assert python_story("fhirpy_story", gateway) == {
        "create": "1",
        "update": "2",
        "refresh": "female",
        "If-None-Exist": 1,
        "conditional update": [["Un", True], ["Deux", False]],
        "transaction": ["transaction-response", 25],
        "paging": [f"{day:02d}" for day in range(25, 0, -1)],
        "chain": 25,
        "_has": 1,
        "first": "AGNES",
        "get": [{"family": "AGNES"}],
        "range": 3,
        "_include": [["Observation", "match"]] * 2 + [["Patient", "include"]],
        "_revinclude": 26,
        "_elements": ["code", "id", "meta", "resourceType", "status"],
        "history": ["2", "1"],
        "$everything": ["Observation", "Patient", "Practitioner"],
        "deleted": "deleted",
        "invalid": ["Patient.gender"],
        # fhirpy patches by merging (Aidbox's way), which FHIR has not: refused, never guessed.
        "merge patch": "structure",
    }
