"""The four flows of the French téléradiologie guide, each resource as a whole."""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.fhir.datatypes import stable_id
from gateway.fhir.wire import Digits
from gateway.hl7v2.message import Message
from gateway.mapping.entry import Key, Link, LinkKind, Mapped, Write
from gateway.mapping.hl7v2 import Context, map_message

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_FLOWS: Final = _SHARED / "corpus" / "hl7v2" / "fr_ans_teleradiologie"
pytestmark = pytest.mark.skipif(
    not _FLOWS.is_dir(), reason="the corpus is not here (GATEWAY_SHARED)"
)

FR_CORE: Final = "https://hl7.fr/ig/fhir/core/"
V2_0203: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
PLACER_SYSTEM: Final = "urn:oid:1.2.250.1.748.12345678.12"
STUDY: Final = "urn:oid:1.2.250.1.213.4.5.2.1.101"


def url(kind: str, system: str, value: str) -> str:
    return f"urn:uuid:{stable_id(kind, system, value)}"


PATIENT_URL: Final = url("Patient", "urn:oid:1.2.250.1.213.1.4.10", "279035121518989")
ORDER_URL: Final = url("ServiceRequest", PLACER_SYSTEM, "OPN101")
STUDY_URL: Final = url("ImagingStudy", "urn:dicom:uid", STUDY)
SUBJECT: Final = {"reference": PATIENT_URL}
PLACER: Final = {
    "type": {"coding": [{"system": V2_0203, "code": "PLAC"}]},
    "system": PLACER_SYSTEM,
    "value": "OPN101",
}
ACCESSION: Final = {
    "type": {"coding": [{"system": V2_0203, "code": "ACSN"}]},
    "system": "urn:oid:1.2.250.1.925.994044.27",
    "value": "ACN101",
}
IMAGING: Final = {
    "coding": [{"system": SNOMED, "code": "363679005", "display": "Imaging (procedure)"}]
}
MRI: Final = {"coding": [{"system": DCM, "code": "MR", "display": "IRM"}]}
ACT: Final = {
    "coding": [{"system": LOINC, "code": "24590-2", "display": "résonance magnétique cerveau"}]
}
HEAD: Final = {
    "extension": [
        {
            "url": "urn:passerelle:extension:laterality",
            "valueCodeableConcept": {
                "coding": [{"system": SNOMED, "code": "24028007", "display": "côté droit"}]
            },
        }
    ],
    "coding": [{"system": SNOMED, "code": "774007", "display": "tête et/ou cou"}],
    "text": "tête et/ou cou, côté droit",
}
PATIENT: Final = {
    "resourceType": "Patient",
    "meta": {"profile": [f"{FR_CORE}StructureDefinition/fr-core-patient-ins"]},
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
            "valueAddress": {
                "extension": [
                    {
                        "url": f"{FR_CORE}StructureDefinition/fr-core-address-insee-code",
                        "valueCoding": {
                            "system": "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/"
                            "TRE-R13-CommuneOM",
                            "code": "63220",
                        },
                    }
                ]
            },
        },
        {
            "url": f"{FR_CORE}StructureDefinition/fr-core-identity-reliability",
            "extension": [
                {
                    "url": "identityStatus",
                    "valueCoding": {
                        "system": f"{FR_CORE}CodeSystem/fr-core-cs-v2-0445",
                        "code": "VALI",
                    },
                }
            ],
        },
    ],
    "identifier": [
        {
            "use": "official",
            "type": {
                "coding": [
                    {
                        "system": f"{FR_CORE}CodeSystem/fr-core-cs-v2-0203",
                        "code": "INS-NIR-TEST",
                    }
                ]
            },
            "system": "urn:oid:1.2.250.1.213.1.4.10",
            "value": "279035121518989",
        }
    ],
    "name": [
        {
            "use": "official",
            "family": "PAT-TROIS",
            "given": ["DOMINIQUE"],
            "extension": [
                {
                    "url": f"{FR_CORE}StructureDefinition/fr-core-patient-birth-list-given-name",
                    "valueString": "DOMINIQUE",
                }
            ],
        }
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
}


def practitioner(rpps: str, family: str, given: str) -> dict[str, Any]:
    types = f"{FR_CORE}CodeSystem/fr-core-cs-v2-0203"
    return {
        "resourceType": "Practitioner",
        "identifier": [
            {
                "type": {"coding": [{"system": types, "code": "IDNPS"}]},
                "system": "urn:oid:1.2.250.1.71.4.2.1",
                "value": f"8{rpps}",
            },
            {
                "type": {"coding": [{"system": types, "code": "RPPS"}]},
                "system": "https://rpps.esante.gouv.fr",
                "value": rpps,
            },
        ],
        "name": [{"use": "usual", "family": family, "given": [given], "prefix": ["DR"]}],
    }


def organization(finess: str, name: str, kind: str) -> dict[str, Any]:
    types = f"{FR_CORE}CodeSystem/fr-core-cs-v2-0203"
    return {
        "resourceType": "Organization",
        "identifier": [
            {
                "use": "official",
                "type": {"coding": [{"system": types, "code": "IDNST"}]},
                "system": "urn:oid:1.2.250.1.71.4.2.2",
                "value": f"1{finess}",
            },
            {
                "type": {"coding": [{"system": types, "code": "FINEG"}]},
                "system": "https://finess.esante.gouv.fr",
                "value": finess,
            },
        ],
        "type": [
            {
                "coding": [
                    {"system": "urn:passerelle:code-system:TLR_TYPE_ORGANISATION", "code": kind}
                ]
            }
        ],
        "name": name,
    }


def role(rpps: str, person: str, finess: str, structure: str) -> dict[str, Any]:
    who = url("Practitioner", "https://rpps.esante.gouv.fr", rpps)
    where = url("Organization", "https://finess.esante.gouv.fr", finess)
    return {
        "resourceType": "PractitionerRole",
        "identifier": [
            {
                "system": "urn:passerelle:practitioner-role",
                "value": stable_id("PractitionerRole", who, where),
            }
        ],
        "practitioner": {"reference": who, "display": person},
        "organization": {"reference": where, "display": structure},
    }


def role_reference(resource: dict[str, Any]) -> dict[str, str]:
    (identifier,) = resource["identifier"]
    names = (resource["practitioner"]["display"], resource["organization"]["display"])
    return {
        "reference": url("PractitionerRole", identifier["system"], identifier["value"]),
        "display": ", ".join(names),
    }


THOMAS: Final = practitioner("01234564895", "Eric", "Thomas")
ADAM: Final = practitioner("01234567897", "Hoda", "Adam")
CENTRE: Final = organization("300017985", "Structure-Y", "STRUCTURE_IMAGERIE")
PLATFORM: Final = organization("300017986", "Plateforme-Y", "PLATEFORME_TLR")
REQUESTER: Final = role("01234567897", "Adam Hoda", "300017985", "Structure-Y")
RADIOLOGIST: Final = role("01234564895", "Thomas Eric", "300017986", "Plateforme-Y")


def provenance(mapped: Mapped, event: str, when: str, sender: tuple[str, str]) -> dict[str, Any]:
    number = {"O01": "1", "R01": "3", "O23": "4"}[event]
    number = "2" if when == "2026-01-06T13:45:18+01:00" else number
    return {
        "resourceType": "Provenance",
        "target": [{"reference": entry.full_url} for entry in mapped.entries[:-1]],
        "recorded": when,
        "activity": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": event}]
        },
        "agent": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/"
                            "provenance-participant-type",
                            "code": "author",
                            "display": "Author",
                        }
                    ]
                },
                "who": {"display": f"{sender[0]} ({sender[1]})"},
            }
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "identifier": {
                        "system": f"urn:passerelle:message:{sender[0]}:{sender[1]}",
                        "value": f"00000{number}",
                    }
                },
            }
        ],
    }


CENTRE_SENDER: Final = ("StructureApp", "StructureFacility")
PLATFORM_SENDER: Final = ("TLRapp", "TLRfacility")


def mapped_flow(number: int) -> Mapped:
    (path,) = _FLOWS.glob(f"flux{number}_*.hl7")
    return map_message(Message.parse(path.read_bytes()), Context())


def observation(mapped: Mapped, place: int, parts: dict[str, Any]) -> dict[str, Any]:
    held = mapped.entries[place].resource
    return {
        "resourceType": "Observation",
        "identifier": held["identifier"],
        "status": "final",
        "subject": SUBJECT,
        "effectiveDateTime": "2026-01-06T13:44:18+01:00",
    } | parts


def vital_sign(code: str, display: str, value: str, unit: str) -> dict[str, Any]:
    return {
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                        "display": "Vital Signs",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
        "valueQuantity": {
            "value": Digits(value),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


# PV1-19 is the appointment of the agenda, which a SIU may have told of.
APPOINTMENT: Final = {
    "type": "Appointment",
    "identifier": {"system": "urn:passerelle:namespace:CHU-X", "value": "000897406"},
}


def test_flow_1_is_an_order_with_what_the_radiologist_must_know() -> None:
    mapped = mapped_flow(1)

    informations = [
        observation(
            mapped,
            5,
            {
                "code": {
                    "coding": [
                        {
                            "system": LOINC,
                            "code": "11322-5",
                            "display": "History of General health Narrative",
                        }
                    ]
                },
                "valueString": "Antécédents majeur du patient",
                "interpretation": [{"coding": [{"code": "MAJEUR"}]}],
            },
        ),
        observation(mapped, 6, vital_sign("8302-2", "Body height", "170", "cm")),
        observation(mapped, 7, vital_sign("29463-7", "Body weight", "68", "kg")),
        observation(
            mapped,
            8,
            {
                "code": {
                    "coding": [{"system": LOINC, "code": "82810-3", "display": "Pregnancy status"}]
                },
                "valueCodeableConcept": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0532",
                            "code": "N",
                        }
                    ]
                },
            },
        ),
    ]
    order = {
        "resourceType": "ServiceRequest",
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/"
                "servicerequest-order-callback-phone-number",
                "valueContactPoint": {
                    "system": "phone",
                    "value": "+3360708091",
                    "use": "mobile",
                },
            }
        ],
        "identifier": [PLACER],
        "status": "active",
        "intent": "order",
        "category": [IMAGING],
        "code": MRI,
        "orderDetail": [MRI],
        "subject": SUBJECT,
        "authoredOn": "2026-01-06T13:44:18+01:00",
        "requester": role_reference(REQUESTER),
        "performer": [
            {
                "reference": url("Practitioner", "https://rpps.esante.gouv.fr", "01234564895"),
                "display": "Thomas Eric",
            }
        ],
        "reasonCode": [{"text": "JustificationDemande"}],
        "supportingInfo": [
            *({"reference": entry.full_url} for entry in mapped.entries[5:9]),
            APPOINTMENT,
        ],
        "bodySite": [HEAD],
        "note": [
            {"text": "Commentaire sur la finalité de l'examen"},
            {"text": "Commentaire sur la modalité"},
        ],
    }
    assert [entry.resource for entry in mapped.entries] == [
        PATIENT,
        THOMAS,
        ADAM,
        CENTRE,
        REQUESTER,
        *informations,
        order,
        provenance(mapped, "O01", "2026-01-06T13:44:18+01:00", CENTRE_SENDER),
    ]
    writes = {entry.resource["resourceType"]: entry.write for entry in mapped.entries}
    assert (writes["Patient"], writes["ServiceRequest"]) == (Write.MENTION, Write.ASSERT)
    assert mapped.links == (Link(LinkKind.PLACER, PLACER_SYSTEM, "OPN101"),)
    assert mapped.order == ORDER_URL


def test_flow_2_revokes_the_order_and_says_why() -> None:
    mapped = mapped_flow(2)

    order = {
        "resourceType": "ServiceRequest",
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
                "valueCodeableConcept": {"text": "Motif d'annulation de la demande"},
            }
        ],
        "identifier": [PLACER],
        "status": "revoked",
        "intent": "order",
        "category": [IMAGING],
        "subject": SUBJECT,
        "authoredOn": "2026-01-06T13:45:18+01:00",
        "requester": role_reference(REQUESTER),
    }
    assert [entry.resource for entry in mapped.entries] == [
        PATIENT,
        ADAM,
        CENTRE,
        REQUESTER,
        order,
        provenance(mapped, "O01", "2026-01-06T13:45:18+01:00", CENTRE_SENDER),
    ]
    assert mapped.entries[4].keys == (Key(PLACER_SYSTEM, "OPN101"),)


def test_flow_3_accepts_the_order_with_a_protocol_and_is_no_report() -> None:
    mapped = mapped_flow(3)

    # The sample's base64 is one character too long: it is kept as it came.
    content = b"Pendggfbubzbdy12gggvt"
    protocol = {
        "coding": [
            {
                "system": "urn:passerelle:code-system:TLR_OBSERVATION",
                "code": "PROTOCOLE_IMAGERIE",
                "display": "Protocole d'imagerie médicale",
            }
        ]
    }
    key = f"{ORDER_URL}/PROTOCOLE_IMAGERIE/1"
    document = {
        "resourceType": "DocumentReference",
        "identifier": [{"system": "urn:passerelle:document", "value": key}],
        "status": "current",
        "docStatus": "final",
        "type": protocol,
        "subject": SUBJECT,
        "date": "2026-01-06T16:44:18+01:00",
        "author": [role_reference(RADIOLOGIST)],
        "content": [
            {
                "attachment": {
                    "contentType": "application/octet-stream",
                    "language": "fr-FR",
                    "url": f"urn:sha256:{sha256(content).hexdigest()}",
                    "size": 21,
                    "hash": b64encode(sha1(content, usedforsecurity=False).digest()).decode(),
                    "title": "Protocole d'imagerie médicale",
                }
            }
        ],
        "context": {"related": [{"reference": ORDER_URL}]},
    }
    task = {
        "resourceType": "Task",
        "identifier": [{"system": "urn:passerelle:task", "value": f"{PLACER_SYSTEM}|OPN101"}],
        "basedOn": [{"reference": ORDER_URL}],
        "status": "accepted",
        "intent": "order",
        "code": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/CodeSystem/task-code",
                    "code": "fulfill",
                    "display": "Fulfill the focal request",
                }
            ]
        },
        "focus": {"reference": ORDER_URL},
        "for": SUBJECT,
        "lastModified": "2026-01-06T16:44:18+01:00",
        "owner": role_reference(RADIOLOGIST),
        "output": [
            {
                "type": protocol,
                "valueReference": {
                    "reference": url("DocumentReference", "urn:passerelle:document", key)
                },
            }
        ],
    }
    order = {
        "resourceType": "ServiceRequest",
        "identifier": [PLACER],
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
    }
    assert [entry.resource for entry in mapped.entries] == [
        PATIENT,
        order,
        THOMAS,
        PLATFORM,
        RADIOLOGIST,
        document,
        task,
        provenance(mapped, "R01", "2026-01-06T16:44:18+01:00", PLATFORM_SENDER),
    ]
    assert mapped.entries[1].write is Write.MENTION
    assert [payload.content for payload in mapped.objects] == [content]
    assert [issue.location for issue in mapped.warnings] == ["OBX^1^5"]
    assert mapped.report is None


def test_flow_4_completes_the_order_with_the_study_and_the_act() -> None:
    mapped = mapped_flow(4)

    order = {
        "resourceType": "ServiceRequest",
        "identifier": [PLACER, ACCESSION],
        "status": "completed",
        "intent": "order",
        "category": [IMAGING],
        "code": ACT,
        "subject": SUBJECT,
    }
    study = {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": "urn:dicom:uid", "value": STUDY}, ACCESSION],
        "status": "registered",
        "modality": [{"system": DCM, "code": "MR", "display": "IRM"}],
        "subject": SUBJECT,
        "started": "2026-01-06T18:44:18+01:00",
        "basedOn": [{"reference": ORDER_URL}],
        "procedureCode": [ACT],
    }
    procedure = {
        "resourceType": "Procedure",
        "identifier": [{"system": "urn:passerelle:procedure", "value": f"{ORDER_URL}/24590-2"}],
        "basedOn": [{"reference": ORDER_URL}],
        "status": "completed",
        "code": ACT,
        "subject": SUBJECT,
        "performedDateTime": "2026-01-06T18:44:18+01:00",
        "bodySite": [HEAD],
        "usedReference": [{"reference": mapped.entries[3].full_url, "display": "Modèle"}],
    }
    device = {
        "resourceType": "Device",
        "identifier": [{"system": "urn:passerelle:device", "value": "1234567896363"}],
        "udiCarrier": [{"deviceIdentifier": "1234567896363"}],
        "deviceName": [{"name": "Modèle", "type": "model-name"}],
    }
    product = {"coding": [{"system": "http://www.whocc.no/atc", "code": "V09"}]}
    administration = {
        "resourceType": "MedicationAdministration",
        "identifier": [{"system": "urn:passerelle:administration", "value": f"{ORDER_URL}/1"}],
        "status": "completed",
        "contained": [
            {
                "resourceType": "Medication",
                "id": "produit",
                "code": product,
                "batch": {"lotNumber": "0123456789"},
            }
        ],
        "medicationReference": {"reference": "#produit"},
        "subject": SUBJECT,
        "supportingInformation": [{"reference": ORDER_URL}],
        "effectiveDateTime": "2026-01-06T18:44:18+01:00",
        "dosage": {
            "dose": {"value": 1, "unit": "ml", "system": "http://unitsofmeasure.org", "code": "mL"}
        },
    }
    assert [entry.resource for entry in mapped.entries] == [
        PATIENT,
        order,
        study,
        device,
        procedure,
        administration,
        provenance(mapped, "O23", "2026-01-06T18:45:18+01:00", CENTRE_SENDER),
    ]
    assert (mapped.order, mapped.study) == (ORDER_URL, STUDY_URL)
    assert mapped.links == (
        Link(LinkKind.PLACER, PLACER_SYSTEM, "OPN101"),
        Link(LinkKind.ACCESSION, "urn:oid:1.2.250.1.925.994044.27", "ACN101"),
        Link(LinkKind.STUDY, "urn:dicom:uid", STUDY),
    )
    assert [issue.text for issue in mapped.warnings] == [
        "PV1 is kept in the journal, not mapped.",
        "URL_PARTIELLE_VIEWER holds no URL: kept in the journal, not mapped.",
        "TQ1-6: kept in the journal, not mapped.",
    ]


def test_flow_4_says_where_the_images_are_looked_at() -> None:
    address = "https://drimbox.example/viewer?study=1.2.250.1.213.4.5.2.1.101"
    (path,) = _FLOWS.glob("flux4_*.hl7")
    raw = path.read_bytes().replace(b"Penfhghdegge", b64encode(address.encode()))
    mapped = map_message(Message.parse(raw), Context())
    (endpoint,) = (
        entry for entry in mapped.entries if entry.resource["resourceType"] == "Endpoint"
    )
    (study,) = (
        entry.resource
        for entry in mapped.entries
        if entry.resource["resourceType"] == "ImagingStudy"
    )
    assert endpoint.resource["address"] == address
    assert endpoint.resource["connectionType"]["code"] == "ihe-iid"
    assert study["endpoint"] == [{"reference": endpoint.full_url}]


def test_what_a_patient_tells_is_no_code_of_the_sender() -> None:
    assert [one.code for one in mapped_flow(1).unmapped_codes] == ["MAJEUR"]
