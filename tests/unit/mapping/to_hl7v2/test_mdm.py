from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from gateway.errors import RequiredMissing, Unsupported
from gateway.mapping.hl7v2.flags import CONFIDENTIALITY, VISIBILITY
from gateway.mapping.to_hl7v2 import Profile, Target
from tests.unit.mapping.to_hl7v2.conftest import World, back, lines, read_back

LPS = Target(application="LGC", facility="CABINET", version="2.6", profile=Profile.LPS)
CDA = Target(application="PFI", facility="CHU", version="2.6", profile=Profile.CDA)
EHR = Target(application="DPI", facility="CHU", version="2.5.1")
DOCUMENT_XML = (
    b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.250.1.999.7.1"/></ClinicalDocument>'
)
OID = "urn:ietf:rfc:3986"
DOCUMENT: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "id": "d1",
    "masterIdentifier": {"system": OID, "value": "urn:oid:1.2.250.1.999.7.1"},
    "status": "current",
    "docStatus": "final",
    "type": {
        "coding": [
            {"system": "http://loinc.org", "code": "18748-4", "display": "CR d'imagerie médicale"}
        ]
    },
    "subject": {"reference": "Patient/pat-trois"},
    "date": "2026-03-05T10:00:00+01:00",
    "author": [{"reference": "Practitioner/garnier"}],
    "authenticator": {"reference": "Practitioner/garnier"},
    "custodian": {"reference": "Organization/cabinet"},
    "securityLabel": [
        {"coding": [{"system": CONFIDENTIALITY, "code": "R", "display": "restricted"}]},
        {"coding": [{"system": VISIBILITY, "code": "INVISIBLE_PATIENT"}]},
    ],
    "content": [
        {"attachment": {"contentType": "text/xml", "data": b64encode(DOCUMENT_XML).decode()}}
    ],
    "context": {"related": [{"reference": "ServiceRequest/o1"}]},
}
REPLACES = [
    {
        "code": "replaces",
        "target": {
            "type": "DocumentReference",
            "identifier": {"system": OID, "value": "urn:oid:1.2.250.1.999.7.0"},
        },
    }
]
ESSENTIALS = ("masterIdentifier", "status", "type", "date", "securityLabel")


def test_a_document_for_a_physicians_software_is_written_as_the_lps_guide_says(
    world: World,
) -> None:
    written = lines(world.write("T02", DOCUMENT, LPS))
    assert written[0].endswith(
        "||MDM^T02^MDM_T02|M1|P|2.6|||||FRA|UNICODE UTF-8|||1.1^CISIS_CDA_HL7_LPS"
    )
    assert written[3:6] == [
        "PV1|1|N",
        "ORC|NW",
        "OBR|1|||18748-4^CR d'imagerie médicale^LN",
    ]
    txa = written[6].split("|")
    assert (txa[2], txa[3], txa[12], txa[17], txa[18], txa[22]) == (
        "18748-4",
        "TEXT",
        "1.2.250.1.999.7.1",
        "AU",
        "R",
        "810002909371",
    )
    assert written[7].startswith("OBX|1|ED|18748-4^CR d'imagerie médicale^LN||^text^XML^Base64^")
    assert [line.split("|")[4] for line in written[8:10]] == [
        "SB^^participation",
        "RCT^^participation",
    ]
    assert [(line.split("|")[3].split("^")[0], line.split("|")[5][0]) for line in written[10:]] == [
        ("MASQUE_PS", "N"),
        ("INVISIBLE_PATIENT", "Y"),
        ("INVISIBLE_REP_LEGAUX", "N"),
        ("MODIF_CONF_CODE", "N"),
    ]


def test_the_flags_of_a_transmission_stand_in_the_order_of_the_guide(world: World) -> None:
    written = lines(world.write("T02", DOCUMENT, CDA, {**DOCUMENT, "securityLabel": []}))
    flags = [line.split("|") for line in written if "MetaDMPMSS" in line]
    assert [(one[3].split("^")[0], one[5][0]) for one in flags] == [
        ("MASQUE_PS", "N"),
        ("INVISIBLE_PATIENT", "Y"),
        ("INVISIBLE_REP_LEGAUX", "N"),
        ("CONNEXION_SECRETE", "N"),
        ("MODIF_CONF_CODE", "Y"),
        ("DESTDMP", "N"),
        ("DESTMSSANTEPS", "Y"),
        ("DESTMSSANTEPAT", "N"),
        ("ACK_RECEPTION", "N"),
        ("ACK_LECTURE_MSS", "N"),
    ]


@pytest.mark.parametrize("target", [LPS, CDA, EHR])
def test_a_new_document_is_read_back_as_it_was(world: World, target: Target) -> None:
    raw = world.write("T02", DOCUMENT, target)
    (read,) = back(raw, "DocumentReference")
    expected = {name: DOCUMENT[name] for name in ESSENTIALS}
    if target is EHR:
        # The visibility is a French flag.
        expected["securityLabel"] = DOCUMENT["securityLabel"][:1]
    assert {name: read[name] for name in ESSENTIALS} == expected
    assert read["docStatus"] == "final"
    assert [one.content for one in read_back(raw).objects] == [DOCUMENT_XML]
    assert read["author"][0]["display"] == "LUC GARNIER"


@pytest.mark.parametrize("target", [LPS, CDA, EHR])
def test_a_replacement_names_what_it_replaces(world: World, target: Target) -> None:
    raw = world.write("T10", {**DOCUMENT, "relatesTo": REPLACES}, target)
    (read,) = back(raw, "DocumentReference")
    assert (read["relatesTo"], read["status"]) == (REPLACES, "current")


@pytest.mark.parametrize("target", [LPS, CDA, EHR])
def test_a_withdrawal_takes_the_document_back(world: World, target: Target) -> None:
    raw = world.write("T04", {**DOCUMENT, "status": "entered-in-error"}, target)
    (read,) = back(raw, "DocumentReference")
    assert (read["status"], read["masterIdentifier"]) == (
        "entered-in-error",
        DOCUMENT["masterIdentifier"],
    )


def test_a_pdf_goes_to_a_system_that_follows_no_french_guide(world: World) -> None:
    attachment = {"contentType": "application/pdf", "data": b64encode(b"%PDF-1.4").decode()}
    document = {**DOCUMENT, "content": [{"attachment": attachment}]}
    raw = world.write("T02", document, EHR)
    assert [one.content_type for one in read_back(raw).objects] == ["application/pdf"]
    with pytest.raises(Unsupported):
        world.write("T02", document, LPS)


def test_a_document_whose_content_is_nowhere_is_refused(world: World) -> None:
    content = [{"attachment": {"contentType": "text/xml", "url": "Binary/gone"}}]
    with pytest.raises(RequiredMissing):
        world.write("T02", {**DOCUMENT, "content": content}, EHR)


def test_the_french_guides_know_no_document_edited_in_place(world: World) -> None:
    with pytest.raises(Unsupported):
        world.write("T08", DOCUMENT, LPS)
    (read,) = back(world.write("T08", DOCUMENT, EHR), "DocumentReference")
    assert read["docStatus"] == "amended"
