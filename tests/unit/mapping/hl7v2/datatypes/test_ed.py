from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2.datatypes.ed import Document, ed_document

PDF = b"%PDF-1.7 \x00\xff compte rendu"
CDA = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>'


def decoded(field: str) -> Document | None:
    message = Message.parse(f"MSH|^~\\&|A|B|C|D|2026||ORU^R01\rOBX|1|ED|X||{field}".encode())
    obx = message.first("OBX")
    assert obx is not None
    return ed_document(obx, message)


def base64(content: bytes) -> str:
    return b64encode(content).decode()


@pytest.mark.parametrize(
    "field",
    [
        f"^application^pdf^Base64^{base64(PDF)}",
        f"^AP^PDF^Base64^{base64(PDF)}",
        f"PDF^application^pdf^Base64^{base64(PDF)}",
        f"PDF^^^Base64^{base64(PDF)}",
        f"PDF^Base64^{base64(PDF)}",
        f"RIS&1.2.3&ISO^application^pdf^BASE64^{base64(PDF)}",
        f"^application^octet-stream^Base64^{base64(PDF)}",
        f"^application^pdf^A^{PDF.hex()}",
        f"^application^pdf^Hex^{PDF.hex().upper()}",
        f"^application^pdf^Base64^{base64(PDF).rstrip('=')}",
        f"^application^pdf^Base64^{base64(PDF)[:12]}\\.br\\{base64(PDF)[12:]}",
        f"^application^pdf^Base64^{base64(PDF)[:12]}\\X0D\\\\X0A\\{base64(PDF)[12:]}",
        f"^application^pdf^Base64^{base64(PDF)[:12]} {base64(PDF)[12:]}",
    ],
)
def test_a_pdf_is_found_however_the_sender_writes_it(field: str) -> None:
    assert decoded(field) == Document(PDF, "application/pdf")


@pytest.mark.parametrize("types", ["TEXT^XML", "text^XML", "^", "application^hl7-cda-level-one"])
def test_a_cda_document_is_xml(types: str) -> None:
    assert decoded(f"^{types}^Base64^{base64(CDA)}") == Document(CDA, "text/xml")


def test_what_says_xml_and_is_text_is_text_with_a_fault() -> None:
    document = decoded(f"^text^XML^Base64^{base64('Médecin'.encode())}")

    assert document == Document(
        "Médecin".encode(), "text/plain", "OBX-5 says XML and holds something else."
    )


def test_what_says_pdf_and_is_none_is_not_shown_as_pdf() -> None:
    document = decoded(f"^application^pdf^Base64^{base64(b'rien')}")

    assert document == Document(
        b"rien", "application/octet-stream", "OBX-5 says PDF and holds something else."
    )


@pytest.mark.parametrize("data", ["JVBERi0xL*!", "QUJDR", "zz"])
def test_damaged_data_is_kept_as_it_came(data: str) -> None:
    encoding = "A" if data == "zz" else "Base64"
    document = decoded(f"^application^pdf^{encoding}^{data}")

    assert document is not None
    assert (document.content, document.content_type) == (
        data.encode(),
        "application/octet-stream",
    )
    assert document.fault


@pytest.mark.parametrize("field", ["", "^application^pdf^Base64^", "^application^pdf^Base64"])
def test_no_data_is_no_document(field: str) -> None:
    assert decoded(field) is None
