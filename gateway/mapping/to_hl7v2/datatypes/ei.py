"""EI, entity identifier: an Identifier of an order, appointment or document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import V2_0203
from gateway.mapping.to_hl7v2.datatypes.hd import hd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.target import Target

# Types of numbers that are not the placer's.
_OTHERS: Final = frozenset({"FILL", "ACSN", "PGN"})


def ei(identifier: Mapping[str, Any] | None, target: Target) -> Repetition:
    """Return value and authority (HL7 v2.5.1 chapter 2A, 2.A.28); empty without a value."""
    if not identifier or not identifier.get("value"):
        return ""
    return (str(identifier["value"]), *hd(str(identifier.get("system", "")), target))


def type_code(identifier: Mapping[str, Any]) -> str:
    """Return the code of `Identifier.type`, its text when it has none."""
    kind = identifier.get("type", {})
    codes = (one.get("code", "") for one in kind.get("coding", ()))
    return next((code for code in codes if code), "") or str(kind.get("text", ""))


def numbered(identifiers: Iterable[Element], kind: str) -> Element:
    """Return the first identifier of type PLAC, FILL or ACSN; {} without.

    A number without a type is the placer's: whoever writes an order by FHIR numbers it so.
    """
    held = [one for one in identifiers if one.get("value")]
    typed = next((one for one in held if type_code(one) == kind), None)
    if typed is not None or kind != "PLAC":
        return typed or {}
    return next((one for one in held if type_code(one) not in _OTHERS), {})


def typed(code: str) -> Element:
    """Return `Identifier.type` of a code of table HL70203."""
    return {"coding": [{"system": V2_0203, "code": code}]}
