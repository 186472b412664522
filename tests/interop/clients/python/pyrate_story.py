"""FHIR-PYrate against the FHIR base in argv[1]: resources as tables, told as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import requests
from fhir_pyrate import Pirate

SYSTEM = "urn:oid:1.2.250.1.999.60.3"
PATIENTS = 7
REPORTS = 5


def identified(value: str) -> list[dict[str, str]]:
    return [{"system": SYSTEM, "value": value}]


def main(base: str) -> dict[str, Any]:
    """Fill with requests (FHIR-PYrate only reads), then read by page, by row and by month."""
    fill(base)
    pirate = Pirate(base_url=base, auth=None, num_processes=1)
    patients = pirate.steal_bundles_to_dataframe(
        resource_type="Patient",
        request_params={"identifier": f"{SYSTEM}|", "_count": 3, "_sort": "family"},
        fhir_paths=[("id", "id"), ("family", "name.family"), ("born", "birthDate")],
    )
    reports = pirate.trade_rows_for_dataframe(
        patients,
        resource_type="DiagnosticReport",
        df_constraints={"subject": "id"},
        request_params={"_count": 2, "code": "http://loinc.org|18748-4"},
        fhir_paths=[("report", "id"), ("day", "effectiveDateTime")],
        with_columns=["family"],
    )
    by_month = pirate.sail_through_search_space_to_dataframe(
        resource_type="DiagnosticReport",
        time_attribute_name="date",
        date_init="2026-05-01",
        date_end="2026-05-04",
        request_params={"identifier": f"{SYSTEM}|"},
        fhir_paths=[("day", "effectiveDateTime")],
    )
    return {
        "total": pirate.get_bundle_total(
            "Patient", {"identifier": f"{SYSTEM}|", "_total": "accurate"}
        ),
        "pages": len(
            list(pirate.steal_bundles("Patient", {"identifier": f"{SYSTEM}|", "_count": 3}))
        ),
        "families": patients["family"].tolist(),
        "born": patients["born"].iloc[0],
        "reports": len(set(reports["report"])),
        "by family": reports.groupby("family").size().to_dict(),
        "by day": sorted(by_month["day"].tolist()),
    }


def fill(base: str) -> None:
    entries: list[dict[str, Any]] = []
    for number in range(PATIENTS):
        name = f"urn:uuid:00000000-0000-4000-9000-{number:012d}"
        patient = {
            "resourceType": "Patient",
            "identifier": identified(f"p{number}"),
            "name": [{"family": f"PIRATE{number}"}],
            "birthDate": f"198{number}-02-03",
        }
        entries.append(posted("Patient", patient) | {"fullUrl": name})
        entries += [
            posted("DiagnosticReport", report(name, number, day)) for day in range(1, REPORTS + 1)
        ]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    requests.post(
        base, json=bundle, headers={"Content-Type": "application/fhir+json"}, timeout=30
    ).raise_for_status()


def report(patient: str, number: int, day: int) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "identifier": identified(f"r{number}-{day}"),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]},
        "subject": {"reference": patient},
        "effectiveDateTime": f"2026-05-{day:02d}",
    }


def posted(kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "POST", "url": kind}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
