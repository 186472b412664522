"""A region of synthetic structures, people and agendas, asked through the FHIR door."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from gateway.delivery.recipients import resource_changed
from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.resolver import Chain
from gateway.fhir.terminology.terminology import Terminology
from gateway.ingest.programmes.definitions import install
from gateway.ingest.programmes.tasks import TaskRules
from gateway.ingest.resource import ResourceIngest
from gateway.programmes.content import content_folder, read_content
from gateway.programmes.names import ACTIVITY, BASE, PROGRAMME, ROLE
from gateway.rest.application import build_application
from gateway.rest.ports import Ports
from gateway.settings import Settings
from gateway.store.canonicals import StoredTerminology
from gateway.store.objects import FileObjects

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

Resource = dict[str, Any]
ORGANIZATION = "Organization/structure"
COORDINATOR = "Practitioner/coordinateur"
PATIENT = "Patient/patient"
GP = "Practitioner/medecin-traitant"


class Region:
    """Several structures, and the door that all of them ask."""

    def __init__(self, store: Store, place: Path) -> None:
        install(store, read_content(content_folder()))
        store.watch(resource_changed)
        store.watch(TaskRules("fr").changed)
        self.store = store
        self.numbers = itertools.count(1)
        self.ports = Ports(
            store=store,
            write=ResourceIngest(
                store,
                validation="base",
                new_id=lambda: f"n{next(self.numbers)}",
                local_bases=("http://127.0.0.1:8080/fhir",),
            ),
            objects=FileObjects(place / "objects"),
            settings=Settings(data_dir=place),
            version="1.2.3",
            doors=dict,
            metrics=lambda: (b"", "text/plain"),
            terminology=Terminology(Chain(StoredTerminology(store), BaseTerminology())),
            clock=lambda: datetime(2022, 6, 1, 8, 0, tzinfo=UTC),
        )
        self.application = build_application(self.ports)

    def ask_all(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Send requests at once."""

        async def run() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
                return await asyncio.gather(
                    *(client.request(method, path, **said) for method, path, said in requests)
                )

        return asyncio.run(run())

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own keywords
        return self.ask_all([(method, path, said)])[0]

    def put(self, *resources: Resource) -> None:
        """Write resources under their ids, in one transaction bundle."""
        entries = [
            {
                "resource": one,
                "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
            }
            for one in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = self.ask("POST", "/fhir", json=bundle)
        assert answer.status_code == 200, answer.text

    def find(self, search: str) -> list[Resource]:
        """Return what a search finds."""
        answer = self.ask("GET", f"/fhir/{search}")
        assert answer.status_code == 200, answer.text
        return [one["resource"] for one in answer.json().get("entry", ())]

    def read(self, reference: str) -> Resource:
        answer = self.ask("GET", f"/fhir/{reference}")
        assert answer.status_code == 200, answer.text
        found: Resource = answer.json()
        return found

    def operation(self, path: str, **given: Any) -> httpx.Response:  # noqa: ANN401 - any parameter
        return self.ask("POST", f"/fhir/{path}", json=parameters(**given))


def parameters(**given: Any) -> Resource:  # noqa: ANN401 - any parameter
    rows = [
        _row(name, one)
        for name, value in given.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return {"resourceType": "Parameters", "parameter": rows}


def _row(name: str, value: Any) -> Resource:  # noqa: ANN401 - any parameter
    if isinstance(value, dict):
        return {"name": name, "part": [_row(key, part) for key, part in value.items()]}
    kind = {bool: "valueBoolean", int: "valueInteger"}.get(type(value), "valueString")
    if kind == "valueString" and len(value) == 10 and value[4:5] == value[7:8] == "-":
        kind = "valueDate"
    if kind == "valueString" and value[10:11] == "T" and value[4:5] == "-":
        kind = "valueDateTime"
    if kind == "valueString" and name in ("role", "status"):
        kind = "valueCode"
    return {"name": name, kind: value}


def sentences(answer: httpx.Response) -> list[str]:
    return [one["diagnostics"] for one in answer.json()["issue"]]


# Synthetic people and things


def structure(*roles: str) -> list[Resource]:
    """Return a structure, its coordinator, a treating physician and somebody for each role."""
    people: list[Resource] = [
        {"resourceType": "Organization", "id": "structure", "name": "STRUCTURE (DEMO)"},
        practitioner("coordinateur", "DEMO-COORD"),
        practitioner("medecin-traitant", "DEMO-TRAITANT"),
        {"resourceType": "Location", "id": "lieu", "name": "Plateau (DEMO)"},
    ]
    for role in roles:
        people += [
            practitioner(role, f"DEMO-{role.upper()}"),
            {
                "resourceType": "PractitionerRole",
                "id": f"role-{role}",
                "active": True,
                "practitioner": {"reference": f"Practitioner/{role}"},
                "organization": {"reference": ORGANIZATION},
                "code": [{"coding": [{"system": ROLE, "code": role}]}],
                "location": [{"reference": "Location/lieu"}],
            },
        ]
    return people


def practitioner(name: str, family: str) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": name,
        "name": [{"family": family, "given": ["Camille"]}],
        "telecom": [{"system": "email", "value": f"{name}@exemple.example"}],
    }


def patient(name: str = "patient", **more: Any) -> Resource:  # noqa: ANN401 - any element
    return {
        "resourceType": "Patient",
        "id": name,
        "name": [{"use": "official", "family": f"DEMO-{name.upper()}", "given": ["JEANNE"]}],
        "gender": "female",
        "birthDate": "1960-05-12",
        "generalPractitioner": [{"reference": GP}],
        **more,
    }


def referral(programme: str, who: str = "patient") -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": f"demande-{who}",
        "instantiatesCanonical": [f"{BASE}/PlanDefinition/{programme}"],
        "status": "active",
        "intent": "order",
        "code": {"text": "Adressage"},
        "subject": {"reference": f"Patient/{who}"},
        "authoredOn": "2022-05-20",
        "requester": {"reference": GP},
    }


def answers(programme: str, who: str = "patient", /, **given: Any) -> Resource:  # noqa: ANN401 - any answer
    items = []
    for link, value in given.items():
        key = "valueBoolean" if isinstance(value, bool) else "valueCoding"
        held = value if isinstance(value, bool) else {"code": value}
        items.append({"linkId": link.replace("_", "-"), "answer": [{key: held}]})
    return {
        "resourceType": "QuestionnaireResponse",
        "id": f"evaluation-{who}",
        "questionnaire": f"{BASE}/Questionnaire/{programme}-evaluation",
        "status": "completed",
        "subject": {"reference": f"Patient/{who}"},
        "authored": "2022-05-25T10:00:00+02:00",
        "item": items,
    }


def consent(programme: str, kind: str = "permit", who: str = "patient") -> Resource:
    return {
        "resourceType": "Consent",
        "id": f"consent-{kind}-{who}",
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{who}"},
        "dateTime": "2022-05-25",
        "policyRule": {"text": "Partage dans l'équipe"},
        "provision": {
            "type": kind,
            "code": [{"coding": [{"system": PROGRAMME, "code": programme}]}],
        },
    }


def agenda(
    role: str, activity: str, *times: tuple[str, str], place: str = "lieu"
) -> list[Resource]:
    """Return the shared agenda of somebody: a Schedule and free slots."""
    name = f"agenda-{role}-{activity}-{place}"
    actors = [f"Practitioner/{role}", f"Location/{place}"]
    found: list[Resource] = [
        {
            "resourceType": "Schedule",
            "id": name[:64],
            "actor": [{"reference": one} for one in actors],
        }
    ]
    for number, (start, end) in enumerate(times):
        found.append(
            {
                "resourceType": "Slot",
                "id": f"{name}-{number}"[:64],
                "schedule": {"reference": f"Schedule/{name[:64]}"},
                "serviceType": [{"coding": [{"system": ACTIVITY, "code": activity}]}],
                "status": "free",
                "start": start,
                "end": end,
            }
        )
    return found
