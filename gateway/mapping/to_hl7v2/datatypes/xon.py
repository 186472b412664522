"""XON, extended composite name and id of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.mapping.hl7v2.datatypes.xon import FINESS, IDNST, STRUCTURE_OID
from gateway.mapping.to_hl7v2.datatypes.ei import type_code
from gateway.mapping.to_hl7v2.datatypes.hd import hd_component

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Component, Repetition
    from gateway.mapping.to_hl7v2.target import Target

_NATIONAL: Final = ("ASIP-SANTE-ST", STRUCTURE_OID, "ISO")


def xon(organization: Resource, target: Target) -> Repetition:
    """Return name, authority, type and number; empty when there is nothing.

    HL7 v2.5.1 chapter 2A, 2.A.90; French numbers are a FINESS, or a Struct_IdNat.
    """
    value, authority, kind = _number(organization, target)
    name = str(organization.get("name", ""))
    if not value and not name:
        return ""
    return (name, "", "", "", "", authority, kind, "", "", value)


def _number(organization: Resource, target: Target) -> tuple[str, Component, str]:
    held = [one for one in organization.get("identifier", ()) if one.get("value")]
    by_system = {str(one.get("system", "")): one for one in held}
    if finess := by_system.get(FINESS):
        kind = type_code(finess)
        return str(finess["value"]), _NATIONAL, kind if kind in ("FINEG", "FINEJ") else "FINEG"
    if structure := by_system.get(IDNST):
        return str(structure["value"]), _NATIONAL, "IDNST"
    if not held:
        return "", "", ""
    one = held[0]
    return str(one["value"]), hd_component(str(one.get("system", "")), target), type_code(one)
