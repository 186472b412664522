"""Whether the labels of a resource let it go, and to whom: pure decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.access.decision import Decision
from gateway.access.labels import CONFIDENTIALITY, labels, may_leave, may_reach_patient
from gateway.delivery.addresses import is_patient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.fhir.wire import Resource

_FREE = Decision(permitted=True, reason="no label forbids it")
_LEVELS = frozenset({"R", "V"})
_HIDDEN = "MASQUE_PS"


def may_go(accepted: Sequence[str], *resources: Resource) -> Decision:
    """Return whether a system that accepts these labels may have what carries those.

    N, and what has no label, goes everywhere; R, V and MASQUE_PS where they are accepted.
    """
    for system, code in (label for resource in resources for label in labels(resource)):
        labelled = code == _HIDDEN or (code in _LEVELS and system in CONFIDENTIALITY)
        if labelled and code not in accepted:
            reason = f"It is labelled {code}, which this destination does not accept."
            return Decision(permitted=False, reason=reason)
    return _FREE


_OF_AGE: Final = 18


def may_be_mailed(recipient: str, patient: Resource, today: date, *resources: Resource) -> Decision:
    """Return whether a letter with these resources may go to `Type/id`, be it the patient."""
    if is_patient(recipient):
        return may_reach_patient(*resources, minor=is_minor(patient, today))
    return may_leave(*resources)


def is_minor(patient: Resource, today: date) -> bool:
    """Whether the patient is, or may be, under 18: a birth date that is not known may be any."""
    born = str(patient.get("birthDate", ""))
    came_of_age = f"{int(born[:4]) + _OF_AGE:04}{born[4:]}" if born else ""
    # Of a year or a month alone the last day counts.
    return not came_of_age or came_of_age.ljust(len("2026-12-31"), "~") > today.isoformat()
