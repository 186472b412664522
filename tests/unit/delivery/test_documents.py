from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from gateway.delivery.documents import LIMIT, Documents, fetch

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.objects import FileObjects

PDF = b"%PDF-1.4 compte rendu"


def nothing(_type: str, _id: str) -> Resource | None:
    return None


def report(**attachment: str) -> Resource:
    return {"presentedForm": [{"contentType": "application/pdf"} | attachment]}


def test_a_document_written_into_the_report_is_taken(objects: FileObjects) -> None:
    given = report(data=b64encode(PDF).decode())
    assert fetch(given, nothing, objects) == Documents((PDF,))


def test_a_document_in_the_object_store_is_taken_by_its_name(objects: FileObjects) -> None:
    given = report(url=f"urn:sha256:{objects.put(PDF)}")
    assert fetch(given, nothing, objects) == Documents((PDF,))


def test_a_binary_names_its_object(objects: FileObjects) -> None:
    binary = {"resourceType": "Binary", "meta": {"source": f"urn:sha256:{objects.put(PDF)}"}}

    def read(resource_type: str, resource_id: str) -> Resource | None:
        return binary if (resource_type, resource_id) == ("Binary", "b") else None

    assert fetch(report(url="Binary/b"), read, objects) == Documents((PDF,))
    address = "http://127.0.0.1:8080/fhir/Binary/b"
    assert fetch(report(url=address), read, objects) == Documents((PDF,))


def test_a_binary_may_hold_its_bytes(objects: FileObjects) -> None:
    binary = {"resourceType": "Binary", "data": b64encode(PDF).decode()}
    assert fetch(report(url="Binary/b"), lambda *_: binary, objects) == Documents((PDF,))


def test_plain_text_is_read_into_the_letter(objects: FileObjects) -> None:
    text = b64encode("Résultat : œdème.\n".encode()).decode()
    given = report(contentType="text/plain; charset=utf-8", data=text)
    assert fetch(given, nothing, objects) == Documents(text="Résultat : œdème.")


def test_a_document_that_is_nowhere_is_left_out(objects: FileObjects) -> None:
    lost = Documents(left_out=True)
    assert fetch(report(url="urn:sha256:" + "0" * 64), nothing, objects) == lost
    assert fetch(report(url="Binary/lost"), nothing, objects) == lost


def test_a_document_over_the_limit_of_a_mailbox_is_left_out(objects: FileObjects) -> None:
    given = report(url=f"urn:sha256:{objects.put(bytes(LIMIT + 1))}")
    assert fetch(given, nothing, objects) == Documents(left_out=True)


def cda(body: str) -> str:
    return b64encode(f"<ClinicalDocument><component>{body}</component>".encode()).decode()


def test_the_pdf_of_a_cda_is_taken_once(objects: FileObjects) -> None:
    text = b64encode(PDF).decode()
    opened = '<nonXMLBody><text mediaType="application/pdf" representation="B64">'
    wrapped = f"{opened}{text}</text></nonXMLBody>"
    document = {"contentType": "text/xml", "data": cda(wrapped)}
    same = {"contentType": "application/pdf", "data": b64encode(PDF).decode()}
    assert fetch({"presentedForm": [document]}, nothing, objects) == Documents((PDF,))
    assert fetch({"presentedForm": [document, same]}, nothing, objects) == Documents((PDF,))


def test_a_cda_that_cannot_be_read_on_paper_is_missed_where_it_is_all_there_is(
    objects: FileObjects,
) -> None:
    document = {"contentType": "text/xml", "data": cda("<structuredBody/>")}
    pdf = {"contentType": "application/pdf", "data": b64encode(PDF).decode()}
    assert fetch({"presentedForm": [document]}, nothing, objects) == Documents(left_out=True)
    assert fetch({"presentedForm": [document, pdf]}, nothing, objects) == Documents((PDF,))


def test_other_formats_stay_in_the_gateway(objects: FileObjects) -> None:
    assert fetch(report(contentType="text/html"), nothing, objects) == Documents()
