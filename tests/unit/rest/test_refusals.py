from __future__ import annotations

from gateway.errors import Invalid, Issue, OutOfSpace, TooLarge
from gateway.fhir.wire import loads
from gateway.rest.dispatch import NotOffered
from gateway.rest.refusals import refused


def test_all_issues_are_told_with_their_places() -> None:
    issues = (Issue("Unknown code.", "Patient.gender"), Issue("Missing.", code="required"))
    answer = refused(Invalid("Two faults.", issues=issues))
    assert (answer.status, answer.headers, loads(answer.body)) == (
        422,
        (),
        {
            "resourceType": "OperationOutcome",
            "issue": [
                {
                    "severity": "error",
                    "code": "invalid",
                    "diagnostics": "Unknown code.",
                    "expression": ["Patient.gender"],
                },
                {"severity": "error", "code": "required", "diagnostics": "Missing."},
            ],
        },
    )


def test_headers_say_what_the_caller_can_do_next() -> None:
    told = [
        refused(OutOfSpace("The disk is full.")),
        refused(NotOffered("PATCH", ("PUT", "GET"))),
        refused(TooLarge("Too large.")),
    ]
    assert [(answer.status, answer.headers) for answer in told] == [
        (503, ((b"retry-after", b"2"),)),
        (405, ((b"allow", b"GET, PUT"),)),
        (413, ((b"connection", b"close"),)),
    ]
