"""MedplumClient (npm, @medplum/core) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import node_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_medplum_client_does_with_the_gateway_what_its_users_do(gateway: GatewayProcess) -> None:
    assert node_story("medplum_story", gateway) == {
        "create": "1",
        "read": ["Zoé"],
        "update": "2",
        "nothing changed": "2",
        "patch": ["3", "1980-01-01"],
        "version": "female",
        "createResourceIfNoneExist": 1,
        "upsertResource": [["Un", "1"], ["Deux", "2"]],
        "transaction": " ".join(["201"] * 9),
        "paging": ["1234", "5678", "9"],
        "searchOne": True,
        "chain": 9,
        "_has": 1,
        "_include": ["Observation match", "Patient include"],
        "count": 9,
        "history": ["3", "2", "1"],
        "everything": ["Observation", "Patient"],
        # That it has no narrative.
        "validate": ["warning"],
        "binary": ["text/plain", "bonjour"],
        "deleted": "deleted",
        "invalid": "code-invalid",
    }
