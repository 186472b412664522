"""FHIR-PYrate (PyPI) reads what the gateway holds into tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.environment import python_story

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess


def test_fhir_pyrate_reads_by_page_by_row_and_by_span_of_time(gateway: GatewayProcess) -> None:
    families = [f"PIRATE{number}" for number in range(7)]
    assert python_story("pyrate_story", gateway) == {
        "total": 7,
        "pages": 3,
        "families": families,
        "born": "1980-02-03",
        "reports": 35,
        "by family": dict.fromkeys(families, 5),
        "by day": [f"2026-05-0{day}" for day in (1, 2, 3) for _ in families],
    }
