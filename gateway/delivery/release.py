"""Whether the labels of a resource let it go to a receiving system: a pure decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.access.decision import Decision
from gateway.access.labels import CONFIDENTIALITY, labels

if TYPE_CHECKING:
    from collections.abc import Sequence

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
