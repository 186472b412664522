"""What is wrong over FHIR is an OperationOutcome that names the element."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.e2e.process import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 200_000
JSON = "application/fhir+json"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(
        tmp_path_factory.mktemp("bad-resources") / "data", {"GATEWAY_HTTP_WORKERS": "2"}
    )
    made.data.mkdir()
    (made.data / "gateway.toml").write_text(f"http_max_bytes = {LIMIT}\n", "utf-8")
    made.start()
    yield made
    assert made.stop() == 0


def ask(
    gateway: GatewayProcess, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, {"Content-Type": JSON} | named)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


class Wrong(NamedTuple):
    method: str
    path: str
    body: bytes
    status: int
    code: str
    expression: list[str] | None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


def patient(**more: object) -> bytes:
    return json.dumps({"resourceType": "Patient", **more}).encode()


WRONG = {
    "malformed JSON": Wrong(
        "POST", "/fhir/Patient", b'{"resourceType": "Patient",', 400, "structure", None
    ),
    "no object": Wrong("POST", "/fhir/Patient", b"[1, 2]", 400, "structure", None),
    "no body": Wrong("POST", "/fhir/Patient", b"", 400, "structure", None),
    "an invalid encoding": Wrong(
        "POST",
        "/fhir/Patient",
        b'{"resourceType":"Patient","id":"\xff"}',
        400,
        "structure",
        None,
    ),
    "another type than the address": Wrong(
        "POST",
        "/fhir/Patient",
        b'{"resourceType": "Observation"}',
        400,
        "structure",
        ["resourceType"],
    ),
    "an unknown type": Wrong("GET", "/fhir/Patients/1", b"", 404, "not-found", None),
    "an unknown resource": Wrong("GET", "/fhir/Patient/nobody", b"", 404, "not-found", None),
    "an element of the wrong type": Wrong(
        "POST", "/fhir/Patient", patient(birthDate=1980), 422, "value", ["Patient.birthDate"]
    ),
    "an unknown element": Wrong(
        "POST", "/fhir/Patient", patient(age=3), 422, "structure", ["Patient.age"]
    ),
    "a code outside its value set": Wrong(
        "POST", "/fhir/Patient", patient(gender="F"), 422, "code-invalid", ["Patient.gender"]
    ),
    "a reference that leads nowhere": Wrong(
        "POST",
        "/fhir/Patient",
        patient(generalPractitioner=[{"reference": "Practitioner/nobody"}]),
        422,
        "not-found",
        ["Patient.generalPractitioner[0].reference"],
    ),
    "another id than the address": Wrong(
        "PUT", "/fhir/Patient/a", patient(id="b"), 400, "structure", ["Patient.id"]
    ),
    "an impossible id": Wrong("GET", "/fhir/Patient/a_b", b"", 400, "structure", None),
    "a body over the limit": Wrong(
        "POST", "/fhir/Patient", patient(language="f" * LIMIT), 413, "too-long", None
    ),
    "an unknown search parameter": Wrong(
        "GET", "/fhir/Patient?shoesize=42", b"", 400, "not-supported", ["shoesize"]
    ),
    "a search value that is no date": Wrong(
        "GET", "/fhir/Patient?birthdate=yesterday", b"", 400, "invalid", ["birthdate"]
    ),
    "an unknown media type": Wrong(
        "POST",
        "/fhir/Patient",
        b"<Patient/>",
        415,
        "not-supported",
        None,
        {"Content_Type": "application/fhir+xml"},
    ),
    "no representation that would do": Wrong(
        "GET", "/fhir/metadata", b"", 406, "not-supported", None, {"Accept": "text/turtle"}
    ),
    "a method that is not offered": Wrong(
        "DELETE", "/fhir/metadata", b"", 405, "not-supported", None
    ),
    "an If-Match that is no version": Wrong(
        "PUT", "/fhir/Patient/c", patient(id="c"), 400, "structure", None, {"If_Match": "newest"}
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_each_fault_has_its_status_its_code_and_its_place(
    name: str, gateway: GatewayProcess
) -> None:
    wrong = WRONG[name]

    status, told = ask(gateway, wrong.method, wrong.path, wrong.body, **wrong.headers)

    (issue,) = told["issue"]
    assert told["resourceType"] == "OperationOutcome"
    assert (status, issue["severity"], issue["code"], issue.get("expression")) == (
        wrong.status,
        "error",
        wrong.code,
        wrong.expression,
    )
    assert issue["diagnostics"]


def test_every_fault_of_a_resource_is_told_at_once(gateway: GatewayProcess) -> None:
    status, told = ask(
        gateway, "POST", "/fhir/Patient", patient(birthDate="1980-13-01", gender="F", age=3)
    )
    assert status == 422
    assert {issue["expression"][0] for issue in told["issue"]} == {
        "Patient.birthDate",
        "Patient.gender",
        "Patient.age",
    }


def test_an_update_of_another_version_than_the_current_one_changes_nothing(
    gateway: GatewayProcess,
) -> None:
    ask(gateway, "PUT", "/fhir/Patient/two", patient(id="two"))
    ask(gateway, "PUT", "/fhir/Patient/two", patient(id="two", gender="male"))

    status, told = ask(gateway, "PUT", "/fhir/Patient/two", patient(id="two"), If_Match='W/"1"')

    assert (status, [issue["code"] for issue in told["issue"]]) == (412, ["conflict"])
    assert ask(gateway, "GET", "/fhir/Patient/two")[1]["meta"]["versionId"] == "2"


def test_what_was_deleted_is_gone_and_what_is_referred_to_stays(gateway: GatewayProcess) -> None:
    ask(gateway, "PUT", "/fhir/Practitioner/dr", b'{"resourceType":"Practitioner","id":"dr"}')
    doctor = [{"reference": "Practitioner/dr"}]
    ask(gateway, "PUT", "/fhir/Patient/hers", patient(id="hers", generalPractitioner=doctor))
    ask(gateway, "PUT", "/fhir/Patient/old", patient(id="old"))
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    connection.request("DELETE", "/fhir/Patient/old")
    assert connection.getresponse().status in (200, 204)
    connection.close()

    gone, _ = ask(gateway, "GET", "/fhir/Patient/old")
    kept, told = ask(gateway, "DELETE", "/fhir/Practitioner/dr")

    assert (gone, kept) == (410, 409)
    assert "Patient/hers" in told["issue"][0]["diagnostics"]


def test_of_twenty_creates_at_once_with_one_condition_exactly_one_creates(
    gateway: GatewayProcess,
) -> None:
    body = patient(identifier=[{"system": "urn:oid:1.2.250.1.999.7", "value": "once"}])

    def create(_: int) -> tuple[int, dict[str, Any]]:
        condition = "identifier=urn:oid:1.2.250.1.999.7|once"
        return ask(gateway, "POST", "/fhir/Patient", body, If_None_Exist=condition)

    with ThreadPoolExecutor(20) as senders:
        answers = list(senders.map(create, range(20)))

    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert len({told["id"] for _, told in answers}) == 1
