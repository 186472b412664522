"""XCN, extended composite id number and name: a Practitioner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import Element, human_name, reference
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type
from gateway.mapping.hl7v2.datatypes.xpn import NAME_USES
from gateway.mapping.national_number import PS_OID, Identity, national_identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.hl7v2.message import Value
    from gateway.mapping.hl7v2.gathering import Gathering

_AUTHORITY: Final = 9
_NAME_TYPE: Final = 10
_ID_TYPE: Final = 13
_NATIONAL_TYPES: Final = frozenset({"RPPS", "IDNPS"})
_INS: Final = frozenset({"INS", "INS-NIR", "INS-NIA"})


def xcn_practitioner(
    xcn: Value,
    gathering: Gathering,
    *,
    telecom: Iterable[Element] = (),
    address: Iterable[Element] = (),
) -> Element | None:
    """Mention the Practitioner of an XCN and return a reference to it.

    Someone who has a name and no number is a reference with a display only; None when the XCN is
    empty. HL7 v2.5.1 chapter 2A, 2.A.88; national identifiers: FR Core, fr-core-practitioner.
    """
    display = xcn_display(xcn)
    if not xcn.text(1):
        return {"display": display} if display else None
    identity = _identity(xcn, gathering)
    resource: Element = {
        "resourceType": "Practitioner",
        "identifier": list(identity.identifiers),
    }
    parts = {"name": _names(xcn), "telecom": list(telecom), "address": list(address)}
    resource |= {name: part for name, part in parts.items() if part}
    return reference(gathering.mention(resource, identity.keys), display=display or None)


def xcn_display(xcn: Value) -> str:
    """Return the given name and family name, as they are said."""
    return " ".join(part for part in (xcn.text(3), xcn.text(2)) if part)


def xcn_is_patient(xcn: Value) -> bool:
    """Say whether the XCN carries the INS of a patient (CI-SIS CDA volet, PRT-5)."""
    return xcn.text(_ID_TYPE) in _INS


def _names(xcn: Value) -> list[Element]:
    name = human_name(
        xcn.text(2) or None,
        tuple(part for part in (xcn.text(3), xcn.text(4)) if part),
        use=NAME_USES.get(xcn.text(_NAME_TYPE)),
        prefix=xcn.text(6) or None,
        suffix=xcn.text(5) or None,
    )
    return [name] if "family" in name or "given" in name else []


def _identity(xcn: Value, gathering: Gathering) -> Identity:
    value, kind = xcn.text(1), xcn.text(_ID_TYPE)
    if _is_national(xcn):
        return national_identity(value)
    system = component_system(xcn, _AUTHORITY, gathering.context) or gathering.sender_system
    element: Element = {"type": identifier_type(kind)} if kind else {}
    element |= {"system": system, "value": value}
    return Identity((element,), (Key(system, value),))


def pln_practitioner(
    pln: Value,
    names: list[Element],
    gathering: Gathering,
    *,
    telecom: Iterable[Element] = (),
    address: Iterable[Element] = (),
) -> Element | None:
    """Mention the Practitioner of a PLN (HL7 v2.5.1 chapter 2A, 2.A.55) with the names beside it.

    PLN-2 says what kind of number it is; without a number it is a reference with a display only.
    """
    value, kind = pln.text(1), pln.text(2)
    display = name_display(names)
    if not value:
        return {"display": display} if display else None
    if kind in _NATIONAL_TYPES:
        identity = national_identity(value)
    else:
        system = f"{gathering.sender_system}:{quote(kind, safe='')}" if kind else ""
        system = gathering.context.namespaces.get(kind) or system or gathering.sender_system
        typed: Element = {"type": identifier_type(kind)} if kind else {}
        number = typed | {"system": system, "value": value}
        identity = Identity((number,), (Key(system, value),))
    resource: Element = {
        "resourceType": "Practitioner",
        "identifier": list(identity.identifiers),
    }
    parts = {"name": names, "telecom": list(telecom), "address": list(address)}
    resource |= {name: part for name, part in parts.items() if part}
    return reference(gathering.mention(resource, identity.keys), display=display or None)


def name_display(names: list[Element]) -> str:
    """Return the first name as it is said."""
    first: Element = names[0] if names else {}
    return " ".join([*first.get("given", [])[:1], *filter(None, [first.get("family")])])


def _is_national(xcn: Value) -> bool:
    """Know the national authority by its OID, its name (spelled "ASIP-SANTE- PS" too) or type."""
    if PS_OID in (xcn.text(_AUTHORITY, 1), xcn.text(_AUTHORITY, 2)):
        return True
    name = xcn.text(_AUTHORITY).replace(" ", "").replace("-", "").upper()
    if name:
        return name in ("ASIPSANTEPS", "ANSPS")
    return xcn.text(_ID_TYPE) in _NATIONAL_TYPES
