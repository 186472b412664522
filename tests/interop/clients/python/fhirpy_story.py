"""fhirpy against the FHIR base in argv[1]: what its users do, told as JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

if TYPE_CHECKING:
    from fhirpy.lib import SyncFHIRResource

SYSTEM = "urn:oid:1.2.250.1.999.60.1"
PULSE = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}


def identified(value: str) -> list[dict[str, str]]:
    return [{"system": SYSTEM, "value": value}]


def main(base: str) -> dict[str, Any]:
    # fhirpy asks for counts with a parameter of another server: lenient handling passes over it.
    client = SyncFHIRClient(base, extra_headers={"Prefer": "handling=lenient"})
    doctor = client.resource("Practitioner", identifier=identified("d"), name=[{"family": "AGNES"}])
    doctor.save()
    patient = client.resource(
        "Patient",
        identifier=identified("p"),
        name=[{"family": "DURAND", "given": ["Zoé"]}],
        generalPractitioner=[doctor.to_reference()],
    )
    patient.save()
    told: dict[str, Any] = {"create": patient["meta"]["versionId"]}
    patient["gender"] = "female"
    patient.save()
    told["update"] = patient["meta"]["versionId"]
    told["refresh"] = client.reference("Patient", patient.id).to_resource()["gender"]
    told |= conditional(client)
    told |= transaction(client, patient)
    told |= searches(client, patient)
    told |= history(patient)
    told |= deletion(client)
    return told


def conditional(client: SyncFHIRClient) -> dict[str, Any]:
    """Create twice and update twice under one condition."""
    creating = SyncFHIRClient(client.url, extra_headers={"If-None-Exist": f"identifier={SYSTEM}|o"})
    once = [
        creating.resource("Organization", identifier=identified("o"), name="Centre").create()
        for _ in range(2)
    ]
    wanted = client.resources("Organization").search(identifier=f"{SYSTEM}|u")
    upserts = [
        wanted.update(client.resource("Organization", identifier=identified("u"), name=name))
        for name in ("Un", "Deux")
    ]
    return {
        "If-None-Exist": len({one.id for one in once}),
        "conditional update": [(found["name"], created) for found, created in upserts],
    }


def transaction(client: SyncFHIRClient, patient: SyncFHIRResource) -> dict[str, Any]:
    """Create 25 observations in one transaction."""
    observations = [
        {
            "resourceType": "Observation",
            "status": "final",
            "code": PULSE,
            "identifier": identified(f"obs{day}"),
            "subject": {"reference": f"Patient/{patient.id}"},
            "effectiveDateTime": f"2026-03-{day:02d}",
            "valueQuantity": {"value": 60 + day, "unit": "/min"},
        }
        for day in range(1, 26)
    ]
    entries = [
        {"resource": one, "request": {"method": "POST", "url": "Observation"}}
        for one in observations
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = client.execute("", method="post", data=bundle)
    statuses = [entry["response"]["status"][:3] for entry in answer["entry"]]
    return {"transaction": [answer["type"], statuses.count("201")]}


def searches(client: SyncFHIRClient, patient: SyncFHIRResource) -> dict[str, Any]:
    observations = client.resources("Observation").search(patient=patient.id)
    pages = observations.sort("-date").limit(10).fetch_all()
    chained = client.resources("Observation").search(patient__Patient__family="durand")
    doctors = client.resources("Practitioner")
    included = observations.limit(2).include("Observation", "patient").fetch_raw()
    reverse = client.resources("Patient").search(_id=patient.id)
    return {
        "paging": [one["effectiveDateTime"][-2:] for one in pages],
        "chain": len(chained.fetch_all()),
        "_has": len(
            client.resources("Patient")
            .has("Observation", "patient", code="8867-4")
            .search(identifier=f"{SYSTEM}|p")
            .fetch()
        ),
        "first": doctors.search(identifier=f"{SYSTEM}|d").first()["name"][0]["family"],
        "get": doctors.search(family__exact="AGNES", identifier=f"{SYSTEM}|d").get()["name"],
        "range": observations.search(date__ge="2026-03-10", date__lt="2026-03-13").count(),
        "_include": [
            [entry["resource"]["resourceType"], entry["search"]["mode"]]
            for entry in included["entry"]
        ],
        "_revinclude": len(reverse.revinclude("Observation", "patient").fetch_raw()["entry"]),
        "_elements": sorted(observations.elements("status").first().serialize()),
    }


def history(patient: SyncFHIRResource) -> dict[str, Any]:
    versions = patient.execute("_history", method="get")["entry"]
    everything = patient.execute("$everything", method="get")
    return {
        "history": [entry["resource"]["meta"]["versionId"] for entry in versions],
        "$everything": sorted({entry["resource"]["resourceType"] for entry in everything["entry"]}),
    }


def deletion(client: SyncFHIRClient) -> dict[str, Any]:
    """Delete, and be refused with an OperationOutcome."""
    gone = client.resource("Patient", identifier=identified("gone"))
    gone.save()
    gone.delete()
    told: dict[str, Any] = {}
    try:
        client.reference("Patient", gone.id).to_resource()
    except ResourceNotFound as absence:
        told["deleted"] = json.loads(str(absence))["issue"][0]["code"]
    try:
        client.resource("Patient", gender="F").save()
    except OperationOutcome as refusal:
        told["invalid"] = refusal.resource["issue"][0]["expression"]
    try:
        gone.patch(active=False)
    except OperationOutcome as refusal:
        told["merge patch"] = refusal.resource["issue"][0]["code"]
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
