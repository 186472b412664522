"""A document that is forwarded, in the shape in which reports are read and summarised.

Whatever a physician receives says the same things: whose, what, conclusion first, by whom, when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

_DOCUMENT: Final = "DocumentReference"
_STATUS: Final = {"superseded": "amended", "entered-in-error": "entered-in-error"}


def is_document(resource: Resource) -> bool:
    """Whether what is delivered is a document and no imaging report."""
    return bool(resource.get("resourceType") == _DOCUMENT)


def as_report(resource: Resource) -> Resource:
    """Return a DocumentReference as the DiagnosticReport that would say the same.

    Its type stays with it: links lead to the document. Anything else is returned as it is.
    """
    if not is_document(resource):
        return resource
    custodian = [resource["custodian"]] if "custodian" in resource else []
    period = resource.get("context", {}).get("period", {})
    told: Resource = {
        "resourceType": _DOCUMENT,
        "id": resource["id"],
        "status": _STATUS.get(resource["status"], "final"),
        "code": resource.get("type", {}),
        "subject": resource.get("subject", {}),
        "issued": resource.get("date", ""),
        "conclusion": resource.get("description", ""),
        "performer": [*custodian, *resource.get("author", ())],
        "presentedForm": [one["attachment"] for one in resource.get("content", ())],
    }
    return told | ({"effectiveDateTime": period["start"]} if "start" in period else {})
