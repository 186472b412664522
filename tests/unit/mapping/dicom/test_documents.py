from __future__ import annotations

from hashlib import sha256
from struct import pack
from typing import TYPE_CHECKING, Any

import pytest

from gateway.mapping.dicom.documents import is_document, map_document
from gateway.mapping.entry import Mapped, Write
from tests.documents import (
    CDA,
    CT,
    DOSE_SR,
    ENHANCED_SR,
    KEY_OBJECTS,
    PDF,
    STUDY_URL,
    SUBJECT,
    code,
    document,
    file_of,
    resources,
    selection,
    words,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

REPORT = code("18748-4", "LN", "Compte rendu d'imagerie")
CDA_BYTES = (
    b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.250.1.999" extension="CDA1"/>'
    b"<title>CR</title></ClinicalDocument>"
)


def encapsulated(sop_class: str, content: bytes, **more: Any) -> Dataset:  # noqa: ANN401 - attributes
    dataset = document(sop_class, EncapsulatedDocument=content, **more)
    dataset.EncapsulatedDocumentLength = len(content)
    return dataset


def test_an_encapsulated_pdf_is_a_document_and_the_report_of_the_study() -> None:
    pdf = b"%PDF-1.7\n%%EOF"
    dataset = encapsulated(
        PDF,
        pdf + b"!",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        DocumentTitle="CR Scanner",
        ConceptNameCodeSequence=[REPORT],
        VerificationFlag="VERIFIED",
        InstitutionName="Centre A",
    )  # fmt: skip - a document
    mapped = map_document(file_of(dataset), SUBJECT, STUDY_URL)
    found, report = resources(dataset)

    payload = mapped.objects[0]
    attachment = {
        "contentType": "application/pdf",
        "url": f"urn:sha256:{sha256(pdf + b'!').hexdigest()}",
        "size": 15,
        "hash": report["presentedForm"][0]["hash"],
        "title": "CR Scanner",
        "creation": "2026-09-15T09:30:00+02:00",
    }
    assert payload.content == pdf + b"!"
    assert found == {
        "resourceType": "DocumentReference",
        "masterIdentifier": {
            "system": "urn:ietf:rfc:3986",
            "value": "urn:oid:1.2.250.1.999.7.9.1",
        },
        "status": "current",
        "docStatus": "final",
        "type": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": "18748-4",
                    "display": "Compte rendu d'imagerie",
                }
            ],
            "text": "Compte rendu d'imagerie",
        },
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
        "subject": {"reference": SUBJECT},
        "date": "2026-09-15T09:30:00+02:00",
        "author": [{"type": "Organization", "display": "Centre A"}],
        "content": [{"attachment": attachment}],
        "context": {"related": [{"reference": STUDY_URL}]},
        "description": "CR Scanner",
    }
    assert report["status"] == "final"
    assert report["presentedForm"] == [attachment]
    assert mapped.report == mapped.entries[-1].full_url


def test_the_byte_that_pads_a_document_is_no_part_of_it() -> None:
    dataset = encapsulated(PDF, b"%PDF-1.7\n")

    assert map_document(file_of(dataset), SUBJECT, STUDY_URL).objects[0].content == b"%PDF-1.7\n"


def test_a_pdf_that_is_no_report_is_a_document_only() -> None:
    (found,) = resources(encapsulated(PDF, b"%PDF-1.7", DocumentTitle="Consentement"))

    assert found["type"] == {"text": "Consentement"}
    assert found["content"][0]["attachment"]["contentType"] == "application/pdf"


def test_an_unsigned_report_is_preliminary() -> None:
    found, report = resources(
        encapsulated(PDF, b"%PDF", ConceptNameCodeSequence=[REPORT], VerificationFlag="UNVERIFIED")
    )

    assert (found["docStatus"], report["status"]) == ("preliminary", "preliminary")


def test_a_cda_document_is_known_by_its_own_id_too() -> None:
    dataset = encapsulated(
        CDA, CDA_BYTES, MIMETypeOfEncapsulatedDocument="text/XML", DocumentTitle="CR"
    )
    (entry,) = map_document(file_of(dataset), SUBJECT, STUDY_URL).entries

    assert entry.resource["identifier"][0]["value"] == "CDA1"
    assert [one.value for one in entry.keys] == ["urn:oid:1.2.250.1.999.7.9.1", "CDA1"]
    assert entry.write is Write.MENTION
    assert entry.resource["content"][0]["attachment"]["contentType"] == "text/xml"


def test_a_document_without_content_shows_nothing() -> None:
    assert map_document(file_of(document(PDF)), SUBJECT, STUDY_URL) == Mapped()


def test_key_objects_are_a_document_that_points_to_images() -> None:
    chosen = selection(
        code("113000", meaning="Of Interest"),
        "1.2.9",
        "1.2.10",
        children=[words(code("113012"), "Le nodule")],
    )  # fmt: skip - a selection
    (found,) = resources(chosen)

    assert found["type"]["text"] == "Of Interest"
    assert found["description"] == "Le nodule"
    (related,) = found["context"]["related"]
    assert [one["valueUri"] for one in related["extension"]] == ["urn:oid:1.2.9", "urn:oid:1.2.10"]
    assert found["content"][0]["format"]["code"] == KEY_OBJECTS
    assert found["content"][0]["attachment"]["contentType"] == "application/dicom"


def test_a_manifest_is_typed_as_the_french_record_types_it() -> None:
    (found,) = resources(selection(code("113030", meaning="Manifest"), "1.2.9"))

    assert [one["code"] for one in found["type"]["coding"]] == ["IMG-KOS", "113030"]
    assert found["context"]["related"] == [{"reference": STUDY_URL}]


@pytest.mark.parametrize("title", ["113001", "113037", "113038", "113039"])
def test_a_rejection_note_is_nothing_to_show(title: str) -> None:
    note = file_of(selection(code(title), "1.2.9"))

    assert map_document(note, SUBJECT, STUDY_URL) == Mapped()


@pytest.mark.parametrize(
    ("sop_class", "read"),
    [(PDF, True), (CDA, True), (KEY_OBJECTS, True), (DOSE_SR, True), (CT, False), ("1.2.3", False)],
)
def test_documents_are_read_whole_and_images_are_not(sop_class: str, *, read: bool) -> None:
    assert is_document(sop_class) is read


def test_a_report_of_ten_thousand_levels_is_mapped() -> None:
    sequence = pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    begin = pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    kind = pack("<HH2sH", 0x0040, 0xA040, b"CS", 10) + b"CONTAINER "
    measured = pack("<HH2sH", 0x0040, 0xA040, b"CS", 4) + b"NUM "
    ends = pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    head = file_of(document(ENHANCED_SR))
    deep = (sequence + begin + kind) * 10_000 + sequence + begin + measured + ends * 10_001

    found = map_document(head + deep, SUBJECT, STUDY_URL)

    kinds = [one.resource["resourceType"] for one in found.entries]
    assert kinds == ["Observation", "DiagnosticReport"]
