"""Pyrofile's API test packs (PyPI, pyrofile-validator) against the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import python_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_every_scenario_of_the_packs_passes(gateway: GatewayProcess) -> None:
    assert python_story("pyrofile_story", gateway) == {
        "base-r4": {
            "metadata": "PASS",
            "read": "PASS",
            "vread": "PASS",
            "search": "PASS",
            "paging": "PASS",
            "instance-history": "PASS",
            "not-found": "PASS",
            "json-negotiation": "PASS",
        },
        "isik3-basismodul": {
            "metadata": "PASS",
            "patient-by-identifier": "PASS",
            "patient-read": "PASS",
        },
        "scan": {"complete": True, "resources": 1, "errors": []},
    }
