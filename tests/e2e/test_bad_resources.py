"""What is wrong over FHIR is an OperationOutcome that names the element."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

from gateway.fhir.xml import read_xml
from tests.e2e.process import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import EllipsisType

LIMIT = 200_000
JSON = "application/fhir+json"
XML = {"Content_Type": "application/fhir+xml"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


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
    # The dots stand for whatever it is.
    code: str | EllipsisType
    expression: list[str] | EllipsisType | None
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
        b"[] a <Patient> .",
        415,
        "not-supported",
        None,
        {"Content_Type": "text/turtle"},
    ),
    "a name given twice": Wrong(
        "POST",
        "/fhir/Patient",
        b'{"resourceType":"Patient","name":[{"family":"A", "family" : "B"}]}',
        400,
        "structure",
        ["family"],
    ),
    "no number": Wrong(
        "POST", "/fhir/Patient", patient(multipleBirthInteger=nan), 400, "structure", None
    ),
    "a number without end": Wrong(
        "POST",
        "/fhir/Patient",
        b'{"resourceType":"Patient","multipleBirthInteger":1e999}',
        400,
        "structure",
        None,
    ),
    "half a character": Wrong(
        "POST", "/fhir/Patient", patient(name=[{"family": "\ud800"}]), 400, "structure", None
    ),
    "a hundred thousand arrays": Wrong(
        "POST", "/fhir/Patient", b"[" * 100_000, 400, "structure", None
    ),
    "sixty thousand objects": Wrong(
        "POST", "/fhir/Patient", b'{"a":' * 39_000, 400, "structure", None
    ),
    "another encoding": Wrong(
        "POST", "/fhir/Patient", patient().decode().encode("utf-16"), 400, "structure", None
    ),
    "a charset that FHIR has not": Wrong(
        "POST",
        "/fhir/Patient",
        patient(),
        415,
        "not-supported",
        None,
        {"Content_Type": f"{JSON}; charset=klingon"},
    ),
    "another version of FHIR": Wrong(
        "POST",
        "/fhir/Patient",
        patient(),
        415,
        "not-supported",
        None,
        {"Content_Type": f"{JSON}; fhirVersion=5.0"},
    ),
    "XML that is none": Wrong("POST", "/fhir/Patient", b"<Patient", 400, "structure", None, XML),
    "XML without its namespace": Wrong(
        "POST", "/fhir/Patient", b"<Patient/>", 400, "structure", ["Patient"], XML
    ),
    "an unknown element in XML": Wrong(
        "POST",
        "/fhir/Patient",
        b'<Patient xmlns="http://hl7.org/fhir"><age value="3"/></Patient>',
        400,
        "structure",
        ["Patient.age"],
        XML,
    ),
    "a value of the wrong type in XML": Wrong(
        "POST",
        "/fhir/Patient",
        b'<Patient xmlns="http://hl7.org/fhir"><active value="yes"/></Patient>',
        422,
        "value",
        ["Patient.active"],
        XML,
    ),
    "entities in XML": Wrong(
        "POST",
        "/fhir/Patient",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        400,
        "structure",
        None,
        XML,
    ),
    "XML nested without end": Wrong(
        "POST",
        "/fhir/Patient",
        b'<Bundle xmlns="http://hl7.org/fhir">' + b"<entry><resource><Bundle>" * 5000,
        400,
        "structure",
        ...,
        XML,
    ),
    "JSON that says it is XML": Wrong(
        "POST", "/fhir/Patient", patient(), 400, "structure", None, XML
    ),
    "a packing that is none": Wrong(
        "POST",
        "/fhir/Patient",
        b"not packed",
        400,
        "structure",
        None,
        {"Content_Encoding": "gzip"},
    ),
    "a packing that is not read": Wrong(
        "POST",
        "/fhir/Patient",
        patient(),
        415,
        "not-supported",
        None,
        {"Content_Encoding": "br"},
    ),
    "a small body that unpacks to a large one": Wrong(
        "POST",
        "/fhir/Patient",
        gzip.compress(bytes(50_000_000)),
        413,
        "too-long",
        None,
        {"Content_Encoding": "gzip"},
    ),
    "parameters that are no form": Wrong(
        "POST", "/fhir/Patient/_search", b"{}", 415, "not-supported", None
    ),
    "a condition that is no search": Wrong(
        "POST",
        "/fhir/Patient",
        patient(),
        400,
        "not-supported",
        ["shoesize"],
        {"If_None_Exist": "shoesize=42"},
    ),
    "an unknown format": Wrong(
        "GET", "/fhir/metadata?_format=ttl", b"", 406, "not-supported", None
    ),
    "an id that is too long": Wrong(
        "GET", f"/fhir/Patient/{'a' * 65}", b"", 400, "structure", None
    ),
    "an id with a zero": Wrong("GET", "/fhir/Patient/a%00b", b"", 400, "structure", None),
    "an id in other letters": Wrong(
        "PUT", "/fhir/Patient/%C3%A9", patient(id="é"), 400, "structure", None
    ),
    "an id that climbs": Wrong("GET", "/fhir/Patient/..%2F..", b"", 404, "not-found", None),
    "a version that is none": Wrong(
        "GET", "/fhir/Patient/a/_history/newest", b"", 404, "not-found", None
    ),
    "a cursor of a search that was made up": Wrong(
        "GET", "/fhir/Patient?_cursor=AAAAAAAA", b"", 400, ..., ...
    ),
    "a cursor of a history that was made up": Wrong(
        "GET", "/fhir/_history?_cursor=-7", b"", 400, "structure", ["_cursor"]
    ),
    "a summary that is none": Wrong(
        "GET", "/fhir/Patient?_summary=short", b"", 400, ..., ["_summary"]
    ),
    "too many parameters": Wrong(
        "GET", f"/fhir/Patient?{'&'.join(['active=true'] * 600)}", b"", 400, "structure", None
    ),
    "a parameter with a zero": Wrong(
        "GET", "/fhir/Patient?name=a%00b", b"", 400, "structure", None
    ),
    "parameters in no encoding": Wrong(
        "GET", "/fhir/Patient?name=%FF%FE", b"", 400, "structure", None
    ),
    "a type in small letters": Wrong("GET", "/fhir/patient/a", b"", 404, "not-found", None),
    "an unknown operation": Wrong("GET", "/fhir/Patient/$shout", b"", 404, "not-found", None),
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
    assert (status, issue["severity"]) == (wrong.status, "error")
    assert wrong.code in (..., issue["code"])
    assert wrong.expression in (..., issue.get("expression"))
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


@pytest.mark.parametrize(
    "value",
    [
        "' OR 1=1 --",
        "a'); DROP TABLE resource; --",
        "%",
        "_",
        "\\",
        "%_\\%",
        "(a+)+$",
        ".*",
        "[[:alpha:]]",
        "a\\,b\\|c\\$d",
        "\u202e\u0000"[:1],
        "🫀" * 50,
    ],
)
def test_a_search_value_is_never_more_than_a_value(gateway: GatewayProcess, value: str) -> None:
    for name in ("name", "name:contains", "name:exact", "identifier", "_id"):
        status, told = ask(gateway, "GET", f"/fhir/Patient?{name}={quote(value)}")
        if status == 200:
            assert told.get("entry", []) == []
        else:
            assert (status, told["resourceType"]) == (400, "OperationOutcome")


@pytest.mark.parametrize("name", ["name", "name:contains", "identifier", "_id", "birthdate", "_x"])
def test_a_search_value_of_a_hundred_thousand_letters_is_answered(
    gateway: GatewayProcess, name: str
) -> None:
    query = f"{name}={'a' * 100_000}"
    by_get, _ = ask(gateway, "GET", f"/fhir/Patient?{query}")
    by_post, _ = ask(gateway, "POST", "/fhir/Patient/_search", query.encode(), **FORM)
    assert by_get == by_post
    assert by_get in (200, 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"If_None_Match": "anything"},
        {"If_Modified_Since": "yesterday"},
        {"If_Modified_Since": "Mon, 01 Jan 99999 00:00:00 GMT"},
        {"Prefer": "return=everything; handling=;;==,"},
        {"Accept_Encoding": "gzip;q=oops, *"},
        {"Range": "bytes=9-1"},
        {"Accept": "application/fhir+json;q=2;;=, ,"},
    ],
)
def test_a_header_that_makes_no_sense_does_no_harm(
    gateway: GatewayProcess, headers: dict[str, str]
) -> None:
    ask(gateway, "PUT", "/fhir/Patient/calm", patient(id="calm"))
    status, told = ask(gateway, "GET", "/fhir/Patient/calm", b"", **headers)
    assert (status, told["id"]) == (200, "calm")


def test_a_byte_order_mark_does_no_harm(gateway: GatewayProcess) -> None:
    assert ask(gateway, "POST", "/fhir/Patient", b"\xef\xbb\xbf" + patient())[0] == 201


def test_a_refusal_is_told_in_xml_to_who_asks_for_it(gateway: GatewayProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    headers = {"Content-Type": JSON, "Accept": "application/fhir+xml"}
    connection.request("POST", "/fhir/Patient", patient(age=3), headers)
    answer = connection.getresponse()
    told = read_xml(answer.read())
    connection.close()
    assert answer.getheader("content-type") == "application/fhir+xml;charset=utf-8"
    assert (answer.status, told["issue"][0]["expression"]) == (422, ["Patient.age"])


@pytest.mark.parametrize(
    "digits", ["1e5", "0.00", "1.0E+2", "-0.0", "0.123456789012345678901234567890", "72.50"]
)
def test_a_decimal_comes_back_digit_for_digit_in_json_and_xml(
    gateway: GatewayProcess, digits: str
) -> None:
    extension = b'[{"url":"urn:x","valueDecimal":%s}]' % digits.encode()
    body = b'{"resourceType":"Patient","id":"exact","extension":%s}' % extension
    assert ask(gateway, "PUT", "/fhir/Patient/exact", body)[0] in (200, 201)
    told = [raw(gateway, f"/fhir/Patient/exact?_format={name}") for name in ("json", "xml")]
    assert b'"valueDecimal":%s}' % digits.encode() in told[0]
    assert b'<valueDecimal value="%s"/>' % digits.encode() in told[1]
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    connection.request("PUT", "/fhir/Patient/exact", told[1], {"Content-Type": "text/xml"})
    answer = connection.getresponse()
    again = answer.read()
    connection.close()
    assert (answer.status, answer.getheader("etag")) == (200, etag_of(told[0]))
    assert b'"valueDecimal":%s}' % digits.encode() in again


def etag_of(body: bytes) -> str:
    return f'W/"{json.loads(body)["meta"]["versionId"]}"'


def raw(gateway: GatewayProcess, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_body_of_fifty_megabytes_is_kept_and_a_larger_one_refused(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("large") / "data"
    data.mkdir()
    (data / "gateway.toml").write_text(f"http_max_bytes = {50_000_000}\n", "utf-8")
    gateway = GatewayProcess(data).start()
    try:
        content = base64.b64encode(bytes(range(256)) * 140_000).decode()
        binary = {"resourceType": "Binary", "contentType": "image/dicom-rle", "data": content}
        status, told = ask(gateway, "POST", "/fhir/Binary", json.dumps(binary).encode())
        assert status == 201, told
        read = raw(gateway, f"/fhir/Binary/{told['id']}")
        assert read == bytes(range(256)) * 140_000
        # Beyond the limit it is refused by its length alone, and sent by nobody.
        assert ask(gateway, "POST", "/fhir/Binary", b"{}", Content_Length="50000001")[0] == 413
        broken = b'{"resourceType":"Patient","name":[' + b'{"family":"a"},' * 3_000_000
        assert ask(gateway, "POST", "/fhir/Patient", broken)[0] == 400
        twice = b'{"resourceType":"Patient","extension":[' + b",".join(
            [b'{"url":"urn:x","valueCode":"a"}'] * 500_000 + [b'{"url":"u","url":"v"}]}']
        )
        status, told = ask(gateway, "POST", "/fhir/Patient", twice)
        assert (status, told["issue"][0]["expression"]) == (400, ["url"])
        assert gateway.ready()
    finally:
        assert gateway.stop() == 0
