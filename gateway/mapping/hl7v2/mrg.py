"""MRG, merge: the identity that gives way, changes or loses its visits (A40, A44, A45, A47)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Merge, MergeKind
from gateway.mapping.hl7v2.datatypes.xpn import xpn_name
from gateway.mapping.hl7v2.ins import INS_TYPES
from gateway.mapping.hl7v2.pid_identifiers import (
    PatientIdentifiers,
    is_qualified,
    mrg_identifiers,
    pid_identifiers,
)
from gateway.mapping.hl7v2.pv1 import visit_number

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.entry import Key
    from gateway.mapping.hl7v2.gathering import Gathering

_INS: Final = frozenset(f"urn:oid:{oid}" for oid in INS_TYPES)


def mrg_merge(mrg: Segment, pid: Segment, survivor: str, gathering: Gathering) -> None:
    """Keep that the patient of MRG-1 and the one of PID-3 are one (A40)."""
    former = _former(mrg, pid, gathering)
    place = f"MRG^{mrg.sequence}^1"
    if not former.keys:
        gathering.warn("MRG-1 names the patient of PID-3: there is nothing to merge.", place)
        return
    gathering.merge(
        Merge(
            MergeKind.MERGE,
            survivor,
            tuple(former.keys),
            tuple(former.identifiers),
            _names(mrg, gathering),
            location=place,
        )
    )


def mrg_change(mrg: Segment, pid: Segment, patient: str, gathering: Gathering) -> None:
    """Keep that the numbers of MRG-1 are the patient's no longer (A47).

    An identity that is no longer qualified (PID-32 without VALI) has no INS (PAM-FR 2.11).
    """
    every = mrg_identifiers(mrg, gathering)
    former = _former(mrg, pid, gathering)
    if former.keys:
        numbers = (tuple(former.keys), tuple(former.identifiers))
        place = f"MRG^{mrg.sequence}^1"
        gathering.merge(Merge(MergeKind.CHANGE, patient, *numbers, location=place))
    national = any(key.system in _INS for key in every.keys)
    if national and pid.raw_field(32) and not is_qualified(pid):
        gathering.merge(Merge(MergeKind.WITHDRAW, patient, location="PID^1^32"))


def mrg_move(mrg: Segment, pid: Segment, survivor: str, gathering: Gathering) -> None:
    """Keep that visits of the patient of MRG-1 are another's (A44 an account, A45 a visit).

    Raises `RequiredMissing` when the message names neither account nor visit.
    """
    former = _former(mrg, pid, gathering)
    following = gathering.message.segments[mrg.index + 1 :]
    pv1 = next((one for one in following if one.name == "PV1"), None)
    visits = _visits(mrg, pv1, gathering)
    if not visits:
        message = "Neither MRG-3, MRG-5 nor PV1-19 says which visit moves."
        raise RequiredMissing(message, location=f"MRG^{mrg.sequence}^5")
    gathering.merge(
        Merge(
            MergeKind.MOVE,
            survivor,
            tuple(former.keys),
            tuple(former.identifiers),
            _names(mrg, gathering),
            tuple(visits),
            _number_now(pv1, visits, gathering),
            f"MRG^{mrg.sequence}^1",
        )
    )


def _former(mrg: Segment, pid: Segment, gathering: Gathering) -> PatientIdentifiers:
    """Return the numbers of MRG-1 that PID-3 does not repeat: these are no longer in use."""
    every = mrg_identifiers(mrg, gathering)
    now = {
        (one["system"], one["value"]) for one in pid_identifiers(pid, gathering, every).identifiers
    }
    return PatientIdentifiers(
        [one for one in every.identifiers if (one["system"], one["value"]) not in now],
        [key for key in every.keys if key not in now],
    )


def _visits(mrg: Segment, pv1: Segment | None, gathering: Gathering) -> list[Key]:
    """Return the numbers under which the visits were known: of the visit, else of its account."""
    pid = gathering.message.first("PID")
    places = ((mrg, 5, "VN"), (pv1, 19, "VN"), (mrg, 3, "AN"), (pid, 18, "AN"))
    for segment, field, kind in places:
        found = visit_number(segment.value(field), kind, gathering) if segment else None
        if found:
            return [found[1]]
    return []


def _number_now(pv1: Segment | None, known: list[Key], gathering: Gathering) -> tuple[Element, ...]:
    """Return the new number of the visit, PV1-19, when it is not the one that finds it."""
    found = visit_number(pv1.value(19), "VN", gathering) if pv1 else None
    return (found[0],) if found and found[1] not in known else ()


def _names(mrg: Segment, gathering: Gathering) -> tuple[Element, ...]:
    names = (
        xpn_name(value, french=gathering.french, untyped="official") for value in mrg.values(7)
    )
    return tuple(name for name in names if "family" in name or "given" in name)
