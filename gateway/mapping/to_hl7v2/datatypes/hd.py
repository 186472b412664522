"""HD, hierarchic designator: an identifier system, as an assigning authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from gateway.mapping.to_hl7v2.target import Target

_NAMESPACE: Final = "urn:passerelle:namespace:"
_PREFIXES: Final = {"urn:oid:": "ISO", "dns:": "DNS", "urn:uuid:": "UUID"}

Authority = tuple[str, str, str]
NOBODY: Final[Authority] = ("", "", "")


def hd(system: str, target: Target) -> Authority:
    """Return namespace id, universal id and its type (HL7 v2.5.1 chapter 2A, 2.A.33).

    The receiver's own numbers, and those without a system, are written without authority.
    """
    if not system or system == target.own_system:
        return NOBODY
    if system in target.authorities:
        return (target.authorities[system], "", "")
    if system.startswith(_NAMESPACE):
        return (unquote(system.removeprefix(_NAMESPACE)), "", "")
    for prefix, kind in _PREFIXES.items():
        if system.startswith(prefix):
            return ("", system.removeprefix(prefix), kind)
    return ("", system, "URI")


def hd_component(system: str, target: Target) -> Authority | str:
    """Return an HD as one component of a CX, XCN or XON."""
    parts = hd(system, target)
    return parts if any(parts) else ""
