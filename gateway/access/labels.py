"""What a confidentiality label forbids: a pure decision over labelled resources.

Labels are Codings of `meta.security` and of `DocumentReference.securityLabel`: the HL7
confidentiality (https://terminology.hl7.org/CodeSystem-v3-Confidentiality.html) and the French
visibility statuses (TRE_A07, OID 1.2.250.1.213.1.1.4.13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.access.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

CONFIDENTIALITY: Final = frozenset(
    {
        "",
        "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "urn:oid:2.16.840.1.113883.5.25",
    }
)  # fmt: skip - one system a line

_FREE: Final = Decision(permitted=True, reason="no label forbids it")
_VERY_RESTRICTED: Final = Decision(
    permitted=False,
    reason="The report is labelled V (very restricted): it does not leave the gateway by itself.",
)
_MASKED: Final = Decision(
    permitted=False,
    reason="The report is labelled MASQUE_PS: it is hidden from health professionals.",
)

_HIDDEN_FROM_PATIENT: Final = Decision(
    permitted=False,
    reason="The report is labelled INVISIBLE_PATIENT: the patient may not see it yet.",
)
_HIDDEN_FROM_REPRESENTATIVES: Final = Decision(
    permitted=False,
    reason="The report is labelled INVISIBLE_REPRESENTANTS_LEGAUX: the representatives of a minor, "
    "who open that mailbox, may not see it.",
)


def may_leave(*resources: Resource) -> Decision:
    """Return whether what carries these labels may be sent to a health professional.

    Labels V and MASQUE_PS hold it back; N and R let it go to the people in charge of the patient.
    """
    for system, code in (label for resource in resources for label in labels(resource)):
        if code == "MASQUE_PS":
            return _MASKED
        if code == "V" and system in CONFIDENTIALITY:
            return _VERY_RESTRICTED
    return _FREE


def may_reach_patient(*resources: Resource, minor: bool) -> Decision:
    """Return whether what carries these labels may be sent to the patient's own mailbox.

    V holds it back, and so does INVISIBLE_PATIENT; INVISIBLE_REPRESENTANTS_LEGAUX does for a
    `minor`, whose mailbox the representatives open.
    """
    for system, code in (label for resource in resources for label in labels(resource)):
        if code == "V" and system in CONFIDENTIALITY:
            return _VERY_RESTRICTED
        if code == "INVISIBLE_PATIENT":
            return _HIDDEN_FROM_PATIENT
        if code == "INVISIBLE_REPRESENTANTS_LEGAUX" and minor:
            return _HIDDEN_FROM_REPRESENTATIVES
    return _FREE


def labels(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield the (system, code) of every confidentiality label of a resource."""
    codings: list[dict[str, Any]] = list(resource.get("meta", {}).get("security", ()))
    for label in resource.get("securityLabel", ()):
        codings.extend(label.get("coding", ()))
    for coding in codings:
        yield coding.get("system", ""), coding.get("code", "")
