"""PID-3: the identifiers of a patient, and which of them may find the patient again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.errors import RequiredMissing
from gateway.hl7v2.values import NULL
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type
from gateway.mapping.hl7v2.ins import (
    INS_TYPES,
    OBSOLETE,
    claims_ins,
    has_valid_key,
    ins_identifier,
    ins_oid,
)

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.hl7v2.gathering import Gathering

QUALIFIED: Final = "VALI"
LOCATION: Final = "PID^1^3"

# Accounts and visits are not persons.
_NOT_A_PERSON: Final = frozenset({"AN", "VN", "ANC", "AND", "ANT"})
# Shared by a family or forgeable: kept, and never used to find anybody. NH is the billing NIR.
_NOT_A_KEY: Final = frozenset({"NH", "SS", "SB", "DL", "PPN", "INS-C"})
_SECONDARY: Final = frozenset({"RRI", "NDP", "INS-C", "NH", "SS", "SB"})
_RELIABILITY: Final = 32


class PatientIdentifiers(NamedTuple):
    """The identifiers as FHIR, and the keys, best first."""

    identifiers: list[Element]
    keys: list[Key]


def is_qualified(pid: Segment) -> bool:
    """Say whether PID-32 contains VALI."""
    return any(code.text(1) == QUALIFIED for code in pid.values(_RELIABILITY))


def pid_identifiers(
    pid: Segment, gathering: Gathering, former: PatientIdentifiers | None = None
) -> PatientIdentifiers:
    """Return what PID-3 holds; PID-2 and PID-4 are read when it is empty (HL7 before 2.3.1).

    `former` are the numbers of the same patient until now (A47), which find it when PID-3 only
    deletes. Raises `RequiredMissing` when nothing is left by which the patient can be found.
    """
    values = pid.values(3) or (*pid.values(2), *pid.values(4))
    national = _national(pid, values, gathering)
    local = [
        identified
        for cx in values
        if not ins_oid(cx) and (identified := _local(cx, gathering)) is not None
    ]
    identifiers = [*national.identifiers, *(element for element, _ in local)]
    keys = [*national.keys, *(key for _, key in local if key is not None)]
    if not keys and former is not None:
        keys = former.keys
    if not keys:
        message = "PID-3 holds no identifier by which the patient can be found."
        raise RequiredMissing(message, location=LOCATION)
    return PatientIdentifiers(identifiers, list(dict.fromkeys(keys)))


def withdraws_ins(pid: Segment) -> bool:
    """Say whether PID-3 deletes every INS: a null value of their authority (PAM-FR 2.11, A47)."""
    return any(ins_oid(cx) and cx.component(1) == NULL for cx in pid.values(3))


def mrg_identifiers(mrg: Segment, gathering: Gathering) -> PatientIdentifiers:
    """Return the former numbers, MRG-1 (MRG-4 before HL7 2.3): an INS is one whatever PID-32 says.

    Raises `RequiredMissing` when there is none by which a patient can be found.
    """
    values = mrg.values(1) or mrg.values(4)
    national = [(oid, cx.text(1)) for cx in values if (oid := ins_oid(cx)) and cx.text(1)]
    local = [found for cx in values if not ins_oid(cx) and (found := _local(cx, gathering))]
    keys = [Key(f"urn:oid:{oid}", value) for oid, value in national]
    keys += [key for _, key in local if key is not None]
    if not keys:
        message = "MRG-1 holds no identifier by which the former patient can be found."
        raise RequiredMissing(message, location=f"MRG^{mrg.sequence}^1")
    identifiers = [ins_identifier(oid, value, "old") for oid, value in national]
    identifiers += [{**element, "use": "old"} for element, _ in local]
    return PatientIdentifiers(identifiers, list(dict.fromkeys(keys)))


def _national(pid: Segment, values: tuple[Value, ...], gathering: Gathering) -> PatientIdentifiers:
    found = sorted(
        ((oid, cx.text(1)) for cx in values if (oid := ins_oid(cx)) and cx.text(1)),
        key=lambda item: list(INS_TYPES).index(item[0]),
    )
    if found and not is_qualified(pid):
        gathering.warn("The INS was left out: PID-32 does not say VALI.", LOCATION)
        return PatientIdentifiers([], [])
    if not all(has_valid_key(value) for _, value in found):
        gathering.warn("The key of the INS is wrong.", LOCATION, "value")
    # Exactly one identifier is official (FR Core, fr-core-2).
    uses = ["official", *["old"] * len(found)]
    return PatientIdentifiers(
        [ins_identifier(oid, value, use) for (oid, value), use in zip(found, uses, strict=False)],
        [Key(f"urn:oid:{oid}", value) for oid, value in found],
    )


def _local(cx: Value, gathering: Gathering) -> tuple[Element, Key | None] | None:
    value, kind = cx.text(1), cx.text(5) or "PI"
    if not value or kind in _NOT_A_PERSON:
        return None
    if cx.text(4, 2) in OBSOLETE:
        kind = "INS-C"
    elif claims_ins(cx):
        gathering.warn("An INS without a known authority was left out.", LOCATION)
        return None
    system = _system(cx, gathering)
    element: Element = {
        "use": "secondary" if kind in _SECONDARY else "usual",
        "type": identifier_type(kind, "Patient internal identifier" if kind == "PI" else None),
        "system": system,
        "value": value,
    }
    return element, None if kind in _NOT_A_KEY else Key(system, value)


def _system(cx: Value, gathering: Gathering) -> str:
    """Return the authority of CX-4, else the facility of CX-6, else the sender itself."""
    return (
        component_system(cx, 4, gathering.context)
        or component_system(cx, 6, gathering.context)
        or gathering.sender_system
    )
