"""A programme that nobody has heard of, as files alone: no code knows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.ingest.programmes.definitions import install
from gateway.programmes.content import read_content
from gateway.programmes.names import ACTIVITY, BASE, LOST_AFTER, PROGRAMME, ROLE, STEP
from tests.contract.programmes.region import (
    COORDINATOR,
    ORGANIZATION,
    PATIENT,
    agenda,
    patient,
    sentences,
    structure,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.programmes.region import Region

NAME = "souffle"
CONTEXT = [
    {
        "code": {
            "system": "http://terminology.hl7.org/CodeSystem/usage-context-type",
            "code": "program",
        },
        "valueCodeableConcept": {"coding": [{"system": PROGRAMME, "code": NAME}]},
    }
]


def activity(code: str, kind: str, role: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    return {
        "resourceType": "ActivityDefinition",
        "id": f"{NAME}-{code}",
        "url": f"{BASE}/ActivityDefinition/{NAME}-{code}",
        "version": "1.0.0",
        "status": "active",
        "useContext": CONTEXT,
        "kind": kind,
        "code": {"coding": [{"system": ACTIVITY, "code": code}], "text": code},
        "participant": [
            {"type": "practitioner", "role": {"coding": [{"system": ROLE, "code": role}]}}
        ],
        **more,
    }


def step(code: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": STEP, "code": code}]}]


PLAN = {
    "resourceType": "PlanDefinition",
    "id": NAME,
    "extension": [{"url": LOST_AFTER, "valueDuration": {"value": 30, "code": "d"}}],
    "url": f"{BASE}/PlanDefinition/{NAME}",
    "version": "1.0.0",
    "title": "Souffle",
    "status": "active",
    "useContext": CONTEXT,
    "effectivePeriod": {"start": "2022-01-01", "end": "2022-12-31"},
    "action": [
        {
            "id": "inclusion",
            "code": step("inclusion"),
            "condition": [
                {
                    "kind": "applicability",
                    "expression": {
                        "name": "adulte",
                        "description": "Le programme est pour les adultes.",
                        "language": "text/fhirpath",
                        "expression": "birthDate < @2004-01-01",
                    },
                }
            ],
        },
        {
            "id": "matin",
            "title": "Matinée",
            "code": step("sequence"),
            "timingDuration": {"value": 2, "code": "h"},
            "action": [
                {"id": "mesure", "definitionCanonical": f"{BASE}/ActivityDefinition/{NAME}-mesure"},
                {
                    "id": "bilan",
                    "definitionCanonical": f"{BASE}/ActivityDefinition/{NAME}-bilan",
                    "relatedAction": [{"actionId": "mesure", "relationship": "after-end"}],
                },
            ],
        },
        {
            "id": "rcp",
            "code": step("rcp"),
            "definitionCanonical": f"{BASE}/ActivityDefinition/{NAME}-concertation",
        },
    ],
}
MINUTES = {"value": 45, "unit": "min", "code": "min"}
FILES = [
    PLAN,
    activity("mesure", "Appointment", "souffleur", title="Mesure"),
    activity("bilan", "Appointment", "souffleur", title="Bilan"),
    activity("concertation", "Appointment", "souffleur", timingDuration=MINUTES),
]


def test_a_sixth_programme_is_files_alone(region: Region, tmp_path: Path) -> None:
    place = tmp_path / "programmes" / NAME
    place.mkdir(parents=True)
    for one in FILES:
        (place / f"{one['id']}.json").write_text(json.dumps(one))
    day = "2022-06-14T{}:00+02:00"
    times = [(day.format(a), day.format(b)) for a, b in (("09:00", "09:30"), ("10:00", "10:30"))]
    install(region.store, read_content(tmp_path / "programmes"))
    region.put(
        *structure("souffleur"),
        patient(),
        patient("enfant", birthDate="2015-01-01"),
        *agenda("souffleur", "mesure", times[0]),
        *agenda("souffleur", "bilan", times[1]),
    )
    who = {"date": "2022-06-01", "practitioner": COORDINATOR, "organization": ORGANIZATION}
    url = f"PlanDefinition/{NAME}"

    child = region.operation(f"{url}/$include", subject="Patient/enfant", **who)
    included = region.operation(f"{url}/$include", subject=PATIENT, **who)
    meeting = region.operation(
        f"{url}/$plan-rcp", start=day.format("12:00"), participant=COORDINATOR, subject=PATIENT
    )
    name = meeting.headers["location"].split("/fhir/")[1].split("/_history")[0]
    held = region.operation(
        f"{name}/$hold-rcp", subject=PATIENT, present=COORDINATOR, question="Et ?", decision="Oui."
    )
    lost = region.ask("GET", f"/fhir/{url}/$follow-up?date=2022-09-01").json()

    assert sentences(child) == ["Le programme est pour les adultes."]
    assert included.status_code == 201, included.text
    booked = region.find(f"Appointment?patient={PATIENT}&status=booked&_sort=date")
    assert [one["start"] for one in booked] == [day.format("09:00"), day.format("10:00")]
    assert region.read(name)["minutesDuration"] == 45
    assert held.status_code == 201, held.text
    (flag,) = [one["flag"] for one in lost["entry"][0]["resource"]["entry"]]
    assert flag["coding"][0]["code"] == "lost"
