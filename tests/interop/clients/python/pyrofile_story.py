"""Pyrofile's API test packs and its scan against the FHIR base in argv[1], told as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import requests
from pyrofile_validator import (
    ApiScanOptions,
    ApiTestOptions,
    load_builtin_api_test_plan,
    run_api_tests,
    scan_api,
)

SYSTEM = "urn:oid:1.2.250.1.999.60.7"
PACKS = ("base-r4", "isik3-basismodul")
# What the ISiK pack asks every patient to declare.
PROFILE = "https://gematik.de/fhir/isik/StructureDefinition/ISiKPatient"


def main(base: str) -> dict[str, Any]:
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "pyrofile",
        "meta": {"profile": [PROFILE]},
        "identifier": [{"system": SYSTEM, "value": "p"}],
        "name": [{"family": "GARNIER", "given": ["Zoé"]}],
        "birthDate": "1980-01-01",
    }
    requests.put(
        f"{base}/Patient/pyrofile",
        json=patient,
        headers={"Content-Type": "application/fhir+json"},
        timeout=30,
    ).raise_for_status()
    given = {
        "resourceType": "Patient",
        "resourceId": "pyrofile",
        "versionId": "1",
        "patientIdentifierSystem": SYSTEM,
        "patientIdentifierValue": "p",
    }
    told: dict[str, Any] = {name: pack(base, name, given) for name in PACKS}
    return told | {"scan": scan(base)}


def pack(base: str, name: str, given: dict[str, str]) -> dict[str, str]:
    """Return what became of each scenario of a pack."""
    plan = load_builtin_api_test_plan(name)
    report = run_api_tests(base, plan, options=ApiTestOptions(inputs=given)).to_dict()
    return {one["id"]: one["status"] for one in report["scenarios"]}


def scan(base: str) -> dict[str, Any]:
    """Read the patients page by page and judge them."""
    options = ApiScanOptions(
        resource_types=("Patient",), search_params={"Patient": {"identifier": f"{SYSTEM}|p"}}
    )
    report = scan_api(base, options=options)
    errors = [error.message for error in report.errors]
    return {
        "complete": report.api_scan.complete,
        "resources": report.api_scan.resources_fetched,
        "errors": errors,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
