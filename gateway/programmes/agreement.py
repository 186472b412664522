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

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Programme

_ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"


def may_forward(programme: Programme, consents: Iterable[Resource]) -> bool:
    """Whether the treating physician may be told.

    An agreement is a Consent in force with `permit`, the programme in `provision.code` and
    `disclose` in `provision.action`; an opposition the same with `deny`, or one to the programme.
    """
    held = [one for one in consents if one.get("status") == "active"]
    if any(_tells(one, programme, "deny") or is_opposed(one, programme.code) for one in held):
        return False
    return not programme.labels or any(_tells(one, programme, "permit") for one in held)


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
