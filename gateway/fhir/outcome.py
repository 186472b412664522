"""OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.errors import Issue
    from gateway.fhir.wire import Resource


def operation_outcome(
    refused: GatewayError | Sequence[Issue], *, default_code: str = "invalid"
) -> Resource:
    """Return the OperationOutcome of a refusal or of some issues, all of them at once."""
    if isinstance(refused, GatewayError):
        return outcome_of_issues(refused.issues, default_code=refused.issue_code)
    return outcome_of_issues(refused, default_code=default_code)


def outcome_of_issues(issues: Sequence[Issue], *, default_code: str = "invalid") -> Resource:
    """Return the OperationOutcome of some issues; without any it says that all is well."""
    told = [_issue(issue, default_code) for issue in issues] or [
        {"severity": "information", "code": "informational", "diagnostics": "No issues."}
    ]
    return {"resourceType": "OperationOutcome", "issue": told}


def _issue(issue: Issue, default_code: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code or default_code,
        "diagnostics": issue.text,
    }
    if issue.expression:
        told["expression"] = [issue.expression]
    return told
