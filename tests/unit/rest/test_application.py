from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access.decision import Decision
from gateway.fhir.definitions import resource_types
from gateway.rest.application import build_application
from gateway.rest.dispatch import Table
from gateway.rest.door import Door
from gateway.rest.routes import ROUTES
from gateway.store.api import open_store

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from gateway.access.decision import Request
    from tests.unit.rest.conftest import Caller

# The database is the same for all examples: nothing that they leave in it matters.
battery = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "meta", "name", "extension", "contained", "reference", "value"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def is_outcome(answer: httpx.Response) -> bool:
    return bool(answer.content) and answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("PUT", "/fhir", 405),
        ("GET", "/fhir/Patient/p/x/y/z", 404),
        ("GET", "/fhirish", 404),
        ("TRACE", "/fhir/metadata", 405),
        ("PATCH", "/fhir/Patient/p1", 415),
        ("DELETE", "/fhir/Patient", 400),
        ("POST", "/health/live", 405),
    ],
)
def test_what_is_not_offered_is_told_in_an_outcome(
    caller: Caller, method: str, path: str, status: int
) -> None:
    answer = caller.ask(method, path)
    assert (answer.status_code, is_outcome(answer)) == (status, True)
    assert ("allow" in answer.headers) is (status == 405)


def test_what_is_neither_json_nor_xml_is_not_acceptable(caller: Caller) -> None:
    answer = caller.ask("GET", "/fhir/metadata", headers={"accept": "text/turtle"})
    assert (answer.status_code, is_outcome(answer)) == (406, True)


def test_a_database_that_cannot_be_read_means_try_again(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "spoilt.db").write_bytes(b"this is no database" * 1000)
    store = open_store(f"sqlite:///{tmp_path / 'spoilt.db'}")
    caller.application = build_application(replace(caller.ports, store=store))
    answers = [caller.ask("GET", path) for path in ("/fhir/Patient/p1", "/fhir/Patient")]
    assert [(one.status_code, one.headers["retry-after"]) for one in answers] == [(503, "2")] * 2
    assert caller.ask("GET", "/health/ready").json()["not_ready"][0]["name"] == "database"
    store.close()


def test_a_fault_of_ours_is_numbered_and_quotes_nobody(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    def metrics() -> tuple[bytes, str]:
        message = "Lefèvre Camille"
        raise RuntimeError(message)

    caller.application = build_application(replace(caller.ports, metrics=metrics))
    answer = caller.ask("GET", "/metrics")
    record = next(record for record in caplog.records if record.message == "http.failed")
    told = vars(record)
    assert answer.status_code == 500
    assert told["error_id"] in answer.json()["issue"][0]["diagnostics"]
    assert (told["fault"], record.exc_info) == ("RuntimeError", None)
    assert "Lefèvre" not in answer.text + str(told)


def test_every_request_is_counted_and_a_refused_one_logged_without_its_words(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.http")
    caller.ask("GET", "/fhir/Patient?family=Lefevre")
    caller.ask("GET", "/fhir/Lefevre/p1")
    told = [vars(record) for record in caplog.records if record.message == "http.request"]
    assert [(one["method"], one["route"], one["status"]) for one in told] == [
        ("GET", "/fhir/{type}/{id}", 404),
    ]
    assert caller.counted == [
        ("GET", "/fhir/{type}", 200),
        ("GET", "/fhir/{type}/{id}", 404),
    ]
    assert "Lefevre" not in str(told)


def test_every_interaction_asks_whether_it_may(caller: Caller, patient: dict[str, Any]) -> None:
    asked: list[tuple[str, str, str]] = []

    def refuse(request: Request) -> Decision:
        asked.append((request.door, request.action, request.resource_type))
        return Decision(permitted=False, reason="Not today.")

    caller.application.door = Door(caller.ports, Table(ROUTES), resource_types(), refuse)
    answers = [
        caller.ask("GET", "/fhir/Patient/p1"),
        caller.ask("POST", "/fhir/Patient", json=patient),
        caller.ask("GET", "/fhir/Binary/b1"),
    ]
    assert [(answer.status_code, is_outcome(answer)) for answer in answers] == [(403, True)] * 3
    assert asked == [
        ("http", "read", "Patient"),
        ("http", "create", "Patient"),
        ("http", "read", "Binary"),
    ]


@battery
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    segments=st.lists(
        st.sampled_from(["Patient", "Binary", "_history", "_search", "metadata", "p1", "1"])
        | st.text(max_size=12),
        max_size=5,
    ),
    query=st.text(max_size=30),
)
def test_any_address_is_answered_without_a_fault(
    caller: Caller, method: str, segments: list[str], query: str
) -> None:
    path = "/".join(quote(part.encode(errors="replace"), safe="") for part in segments)
    address = f"/fhir/{path}?{quote(query.encode(errors='replace'), safe='=&:')}"
    answer = caller.ask(method, address)
    assert answer.status_code < 500
    if answer.status_code >= 400 and method != "HEAD":
        assert is_outcome(answer)


@battery
@given(body=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_answered_without_a_fault(caller: Caller, body: bytes) -> None:
    headers = {"content-type": "application/fhir+json"}
    for method, path in (("POST", "/fhir/Patient"), ("PUT", "/fhir/Binary/b1")):
        answer = caller.ask(method, path, content=body, headers=headers)
        assert (answer.status_code in (400, 422), is_outcome(answer)) == (True, True)


@battery
@given(elements=st.dictionaries(st.sampled_from(["name", "meta", "id", "x"]), json_values))
def test_any_patient_is_kept_or_refused(caller: Caller, elements: dict[str, Any]) -> None:
    body = json.dumps({**elements, "resourceType": "Patient"}).encode()
    answer = caller.ask(
        "POST", "/fhir/Patient", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (201, 400, 422)
    assert is_outcome(answer) is (answer.status_code != 201)


@battery
@given(
    name=st.sampled_from(["accept", "content-type", "if-none-match", "prefer", "if-none-exist"]),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
def test_any_header_is_answered_without_a_fault(caller: Caller, name: str, value: str) -> None:
    for method in ("GET", "POST"):
        answer = caller.ask(method, "/fhir/Patient", content=b"{}", headers={name: value.strip()})
        assert answer.status_code < 500
