"""Whether what was written about a patient may be forwarded: what the patient agreed to.

Where the programme labels what it makes, nothing is forwarded until the patient agrees; elsewhere
it is, unless the patient is opposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.programmes.eligibility import is_opposed
from gateway.programmes.names import PROGRAMME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Programme

_ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"


# What makes an agreement one to something else, or has exceptions that nobody judges here.
_NARROWER: Final = ("class", "data", "dataPeriod", "securityLabel", "provision")


def may_forward(
    programme: Programme, consents: Iterable[Resource], recipient: str, on: date
) -> bool:
    """Whether the treating physician (`Type/id`) may be told on that day.

    An agreement is a Consent in force with `permit`, the programme in `provision.code` and
    `disclose` in `provision.action`, for its `provision.period` and to its `provision.actor`
    alone where it has them; an opposition the same with `deny`, or one to the programme.
    """
    held = [one for one in consents if one.get("status") == "active"]
    if any(_tells(one, programme, "deny") or is_opposed(one, programme.code) for one in held):
        return False
    agreed = (one for one in held if _tells(one, programme, "permit"))
    return not programme.labels or any(_covers(one["provision"], recipient, on) for one in agreed)


def _covers(provision: Resource, recipient: str, on: date) -> bool:
    period, day = provision.get("period", {}), on.isoformat()
    start, end = (str(period.get(name, ""))[:10] for name in ("start", "end"))
    # A date may be a year or a month: it is compared as far as it goes.
    if day[: len(start)] < start or day[: len(end)] > end:
        return False
    actors = [one.get("reference", {}).get("reference") for one in provision.get("actor", ())]
    narrower = any(name in provision for name in _NARROWER)
    return not narrower and (not actors or recipient in actors)


def _tells(consent: Resource, programme: Programme, kind: str) -> bool:
    provision = consent.get("provision", {})
    return (
        provision.get("type") == kind
        and _has(provision.get("action", ()), _ACTION, "disclose")
        and _has(provision.get("code", ()), PROGRAMME, str(programme.code.get("code")))
    )


def _has(concepts: Iterable[Resource], system: str, code: str) -> bool:
    return any(
        coding.get("system") == system and coding.get("code") == code
        for concept in concepts
        for coding in concept.get("coding", ())
    )
