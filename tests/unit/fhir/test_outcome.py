from __future__ import annotations

from gateway.errors import Issue, NotFound
from gateway.fhir.outcome import operation_outcome, outcome_of_issues
from gateway.fhir.validation import validate


def test_a_refusal_is_told_with_its_code() -> None:
    outcome = operation_outcome(NotFound("Patient/1 is not here."))
    assert outcome == {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "not-found", "diagnostics": "Patient/1 is not here."}
        ],
    }
    assert validate(outcome) == ()


def test_all_issues_are_told_at_once() -> None:
    issues = [
        Issue("Patient.active must be true or false.", "Patient.active", code="value"),
        Issue("OBX-11 is not understood.", location="OBX^1^11", severity="warning"),
    ]
    assert outcome_of_issues(issues) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "value",
                "diagnostics": "Patient.active must be true or false.",
                "expression": ["Patient.active"],
            },
            {"severity": "warning", "code": "invalid", "diagnostics": "OBX-11 is not understood."},
        ],
    }


def test_no_issues_is_good_news() -> None:
    assert validate(outcome_of_issues([])) == ()
