"""fhirclient (SMART on FHIR, Python) against the FHIR base in argv[1], told as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from fhirclient import client
from fhirclient.models.bundle import Bundle
from fhirclient.models.diagnosticreport import DiagnosticReport
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.models.practitioner import Practitioner
from fhirclient.server import FHIRNotFoundException, FHIRServer

SYSTEM = "urn:oid:1.2.250.1.999.60.2"
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]},
}


def identified(value: str) -> list[dict[str, str]]:
    return [{"system": SYSTEM, "value": value}]


def main(base: str) -> dict[str, Any]:
    smart = client.FHIRClient(settings={"app_id": "passerelle", "api_base": base})
    server = smart.server
    told: dict[str, Any] = {"ready": smart.prepare()}
    told["fhirVersion"] = server.capabilityStatement.fhirVersion
    doctor = Practitioner({"identifier": identified("d"), "name": [{"family": "AGNES"}]})
    doctor_id = doctor.create(server)["id"]
    patient = Patient(
        {
            "identifier": identified("p"),
            "name": [{"family": "LEFÈVRE", "given": ["Zoé"]}],
            "birthDate": "1980-01-01",
            "generalPractitioner": [{"reference": f"Practitioner/{doctor_id}"}],
        }
    )
    created = patient.create(server)
    told["create"] = created["meta"]["versionId"]
    found = Patient.read(created["id"], server)
    found.gender = "female"
    told["update"] = found.update(server)["meta"]["versionId"]
    told["read"] = [found.birthDate.isostring, found.name[0].family]
    told["resolved"] = found.generalPractitioner[0].resolved(Practitioner).name[0].family
    told |= transaction(server, created["id"])
    told |= searches(server, created["id"])
    told |= deletion(server)
    return told


def transaction(server: FHIRServer, patient: str) -> dict[str, Any]:
    """Create 12 reports and their observations, which know each other by urn:uuid only."""
    entries = []
    for number in range(1, 13):
        name = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
        measured = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Taille du kyste"},
            "subject": {"reference": f"Patient/{patient}"},
            "valueQuantity": {"value": number, "unit": "mm"},
        }
        report = REPORT | {
            "identifier": identified(f"r{number}"),
            "subject": {"reference": f"Patient/{patient}"},
            "result": [{"reference": name}],
            "effectiveDateTime": f"2026-04-{number:02d}",
        }
        entries += [
            {"resource": report, "request": {"method": "POST", "url": "DiagnosticReport"}},
            {
                "fullUrl": name,
                "resource": measured,
                "request": {"method": "POST", "url": "Observation"},
            },
        ]
    bundle = Bundle({"type": "transaction", "entry": entries})
    answer = Bundle(server.post_json("", bundle.as_json()).json())
    return {"transaction": [answer.type, len(answer.entry)]}


def searches(server: FHIRServer, patient: str) -> dict[str, Any]:
    mine = DiagnosticReport.where({"subject": f"Patient/{patient}", "_count": "5"})
    newest = DiagnosticReport.where(
        {"subject": f"Patient/{patient}", "_sort": "-date", "_count": "1"}
    ).perform(server)
    chained = DiagnosticReport.where({"subject:Patient.family": "lefevre", "_count": "100"})
    with_results = DiagnosticReport.where({"subject": f"Patient/{patient}", "date": "2026-04-03"})
    bundle = with_results.include("result").perform(server)
    kinds = sorted(entry.resource.resource_type for entry in bundle.entry)
    return {
        "paging": len({report.id for report in mine.perform_resources_iter(server)}),
        "pages": len(list(mine.perform_iter(server))),
        "_sort": newest.entry[0].resource.effectiveDateTime.isostring,
        "chain": len(chained.perform_resources(server)),
        "_include": kinds,
        "token": len(Patient.where({"identifier": f"{SYSTEM}|p"}).perform_resources(server)),
        "quantity": len(
            Observation.where(
                {"subject": f"Patient/{patient}", "value-quantity": "gt10", "_count": "100"}
            ).perform_resources(server)
        ),
    }


def deletion(server: FHIRServer) -> dict[str, Any]:
    gone = Patient({"identifier": identified("gone")})
    kept = Patient.read(gone.create(server)["id"], server)
    kept.delete(server)
    try:
        Patient.read(kept.id, server)
    except FHIRNotFoundException:
        return {"deleted": "not found"}
    except Exception as refusal:  # noqa: BLE001 - fhirclient passes on the error of requests
        return {"deleted": refusal.response.status_code}  # type: ignore[attr-defined]  # of requests
    return {"deleted": "still there"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
