"""Where a referral stands, and what may come next: the table of the loop.

A referral is a Task that follows a ServiceRequest from the one who sends to the answer. Its step is
`Task.status`, and `Task.businessStatus` where one status stands for two steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.programmes.names import BASE
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.wire import Resource

PROFILE: Final = f"{BASE}/StructureDefinition/passerelle-referral-task"
STATUS: Final = f"{BASE}/CodeSystem/referral-status"

# The Task.status of each step; a step that is not here is no step of the loop.
_STATUS_OF: Final[Mapping[str, str]] = {
    "sent": "requested",
    "received": "received",
    "accepted": "accepted",
    "refused": "rejected",
    "planned": "in-progress",
    "done": "in-progress",
    "answered": "completed",
    "cancelled": "cancelled",
    "error": "entered-in-error",
}
_STEP_OF: Final[Mapping[str, str]] = {
    status: step for step, status in reversed(list(_STATUS_OF.items()))
}

#: What may follow each step; "" is before the first.
NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("sent", "received", "accepted", "planned"),
    "sent": ("received", "accepted", "refused", "planned", "cancelled", "error"),
    "received": ("accepted", "refused", "planned", "cancelled", "error"),
    "accepted": ("planned", "done", "cancelled", "error"),
    "planned": ("accepted", "done", "cancelled", "error"),
    "done": ("answered", "error"),
    # Sent again, to somebody else.
    "refused": ("sent", "error"),
    "answered": ("error",),
    "cancelled": ("error",),
    "error": (),
}
#: Steps in which somebody owes something.
OPEN: Final = ("sent", "received", "accepted", "planned", "done")
#: Steps in which nobody has said whether the patient is taken; an inclusion says it.
UNANSWERED: Final = ("sent", "received")


def is_referral(task: Resource) -> bool:
    """Whether a Task is of the loop: it declares the profile, or its step."""
    profiles = (str(one).partition("|")[0] for one in task.get("meta", {}).get("profile", ()))
    return PROFILE in profiles or bool(_declared(task))


def step_of(task: Resource) -> str:
    """Return the step of a Task, "" for a status that is none of the loop."""
    status = str(task.get("status", ""))
    declared = _declared(task)
    if declared and _STATUS_OF.get(declared) == status:
        return declared
    return _STEP_OF.get(status, "")


def _declared(task: Resource) -> str:
    codings = task.get("businessStatus", {}).get("coding", ())
    return next((str(one.get("code", "")) for one in codings if one.get("system") == STATUS), "")


def fault(after: Resource, lang: str) -> str:
    """Return what is wrong with a Task as it is written, empty when nothing is."""
    declared, step = _declared(after), step_of(after)
    if not step:
        return say(lang, "no-step", status=after.get("status", ""))
    if declared and declared != step:
        return say(lang, "step-mismatch", step=declared, status=after.get("status", ""))
    if step in OPEN and not _names(after.get("owner", {})):
        return say(lang, "no-task-owner")
    if step == "refused" and not after.get("statusReason"):
        return say(lang, "no-refusal-reason")
    if step == "answered" and not after.get("output"):
        return say(lang, "no-answer")
    return ""


def illegal(before: Resource, after: Resource, lang: str) -> str:
    """Return the sentence about a step that may not follow, empty when it may."""
    old, new = step_of(before) if before else "", step_of(after)
    if old == new or new in NEXT[old]:
        return ""
    if not old:
        return say(lang, "bad-first-step", step=new)
    allowed = ", ".join(one for one in NEXT[old] if one != "error")
    return say(lang, "bad-step", old=old, step=new, allowed=allowed or "-")


def moved(task: Resource, step: str, on: str) -> Resource:
    """Return the Task at another step, as of an instant."""
    status = {"coding": [{"system": STATUS, "code": step}]}
    return {**task, "status": _STATUS_OF[step], "businessStatus": status, "lastModified": on}


def _names(reference: dict[str, object]) -> bool:
    return any(name in reference for name in ("reference", "identifier"))
