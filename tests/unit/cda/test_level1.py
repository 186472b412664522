"""A CDA document of level 1, read back with an XML parser."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from xml.etree import ElementTree as ET

from gateway.cda.header import read_header
from gateway.cda.level1 import Document, Identifier, Organization, Patient, Person, write
from gateway.cda.patient import patient_identifiers
from gateway.mapping.to_cda.composition import composition_document

V3 = "{urn:hl7-org:v3}"
PDF = b"%PDF-1.4 synthetic"
COMPOSITION: dict[str, Any] = {
    "resourceType": "Composition",
    "id": "c",
    "identifier": {"value": "urn:uuid:6f1d5d9e-5b0f-4f6e-8a59-111111111111"},
    "type": {"coding": [{"code": "34794-8", "display": "CR de RCP"}]},
    "title": "RCP : soins & suivi",
    "date": "2022-05-05T12:45:00+02:00",
    "confidentiality": "R",
}
PATIENT: dict[str, Any] = {
    "identifier": [{"system": "urn:oid:2.999.93.1", "value": 'A"17'}],
    "name": [{"use": "official", "family": "DEMO-<N>", "given": ["CAMILLE"]}],
    "gender": "female",
    "birthDate": "1990-01-02",
}
AUTHOR: dict[str, Any] = {
    "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "99700991005"}],
    "name": [{"family": "DEMO-BERNARD", "given": ["Hugo"]}],
}


def document() -> bytes:
    return composition_document(
        COMPOSITION,
        PDF,
        patient=PATIENT,
        author=AUTHOR,
        custodian={"name": "MICROSTRUCTURE"},
        treating=AUTHOR,
    )


def test_the_document_is_xml_and_holds_the_pdf() -> None:
    root = ET.fromstring(document())  # noqa: S314 - our own

    body = root.find(f"{V3}component/{V3}nonXMLBody/{V3}text")
    assert body is not None
    assert body.attrib == {"mediaType": "application/pdf", "representation": "B64"}
    assert b64decode(body.text or "") == PDF
    templates = [one.get("root") for one in root.findall(f"{V3}templateId")]
    assert "1.3.6.1.4.1.19376.1.2.20" in templates


def test_the_header_says_what_the_composition_says() -> None:
    header = read_header(document())

    assert header.id == ("6F1D5D9E-5B0F-4F6E-8A59-111111111111", "")
    assert header.title == "RCP : soins & suivi"
    assert header.confidentiality == "R"
    assert patient_identifiers(document()) == (("2.999.93.1", 'A"17'),)


def test_people_stand_where_cda_has_them() -> None:
    root = ET.fromstring(document())  # noqa: S314 - our own

    author = root.find(f"{V3}author/{V3}assignedAuthor/{V3}id")
    treating = root.find(f"{V3}participant/{V3}functionCode")
    birth = root.find(f"{V3}recordTarget/{V3}patientRole/{V3}patient/{V3}birthTime")
    assert author is not None
    assert author.attrib == {"root": "1.2.250.1.71.4.2.1", "extension": "899700991005"}
    assert treating is not None
    assert treating.get("code") == "PCP"
    assert birth is not None
    assert birth.get("value") == "19900102"


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    nobody = Person("?")
    empty = Document(
        id=Identifier("1.2"),
        code="34794-8",
        display="",
        title="",
        effective="20220505",
        confidentiality="N",
        patient=Patient(nobody),
        author=nobody,
        custodian=Organization(""),
    )

    root = ET.fromstring(write(empty, PDF))  # noqa: S314 - our own

    assert root.find(f"{V3}participant") is None
    unknown = root.find(f"{V3}recordTarget/{V3}patientRole/{V3}id")
    assert unknown is not None
    assert unknown.get("nullFlavor") == "UNK"
