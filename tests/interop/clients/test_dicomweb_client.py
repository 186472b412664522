"""dicomweb-client (PyPI) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import python_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_dicomweb_client_does_with_the_gateway_what_its_users_do(gateway: GatewayProcess) -> None:
    assert python_story("dicomweb_story", gateway) == {
        "stored": 3,
        "name": "DUPRÉ-DICOMWEB^Zoé",
        "counted": 3,
        "series": [True],
        "numbers": 2,
        "fuzzy": True,
        "nothing": [],
        "study": [1, 2, 3],
        "pixels": True,
        "metadata": 3,
        "rows": 32,
        "frames": True,
        "bulk": True,
        "picture": "89504e47",
    }
