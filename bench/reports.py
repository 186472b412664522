"""Synthetic exams: orders, reports and measurements about the patients of `bench.people`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.people import patient_resource

LOCAL: Final = "urn:oid:1.2.250.1.999.3"
# Reports are a minute apart: a range of minutes holds as many whatever the size of the store.
FIRST: Final = datetime(2020, 1, 1, tzinfo=UTC)
MEASURES: Final = 6
PHYSICIANS: Final = 200
# What one exam is made of: a transaction of ten entries.
EXAM: Final = 10
_LETTERS: Final = "ABCDEFGHIJ"
_TEXT: Final = (
    "Examen réalisé sans puis après injection de produit de contraste iodé. Parenchyme hépatique "
    "homogène, sans lésion focale suspecte. Voies biliaires fines. Reins de taille normale, sans "
    "dilatation des cavités. Pas d'épanchement intrapéritonéal. Aorte de calibre régulier. "
)


def moment(number: int) -> str:
    """Return when exam `number` was reported."""
    return (FIRST + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def family(number: int) -> str:
    """Return a family name that no other exam's patient has: letters of its digits, last first."""
    return "".join(_LETTERS[int(digit)] for digit in f"{number:07d}"[::-1])


def physician(number: int) -> dict[str, Any]:
    """Return the Practitioner `number`."""
    return {
        "resourceType": "Practitioner",
        "id": f"dr-{number}",
        "identifier": [{"system": f"{LOCAL}.1", "value": f"D{number}"}],
        "name": [{"family": f"MEDECIN{_LETTERS[number % 10]}", "given": ["Agnès"]}],
    }


def report_resource(number: int, value: str, subject: str) -> dict[str, Any]:
    """Return a DiagnosticReport of about 4 KB with `value` as its identifier."""
    return {
        "resourceType": "DiagnosticReport",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{_TEXT * 5}</p></div>',
        },
        "identifier": [{"use": "official", "system": f"{LOCAL}.2", "value": value}],
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "18748-4"}],
            "text": "Compte rendu d'imagerie",
        },
        "subject": {"reference": subject},
        "effectiveDateTime": moment(number),
        "issued": moment(number),
        "performer": [{"reference": f"Practitioner/dr-{number % PHYSICIANS}"}],
        "conclusion": _TEXT * 4,
        "conclusionCode": [
            {
                "coding": [
                    {"system": "http://hl7.org/fhir/sid/icd-10", "code": f"K{number % 90:02d}"}
                ]
            }
        ],
    }


def report_json(number: int, value: str, subject: str) -> bytes:
    """Return the same as JSON."""
    return json.dumps(report_resource(number, value, subject), ensure_ascii=False).encode()


def exam(number: int) -> list[dict[str, Any]]:
    """Return the ten resources of exam `number`, referred-to ones first, each with its id."""
    patient = patient_resource(number, f"X{number}") | {"id": f"p-{number}"}
    patient["identifier"].append({"system": f"{LOCAL}.6", "value": f"X{number}"})
    patient["name"][0]["family"] = patient["name"][1]["family"] = family(number)
    subject = f"Patient/p-{number}"
    measured = [_measure(number, place, subject) for place in range(MEASURES)]
    results = [{"reference": f"Observation/{one['id']}"} for one in measured]
    reports = [
        report_resource(number, f"R{number}-{place}", subject)
        | {"id": f"r-{number}-{place}", "basedOn": [{"reference": f"ServiceRequest/o-{number}"}]}
        for place in range(2)
    ]
    reports[0]["result"] = results
    return [patient, _order(number, subject), *measured, *reports]


def transaction(number: int) -> bytes:
    """Return exam `number` as a transaction of updates that create."""
    return bundle(exam(number))


def bundle(resources: list[dict[str, Any]]) -> bytes:
    """Return resources with ids as a transaction of PUT entries."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return json.dumps(body, ensure_ascii=False).encode()


def new_transaction(place: str) -> bytes:
    """Return a transaction of ten creates that know each other by urn:uuid; `place` is a number."""
    urns = [f"urn:uuid:00000000-0000-4000-8000-{n:012d}" for n in range(EXAM)]
    given = exam(7)
    names = {
        f"{one['resourceType']}/{one['id']}": urn for one, urn in zip(given, urns, strict=True)
    }
    entries = []
    for one, urn in zip(given, urns, strict=True):
        kind = one["resourceType"]
        identifier = [{"system": f"{LOCAL}.9", "value": f"{urn[-2:]}-{place}"}]
        resource = {name: part for name, part in one.items() if name != "id"}
        entries.append(
            {
                "fullUrl": urn,
                "resource": resource | {"identifier": identifier},
                "request": {"method": "POST", "url": kind},
            }
        )
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    for name, urn in names.items():
        body = body.replace(f'"{name}"', f'"{urn}"')
    return body.encode()


def _order(number: int, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": f"o-{number}",
        "identifier": [{"system": f"{LOCAL}.4", "value": f"O{number}"}],
        "status": "completed",
        "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "24627-2"}]},
        "subject": {"reference": subject},
        "authoredOn": moment(number),
        "requester": {"reference": f"Practitioner/dr-{(number + 1) % PHYSICIANS}"},
    }


def _measure(number: int, place: int, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"m-{number}-{place}",
        "identifier": [{"system": f"{LOCAL}.5", "value": f"M{number}-{place}"}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "imaging",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": f"2131{place}-0"}]},
        "subject": {"reference": subject},
        "effectiveDateTime": moment(number),
        "valueQuantity": {
            "value": 10 + number % 50,
            "unit": "mm",
            "system": "http://unitsofmeasure.org",
            "code": "mm",
        },
    }
