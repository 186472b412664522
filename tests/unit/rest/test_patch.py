from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.unit.rest.conftest import Caller

Json = dict[str, Any]
JSON_PATCH = {"content-type": "application/json-patch+json"}
FHIR = {"content-type": "application/fhir+json"}


def patch(caller: Caller, path: str, operations: list[Json], **headers: str) -> httpx.Response:
    said = {**JSON_PATCH, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return caller.ask("PATCH", f"/fhir/{path}", json=operations, headers=said)


def set_gender(code: str) -> Json:
    part = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": code},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}


def test_a_json_patch_makes_the_next_version(caller: Caller, patient: Json) -> None:
    created = caller.create(patient)
    replace = {"op": "replace", "path": "/gender", "value": "male"}
    answer = patch(caller, f"Patient/{created['id']}", [replace])
    after = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert after == {**created, "gender": "male", "meta": after["meta"]}


def test_a_fhirpath_patch_makes_the_next_version(caller: Caller, patient: Json) -> None:
    created = caller.create(patient)
    path = f"/fhir/Patient/{created['id']}"
    answer = caller.ask("PATCH", path, json=set_gender("male"), headers=FHIR)
    assert (answer.status_code, answer.json()["gender"]) == (200, "male")


def test_a_patch_that_changes_nothing_makes_no_version(caller: Caller, patient: Json) -> None:
    created = caller.create(patient)
    same = {"op": "replace", "path": "/gender", "value": "female"}
    answer = patch(caller, f"Patient/{created['id']}", [same])
    assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, 'W/"1"', created)


def test_a_conditional_patch_is_about_the_only_match(caller: Caller, patient: Json) -> None:
    replace = {"op": "replace", "path": "/gender", "value": "male"}
    path = "Patient?identifier=IPP-0042"
    assert patch(caller, path, [replace]).status_code == 404
    created = caller.create(patient)
    assert patch(caller, path, [replace]).json()["id"] == created["id"]
    caller.create(patient)
    assert patch(caller, path, [replace]).status_code == 412


def test_if_match_and_prefer_are_honoured(caller: Caller, patient: Json) -> None:
    path = f"Patient/{caller.create(patient)['id']}"
    replace = {"op": "replace", "path": "/gender", "value": "male"}
    assert patch(caller, path, [replace], if_match='W/"3"').status_code == 412
    minimal = patch(caller, path, [replace], if_match='W/"1"', prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"[]", "application/json-patch+json", 200),
        (b"{", "application/json-patch+json", 400),
        (b"{}", "application/json-patch+json", 400),
        (b'[{"op":"turn"}]', "application/json-patch+json", 400),
        (b'[{"op":"remove","path":"/nothing"}]', "application/json-patch+json", 422),
        (b'[{"op":"test","path":"/gender","value":"x"}]', "application/json-patch+json", 422),
        (b'[{"op":"add","path":"/gender","value":"x"}]', "application/json-patch+json", 422),
        (b'[{"op":"add","path":"/id","value":"x"}]', "application/json-patch+json", 422),
        (b'{"resourceType":"Patient"}', "application/fhir+json", 400),
        (b"<diff/>", "application/xml-patch+xml", 415),
        (b"x", "text/plain", 415),
        (b"[]", "", 415),
    ],
)
def test_what_is_no_patch_is_refused(
    caller: Caller, patient: Json, body: bytes, content_type: str, status: int
) -> None:
    path = f"/fhir/Patient/{caller.create(patient)['id']}"
    headers = {"content-type": content_type} if content_type else {}
    answer = caller.ask("PATCH", path, content=body, headers=headers)
    assert answer.status_code == status, answer.text


def test_a_patch_needs_something_to_patch(caller: Caller) -> None:
    assert patch(caller, "Patient/nobody", []).status_code == 404


def test_a_patch_of_a_binary_sees_its_content_and_names_no_other_object(caller: Caller) -> None:
    data = base64.b64encode(b"x" * 30_000).decode()
    binary = {"resourceType": "Binary", "contentType": "application/pdf", "data": data}
    held, other = (
        caller.ask("POST", "/fhir/Binary", json=binary, headers=FHIR).json() for _ in range(2)
    )
    more = base64.b64encode(b"y" * 30_000).decode()
    answer = patch(
        caller,
        f"Binary/{held['id']}",
        [
            {"op": "test", "path": "/data", "value": data},
            {"op": "replace", "path": "/data", "value": more},
        ],
    )
    assert answer.status_code == 200, answer.text
    raw = caller.ask("GET", f"/fhir/Binary/{held['id']}", headers={"accept": "application/pdf"})
    assert raw.content == b"y" * 30_000
    stolen = {"op": "add", "path": "/meta/source", "value": other["meta"]["source"]}
    kept = patch(caller, f"Binary/{held['id']}", [stolen])
    assert kept.json()["meta"]["source"] != other["meta"]["source"]
