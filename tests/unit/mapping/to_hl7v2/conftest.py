from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2 import Context, map_message
from gateway.mapping.to_hl7v2 import Target, Writing, write_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.mapping.entry import Mapped

Resource = dict[str, Any]
MADE = datetime(2026, 3, 5, 13, 30, tzinfo=UTC)
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
RELIABILITY = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
INS = {
    "use": "official",
    "type": {
        "coding": [
            {
                "system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203",
                "code": "INS-NIR-TEST",
            }
        ]
    },
    "system": "urn:oid:1.2.250.1.213.1.4.10",
    "value": "279035121518989",
}
PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "pat-trois",
    "extension": [
        {
            "url": RELIABILITY,
            "extension": [
                {"url": "identityStatus", "valueCoding": {"code": "VALI"}},
                {"url": "methodCollection", "valueCoding": {"code": "INSI"}},
                {"url": "dateCollection", "valueDate": "2021-12-01"},
                {"url": "validationMode", "valueCoding": {"code": "CN"}},
            ],
        }
    ],
    "identifier": [
        INS,
        {
            "use": "usual",
            "type": {"coding": [{"system": V2_0203, "code": "PI"}]},
            "system": "urn:oid:1.2.250.1.999.1",
            "value": "IPP42",
        },
    ],
    "name": [
        {
            "use": "official",
            "family": "PAT-TROIS",
            "given": ["DOMINIQUE"],
            "extension": [
                {
                    "url": "https://hl7.fr/ig/fhir/core/StructureDefinition/"
                    "fr-core-patient-birth-list-given-name",
                    "valueString": "DOMINIQUE MARIE",
                }
            ],
        }
    ],
    "telecom": [
        {"system": "phone", "value": "+33123456789", "use": "home"},
        {"system": "email", "value": "dominique@patient.example"},
    ],
    "gender": "female",
    "birthDate": "1979-03-28",
    "address": [
        {
            "use": "home",
            "line": ["28 Av de Breteuil"],
            "city": "PARIS",
            "postalCode": "75007",
            "country": "FRA",
        }
    ],
    "maritalStatus": {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}
        ]
    },
    "generalPractitioner": [{"reference": "Practitioner/lecoeur"}],
}
LECOEUR: Resource = {
    "resourceType": "Practitioner",
    "id": "lecoeur",
    "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10000023084"}],
    "name": [{"family": "Lecœur", "given": ["Hélène"], "prefix": ["DR"]}],
    "telecom": [{"system": "email", "value": "h.lecoeur@medecin.mssante.fr"}],
}
GARNIER: Resource = {
    "resourceType": "Practitioner",
    "id": "garnier",
    "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10002909371"}],
    "name": [{"family": "GARNIER", "given": ["LUC"]}],
}
CABINET: Resource = {
    "resourceType": "Organization",
    "id": "cabinet",
    "identifier": [{"system": "https://finess.esante.gouv.fr", "value": "750712184"}],
    "name": "Cabinet A",
}
ROLE: Resource = {
    "resourceType": "PractitionerRole",
    "id": "garnier-cabinet",
    "practitioner": {"reference": "Practitioner/garnier"},
    "organization": {"reference": "Organization/cabinet"},
}
ORDER: Resource = {
    "resourceType": "ServiceRequest",
    "id": "o1",
    "identifier": [
        {
            "type": {"coding": [{"system": V2_0203, "code": "PLAC"}]},
            "system": "urn:oid:1.2.250.1.999.2",
            "value": "P17",
        }
    ],
    "status": "active",
    "intent": "order",
    "priority": "asap",
    "code": {"coding": [{"system": "http://loinc.org", "code": "24806-2", "display": "RX genou"}]},
    "subject": {"reference": "Patient/pat-trois"},
    "authoredOn": "2026-03-04",
    "occurrenceDateTime": "2026-03-05T09:00:00+01:00",
    "requester": {"reference": "PractitionerRole/garnier-cabinet"},
    "reasonCode": [
        {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M25.5"}]},
        {"text": "gonalgie ^ chute & douleur"},
    ],
    "orderDetail": [
        {
            "coding": [
                {
                    "system": "http://dicom.nema.org/resources/ontology/DCM",
                    "code": "DX",
                    "display": "Radio",
                }
            ]
        }
    ],
    "note": [{"text": "Patient diabétique\nAllergie à l'iode"}],
}


@dataclass
class World:
    """Resources by reference, and the objects that attachments name."""

    held: dict[str, Resource] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)

    def put(self, *resources: Resource) -> World:
        for one in resources:
            self.held[f"{one['resourceType']}/{one['id']}"] = one
        return self

    def read(self, reference: str) -> Resource | None:
        return self.held.get(reference)

    def referring(self, resource_type: str, param: str, target: str) -> list[Resource]:
        element = {"basedon": "basedOn"}[param]
        return [
            one
            for one in self.held.values()
            if one["resourceType"] == resource_type and {"reference": target} in one[element]
        ]

    def content(self, attachment: Mapping[str, Any]) -> bytes | None:
        if "data" in attachment:
            return b64decode(attachment["data"])
        return self.objects.get(attachment.get("url", ""))

    def write(
        self,
        event: str,
        resource: Resource,
        target: Target | None = None,
        before: Resource | None = None,
    ) -> bytes:
        writing = Writing(
            event=event,
            resource=resource,
            target=target or Target(application="RIS", facility="CENTRE"),
            sources=self,
            control_id="M1",
            made=MADE,
            before=before or {},
        )
        return write_message(writing)


def lines(raw: bytes, charset: str = "utf-8") -> list[str]:
    """Return the segments of a message."""
    return raw.decode(charset).rstrip("\r").split("\r")


def read_back(raw: bytes) -> Mapped:
    """Read what was written by the gateway's own mapping in."""
    return map_message(Message.parse(raw), Context())


def back(raw: bytes, kind: str) -> list[Resource]:
    """Return the resources of one type that a message is read as."""
    entries = read_back(raw).entries
    return [entry.resource for entry in entries if entry.resource["resourceType"] == kind]


@pytest.fixture
def world() -> World:
    return World().put(PATIENT, LECOEUR, GARNIER, CABINET, ROLE, ORDER)
