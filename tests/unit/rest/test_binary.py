from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.xml import read_xml

if TYPE_CHECKING:
    import httpx

    from tests.unit.rest.conftest import Caller

PDF = b"%PDF-1.7 compte rendu"
LARGE = b"%PDF-1.7 " + bytes(range(256)) * 200
FHIR = {"accept": "application/fhir+json"}


def put(caller: Caller, content: bytes, content_type: str = "application/pdf") -> httpx.Response:
    answer = caller.ask(
        "POST", "/fhir/Binary", content=content, headers={"content-type": content_type}
    )
    assert answer.status_code == 201, answer.text
    return answer


@pytest.mark.parametrize("content", [PDF, LARGE])
def test_content_comes_back_raw_and_as_a_resource(caller: Caller, content: bytes) -> None:
    created = put(caller, content).json()
    path = f"/fhir/Binary/{created['id']}"
    for place in (path, f"{path}/_history/1"):
        raw = caller.ask("GET", place)
        assert (raw.status_code, raw.content) == (200, content)
        assert raw.headers["content-type"] == "application/pdf"
        assert raw.headers["x-content-type-options"] == "nosniff"
        assert raw.headers["content-security-policy"].startswith("sandbox")
        whole = caller.ask("GET", place, headers=FHIR).json()
        assert (whole["contentType"], base64.b64decode(whole["data"])) == (
            "application/pdf",
            content,
        )


def test_large_content_lies_in_the_object_store(caller: Caller) -> None:
    created = put(caller, LARGE).json()
    stored = caller.ports.store.read("Binary", created["id"])
    assert stored is not None
    assert "data" not in stored.resource
    sha256 = stored.resource["meta"]["source"].removeprefix("urn:sha256:")
    assert caller.ports.objects.read(sha256) == LARGE


def test_a_resource_with_large_data_is_set_apart_and_updates_to_nothing_new(caller: Caller) -> None:
    data = base64.b64encode(LARGE).decode()
    created = caller.create(
        {"resourceType": "Binary", "contentType": "application/pdf", "data": data}
    )
    path = f"/fhir/Binary/{created['id']}"
    whole = caller.ask("GET", path, headers=FHIR).json()
    assert (whole["data"], "source" in whole["meta"]) == (data, False)
    answer = caller.ask("PUT", path, json=whole)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')


def test_nobody_reads_an_object_by_naming_its_digest(caller: Caller) -> None:
    sha256 = caller.ports.objects.put(b"somebody else's")
    created = caller.create(
        {
            "resourceType": "Binary",
            "contentType": "text/plain",
            "meta": {"source": f"urn:sha256:{sha256}"},
        }
    )
    assert caller.ask("GET", f"/fhir/Binary/{created['id']}").content == b""


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/pdf", "application/pdf"),
        ("text/html,*/*;q=0.8", "application/pdf"),
        ("application/*", "application/pdf"),
        ("application/json", "application/json;charset=utf-8"),
        (
            "application/fhir+xml;q=0.8, application/fhir+json;q=0.9",
            "application/fhir+json;charset=utf-8",
        ),
        ("application/fhir+xml", "application/fhir+xml;charset=utf-8"),
        ("image/png, text/xml;q=0.9", "text/xml;charset=utf-8"),
    ],
)
def test_accept_chooses_between_content_and_resource(
    caller: Caller, accept: str, content_type: str
) -> None:
    path = f"/fhir/Binary/{put(caller, PDF).json()['id']}"
    answer = caller.ask("GET", path, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(
    ("wanted", "status", "content_type"),
    [
        ("json", 200, "application/fhir+json;charset=utf-8"),
        ("xml", 200, "application/fhir+xml;charset=utf-8"),
        ("application/fhir+xml", 200, "application/fhir+xml;charset=utf-8"),
        ("application/pdf", 200, "application/pdf"),
        ("image/png", 406, "application/fhir+json;charset=utf-8"),
    ],
)
def test_format_chooses_as_well(
    caller: Caller, wanted: str, status: int, content_type: str
) -> None:
    path = f"/fhir/Binary/{put(caller, PDF).json()['id']}"
    answer = caller.ask("GET", path, params={"_format": wanted}, headers={"accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)


@pytest.mark.parametrize("content", [PDF, LARGE])
def test_a_binary_goes_both_ways_as_xml(caller: Caller, content: bytes) -> None:
    created = put(caller, content).json()
    xml = caller.ask("GET", f"/fhir/Binary/{created['id']}?_format=xml").content
    assert read_xml(xml)["data"] == base64.b64encode(content).decode()
    for content_type in ("application/fhir+xml", "text/xml"):
        again = put(caller, xml, content_type).json()
        raw = caller.ask("GET", f"/fhir/Binary/{again['id']}")
        assert (raw.content, raw.headers["content-type"]) == (content, "application/pdf")


def test_other_xml_is_content(caller: Caller) -> None:
    cda = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>'
    created = put(caller, cda, "text/xml").json()
    assert caller.ask("GET", f"/fhir/Binary/{created['id']}").content == cda


def test_a_summary_of_a_binary_lacks_its_data(caller: Caller) -> None:
    created = put(caller, PDF).json()
    told = caller.ask("GET", f"/fhir/Binary/{created['id']}?_format=json&_elements=contentType")
    assert (told.json()["contentType"], "data" in told.json()) == ("application/pdf", False)


def test_the_security_context_comes_and_goes_as_a_header(
    caller: Caller, patient: dict[str, Any]
) -> None:
    reference = f"Patient/{caller.create(patient)['id']}"
    headers = {"content-type": "application/pdf", "x-security-context": reference}
    answer = caller.ask("POST", "/fhir/Binary", content=PDF, headers=headers)
    assert answer.json()["securityContext"] == {"reference": reference}
    raw = caller.ask("GET", f"/fhir/Binary/{answer.json()['id']}")
    assert raw.headers["x-security-context"] == reference


def test_neither_content_nor_resource_is_not_acceptable(caller: Caller) -> None:
    path = f"/fhir/Binary/{put(caller, PDF).json()['id']}"
    assert caller.ask("GET", path, headers={"accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/xml"])
def test_what_a_browser_would_run_is_downloaded(caller: Caller, content_type: str) -> None:
    path = f"/fhir/Binary/{put(caller, b'<a/>', content_type).json()['id']}"
    answer = caller.ask("GET", path)
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == (
        content_type,
        "attachment",
    )


def test_content_can_be_replaced_raw(caller: Caller) -> None:
    path = f"/fhir/Binary/{put(caller, PDF).json()['id']}"
    answer = caller.ask("PUT", path, content=LARGE, headers={"content-type": "application/pdf"})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert caller.ask("GET", path).content == LARGE


def test_what_the_caller_holds_is_not_sent_again(caller: Caller) -> None:
    path = f"/fhir/Binary/{put(caller, LARGE).json()['id']}"
    assert caller.ask("GET", path, headers={"if-none-match": 'W/"1"'}).status_code == 304


@pytest.mark.parametrize("content_type", ["pdf", "a/b\r\nx: y".replace("\r\n", " "), "a/b;"])
def test_a_content_type_that_is_none_is_refused(caller: Caller, content_type: str) -> None:
    answer = caller.ask("POST", "/fhir/Binary", content=PDF, headers={"content-type": content_type})
    assert answer.status_code == 400


def test_broken_base64_is_told_by_validation(caller: Caller) -> None:
    wrong: dict[str, Any] = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "data": "é" * 20_000,
    }
    answer = caller.ask("POST", "/fhir/Binary", json=wrong)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Binary.data"])


@pytest.mark.parametrize(
    "elements", [{"data": 5}, {"data": "A"}, {"meta": {"source": 5}, "securityContext": "x"}]
)
def test_what_was_written_without_validation_is_never_a_failure(
    caller: Caller, elements: dict[str, Any]
) -> None:
    with caller.ports.store.transaction() as tx:
        tx.put({"resourceType": "Binary", "id": "b", "contentType": "text/plain", **elements})
    raw = caller.ask("GET", "/fhir/Binary/b", headers={"accept": "text/plain"})
    whole = caller.ask("GET", "/fhir/Binary/b", headers={"accept": "application/fhir+json"})
    assert (raw.status_code in {200, 422}, whole.status_code) == (True, 200)
