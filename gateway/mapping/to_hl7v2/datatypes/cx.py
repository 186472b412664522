"""CX, extended composite id: the identifiers of a patient or a visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.mapping.hl7v2.ins import INS_TYPES
from gateway.mapping.to_hl7v2.datatypes.ei import type_code
from gateway.mapping.to_hl7v2.datatypes.hd import hd_component

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.hl7v2.writer import Component
    from gateway.mapping.to_hl7v2.target import Target

_OID: Final = "urn:oid:"
_INS: Final = "INS"
# What PAM-FR 2.11 calls the authorities of the INS.
_NIR: Final = "ASIP-SANTE-INS-NIR"
_NIA: Final = "ASIP-SANTE-INS-NIA"


def is_ins(identifier: Mapping[str, Any]) -> bool:
    """Say whether an identifier is the national health identity."""
    return _oid(identifier) in INS_TYPES


def cx(identifier: Mapping[str, Any], target: Target, *, kind: str = "PI") -> tuple[Component, ...]:
    """Return value, authority and type; `kind` is the type of an identifier that has none."""
    value = str(identifier.get("value", ""))
    if is_ins(identifier):
        return (value, "", "", ins_authority(identifier), _INS)
    system = str(identifier.get("system", ""))
    return (value, "", "", hd_component(system, target), type_code(identifier) or kind)


def ins_authority(identifier: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the authority of an INS."""
    oid = _oid(identifier)
    name = _NIA if INS_TYPES[oid] == "INS-NIA" else _NIR
    return (name, oid, "ISO")


def _oid(identifier: Mapping[str, Any]) -> str:
    return str(identifier.get("system", "")).removeprefix(_OID)
