"""French documents in MDM and ORU: the document and the report, each as a whole resource."""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.fhir.datatypes import stable_id
from gateway.hl7v2.message import Message
from gateway.mapping.entry import Key, Mapped, Recipient, Write
from gateway.mapping.hl7v2 import Context, map_message

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_SAMPLES: Final = _SHARED / "corpus" / "hl7v2" / "fr_ans_hl7v2_exemples"
pytestmark = pytest.mark.skipif(
    not _SAMPLES.is_dir(), reason="the corpus is not here (GATEWAY_SHARED)"
)

URI: Final = "urn:ietf:rfc:3986"
FIRST: Final = "urn:oid:1.2.250.1.71.4.2.2.120456789.71024000081"
SECOND: Final = "urn:oid:1.2.250.1.71.4.2.2.120456789.71024000082"
RPPS: Final = "https://rpps.esante.gouv.fr"
STUDY: Final = "urn:oid:1.3.6.1.4.1.5962.99.1.3711725607.829148806.1687338938407.3.0"
ISSUED: Final = "2022-12-16T09:32:00+01:00"
TYPE: Final = {
    "coding": [
        {"system": "http://loinc.org", "code": "18748-4", "display": "CR d'imagerie médicale"}
    ]
}


def url(kind: str, system: str, value: str) -> str:
    return f"urn:uuid:{stable_id(kind, system, value)}"


SUBJECT: Final = {"reference": url("Patient", "urn:oid:1.2.250.1.213.1.4.10", "279035121518989")}
STUDY_REFERENCE: Final = {"reference": url("ImagingStudy", "urn:dicom:uid", STUDY)}
THOMAS: Final = url("Practitioner", RPPS, "01234564895")
ADAM: Final = url("Practitioner", RPPS, "01234567897")
CENTRE: Final = url("Organization", "https://finess.esante.gouv.fr", "300017985")
ROLE: Final = url(
    "PractitionerRole",
    "urn:passerelle:practitioner-role",
    stable_id("PractitionerRole", THOMAS, CENTRE),
)
AUTHOR: Final = {"reference": ROLE, "display": "Thomas Eric, Organisation-Y"}
VISIT: Final = {
    "reference": url("Encounter", "urn:passerelle:namespace:AUT-AFFECTATION", "000897406")
}
CUSTODIAN: Final = {"reference": CENTRE, "display": "Organisation-Y"}


def mapped(ending: str) -> Mapped:
    (path,) = (one for one in _SAMPLES.iterdir() if one.name.endswith(ending))
    return map_message(Message.parse(path.read_bytes()), Context())


def one(found: Mapped, kind: str) -> dict[str, Any]:
    (resource,) = (e.resource for e in found.entries if e.resource["resourceType"] == kind)
    return resource


def attachment(found: Mapped, content_type: str, title: str, creation: str) -> dict[str, Any]:
    """Describe the one document of the message by its own bytes."""
    (payload,) = found.objects
    content = payload.content
    return {
        "contentType": content_type,
        "language": "fr-FR",
        "url": f"urn:sha256:{sha256(content).hexdigest()}",
        "size": len(content),
        "hash": b64encode(sha1(content, usedforsecurity=False).digest()).decode(),
        "title": title,
        "creation": creation,
    }


def document(found: Mapped, number: str, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": URI, "value": number},
        "status": "current",
        "docStatus": "final",
        "type": TYPE,
        "category": [
            {
                "coding": [
                    {
                        "system": "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/"
                        "TRE-A03-ClasseDocument",
                        "code": "31",
                        "display": "Imagerie médicale",
                    }
                ]
            }
        ],
        "subject": SUBJECT,
        "date": ISSUED,
        "author": [AUTHOR],
        "authenticator": {"reference": THOMAS},
        "custodian": CUSTODIAN,
        "description": "Radio de hanche",
        "securityLabel": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
                        "code": "N",
                        "display": "normal",
                    }
                ]
            }
        ],
        "content": [{"attachment": attachment(found, "text/xml", "Radio de hanche", ISSUED)}],
        "context": {"encounter": [VISIT], "related": [STUDY_REFERENCE]},
    } | more


def copy_to(*full_urls: str | None) -> list[dict[str, Any]]:
    url_ = "urn:passerelle:extension:copy-to"
    return [{"url": url_, "valueReference": {"reference": one_}} for one_ in full_urls]


def labelled(found: Mapped) -> dict[str, Any]:
    """Return the meta of a report that is as confidential as its document."""
    labels = one(found, "DocumentReference")["securityLabel"]
    return {"security": [coding for label in labels for coding in label["coding"]]}


def report(found: Mapped, status: str, *numbers: str) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "meta": labelled(found),
        "extension": copy_to(ADAM),
        "identifier": [{"system": URI, "value": number} for number in numbers],
        "status": status,
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                        "code": "RAD",
                        "display": "Radiology",
                    }
                ]
            }
        ],
        "code": TYPE,
        "subject": SUBJECT,
        "encounter": VISIT,
        "issued": ISSUED,
        "resultsInterpreter": [AUTHOR],
        "performer": [CUSTODIAN],
        "imagingStudy": [STUDY_REFERENCE],
        "presentedForm": [attachment(found, "text/xml", "Radio de hanche", ISSUED)],
    }


REPLACES: Final = [
    {
        "code": "replaces",
        "target": {
            "type": "DocumentReference",
            "identifier": {"system": URI, "value": FIRST},
        },
    }
]


def test_a_new_radiology_document() -> None:
    found = mapped(
        "HL7V2_V2.1__MDM__Transmission_initiale_MDM__message_MDM_CR_Radio_INIT_N1_Base64.er7"
    )

    assert [one_.content[:1] for one_ in found.objects] == [b"<"]
    # The sample hides the document from the patient and his representatives.
    labels = document(found, FIRST)["securityLabel"]
    visibility = (
        "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/"
        "TRE-A07-StatutVisibiliteDocument"
    )
    hidden = [
        {"coding": [{"system": visibility, "code": code}]}
        for code in ("INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX")
    ]
    assert one(found, "DocumentReference") == document(
        found, FIRST, securityLabel=[*labels, *hidden]
    )
    assert one(found, "DiagnosticReport") == report(found, "final", FIRST)
    assert found.recipients == (
        Recipient(ADAM, "adam.hoda@test-ci-sis.mssante.fr", "practitioner"),
    )


def test_its_replacement_is_the_same_report_corrected() -> None:
    found = mapped("HL7V2_V2.1__MDM__Remplacement_MDM__message_MDM_CR_Radio_RPLC_N1.er7")

    assert one(found, "DocumentReference") == document(found, SECOND, relatesTo=REPLACES)
    assert one(found, "DiagnosticReport") == report(found, "corrected", SECOND, FIRST)
    (entry,) = (e for e in found.entries if e.resource["resourceType"] == "DiagnosticReport")
    assert entry.keys == (Key(URI, FIRST), Key(URI, SECOND))
    assert entry.full_url == url("DiagnosticReport", URI, FIRST)


def test_its_withdrawal_marks_both() -> None:
    found = mapped("HL7V2_V2.1__MDM__Suppression_MDM__message_MDM_CR_Radio_DEL_N1.er7")

    assert one(found, "DocumentReference") == document(
        found,
        SECOND,
        status="entered-in-error",
        docStatus="entered-in-error",
        relatesTo=REPLACES,
    )
    assert one(found, "DiagnosticReport") == report(found, "cancelled", SECOND, FIRST)


def test_a_biology_document_in_an_oru_is_a_laboratory_report() -> None:
    found = mapped("message_ORU_CR_Bio_INIT_N3_SEGUR.hl7")

    title = "Compte rendu d'examens biologiques"
    (payload,) = found.objects
    made = "2021-01-04T16:05:27+01:00"
    content = attachment(found, "text/xml", title, made) | {"size": len(payload.content)}
    resource = one(found, "DiagnosticReport")
    assert resource == {
        "resourceType": "DiagnosticReport",
        "meta": labelled(found),
        "extension": copy_to(*(each.full_url for each in found.recipients)),
        "identifier": one(found, "ServiceRequest")["identifier"],
        "basedOn": [{"reference": found.order}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                        "code": "LAB",
                        "display": "Laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": "11502-2",
                    "display": "CR d'examens biologiques",
                }
            ]
        },
        "subject": SUBJECT,
        "encounter": VISIT,
        "issued": made,
        "resultsInterpreter": resource["resultsInterpreter"],
        "performer": resource["performer"],
        "presentedForm": [content],
    }
    assert [recipient.kind for recipient in found.recipients] == ["practitioner", "patient"]


def test_consent_messages_update_the_patient_and_name_the_treating_physician() -> None:
    found = mapped("__ConsentementConsultation_NonOppositionAlimentation.er7")

    (entry,) = (e for e in found.entries if e.resource["resourceType"] == "Patient")
    assert entry.write is Write.ASSERT
    assert entry.keys == (
        Key("urn:oid:1.2.250.1.213.1.4.10", "279035121518989"),
        Key("urn:passerelle:namespace:CHU-X", "000003"),
    )
    assert entry.resource["generalPractitioner"] == [
        {"reference": url("Practitioner", RPPS, "10000023084"), "display": "Isabelle AGNES"}
    ]
    # The attending doctor of the visit is the other one.
    physician = next(
        e.resource for e in found.entries if e.resource["resourceType"] == "Practitioner"
    )
    assert physician["telecom"] == [{"system": "phone", "value": "0546442221", "use": "work"}]
    assert physician["address"] == [
        {
            "use": "work",
            "line": ["144 RUE EMILE NORMANDIN", "CABINET DU DR ISABELLE AGNES"],
            "city": "La Rochelle",
            "postalCode": "17000",
            "country": "FRA",
        }
    ]
    assert [issue.location for issue in found.warnings] == ["PD1", "PV2", "ZFM"]
