"""SEKMET (PyPI), a hospital for tests: its orders, imaging, reports and bundles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.interop.clients.environment import base, program, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.process import GatewayProcess

# Scenario of its library -> steps that it passes over, because the gateway plays no such part.
SCENARIOS: Final = {
    "conformance_smoke": 0,
    "adt_admit_transfer_discharge": 0,
    "adt_merge_update": 0,
    "appointment_book_cancel": 0,
    # Waiting for a payer's answer, and Claim/$submit.
    "billing_claim": 3,
    "clinical_documentation": 0,
    "lab_order_to_result": 0,
    "medication_order_dispense": 0,
    "rad_order_imaging_report": 0,
}


@pytest.mark.parametrize("wire", ["json", "xml"])
def test_the_scenarios_of_a_hospital_pass(
    wire: str, gateway: GatewayProcess, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.yaml"
    peers = {"gateway": {"base_url": base(gateway), "format": wire}}
    # JSON is YAML.
    settings.write_text(json.dumps({"data_dir": str(tmp_path / "data"), "peers": peers}), "utf-8")

    done = run(
        program("sekmet"),
        *("scenario", "run", *SCENARIOS, "--peer", "gateway", "--no-serve"),
        *("--config", settings, "--report-dir", tmp_path / "reports"),
        place=tmp_path,
    )

    (report,) = tmp_path.glob("reports/*/results.json")
    results = json.loads(report.read_text("utf-8"))
    assert {_name(one): _faults(one) for one in results} == {name: [] for name in SCENARIOS}
    assert {_name(one): _skipped(one) for one in results} == SCENARIOS
    assert done.returncode == 0, done.stdout[-3000:]


def _name(result: dict[str, Any]) -> str:
    return str(result["file"]).rpartition("/")[2].removesuffix(".yaml")


def _faults(result: dict[str, Any]) -> list[str]:
    expected = ("passed", "skipped")
    return [
        f"{step['name']}: {step['message']}"
        for step in result["steps"]
        if step["status"] not in expected
    ]


def _skipped(result: dict[str, Any]) -> int:
    return sum(step["status"] == "skipped" for step in result["steps"])
