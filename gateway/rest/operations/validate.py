"""$validate: https://hl7.org/fhir/R4/resource-operation-validate.html.

The answer is 200 with everything that is wrong whenever there was something to look at; what would
be refused by the interaction that `mode` names is told as that interaction would tell it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Issue, Malformed
from gateway.fhir.outcome import operation_outcome
from gateway.fhir.parameters import Input
from gateway.fhir.validation.best_practice import best_practice
from gateway.ingest.integrity import References, check_referrers
from gateway.rest.operations.given import given, told
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (
    Input("resource", "Resource"),
    Input("mode", "code"),
    Input("profile", "uri"),
    # Our own: also tell which elements marked mustSupport are not there.
    Input("must-support", "boolean"),
)
# https://hl7.org/fhir/R4/valueset-resource-validation-mode.html
_MODES: Final = ("create", "update", "delete", "profile")
_ALL_WELL: Final = Issue("No fault was found.", code="informational", severity="information")


def validate(call: Call) -> Answer:
    """Answer an OperationOutcome; raises `Malformed` when there is nothing to validate."""
    asked = given(call, *INPUTS)
    mode = asked.text("mode") or ""
    if mode and mode not in _MODES:
        message = f"mode is one of {', '.join(_MODES)}."
        raise Malformed(message, expression="mode")
    profile = asked.text("profile")
    if mode == "delete":
        issues = _of_delete(call)
    else:
        resource = _to_validate(call, asked.resource("resource"))
        issues = _of_content(call, resource, mode, (profile,) if profile else ())
        if profile and asked.boolean("must-support"):
            issues = (*issues, *call.ports.must_support(resource, profile))
    return told(operation_outcome(issues or (_ALL_WELL,)))


def _to_validate(call: Call, resource: Resource | None) -> Resource:
    if resource is not None:
        return resource
    if not call.id:
        message = "The parameter resource is missing."
        raise Malformed(message, issues=(Issue(message, "resource", code="required"),))
    return current(call).resource


def _of_content(
    call: Call, resource: Resource, mode: str, profiles: tuple[str, ...]
) -> tuple[Issue, ...]:
    found = (
        *_of_address(call, resource, mode),
        *call.ports.validate(resource, profiles),
        *best_practice(resource),
    )
    if mode in ("create", "update") and not any(issue.severity == "error" for issue in found):
        found = (*found, *_of_references(call, resource))
    return found


def _of_address(call: Call, resource: Resource, mode: str) -> tuple[Issue, ...]:
    """Return what is wrong with a resource at that address."""
    kind = resource["resourceType"]
    if kind != call.type:
        return (
            Issue(f"{kind[:64]} is not the {call.type} that the address says.", code="invalid"),
        )
    if mode == "update" and (not resource.get("id") or call.id not in ("", resource["id"])):
        text = "The id in the resource must be the id in the address."
        return (Issue(text, f"{kind}.id", code="value"),)
    if mode == "create" and call.id:
        text = "Nothing is created at the address of an instance."
        return (Issue(text, code="not-supported"),)
    return ()


def _of_references(call: Call, resource: Resource) -> tuple[Issue, ...]:
    references = References((call.ports.settings.fhir_url,))
    references.add(resource, resource["resourceType"])
    with call.ports.store.transaction() as tx:
        try:
            references.check(tx)
        except GatewayError as refusal:
            return _told(refusal)
    return ()


def _of_delete(call: Call) -> tuple[Issue, ...]:
    """Return what keeps the instance from being deleted."""
    if not call.id:
        message = "mode=delete is for an instance: [type]/[id]/$validate."
        raise Malformed(message, expression="mode")
    current(call)
    with call.ports.store.transaction() as tx:
        try:
            check_referrers(tx, [f"{call.type}/{call.id}"])
        except GatewayError as refusal:
            return _told(refusal)
    return ()


def _told(refusal: GatewayError) -> tuple[Issue, ...]:
    return tuple(
        Issue(one.text, one.expression, code=one.code or refusal.issue_code)
        for one in refusal.issues
    )
