"""XCN, extended composite id number and name: a Practitioner, or whoever stands for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.mapping.national_number import IDNPS, PS_OID, RPPS
from gateway.mapping.to_hl7v2.datatypes.ei import type_code
from gateway.mapping.to_hl7v2.datatypes.hd import hd_component
from gateway.mapping.to_hl7v2.datatypes.xpn import NAME_TYPES, xpn

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Component
    from gateway.mapping.to_hl7v2.sources import Writing
    from gateway.mapping.to_hl7v2.target import Target

_NATIONAL: Final = ("ASIP-SANTE-PS", PS_OID, "ISO")
_RPPS_PREFIX: Final = "8"
_DISPLAYED: Final = "D"


class Party(NamedTuple):
    """A person and the organization that the person acts for; {} for what is not known."""

    person: Resource
    organization: Resource
    telecom: tuple[Element, ...] = ()


def party(found: Resource, writing: Writing) -> Party:
    """Return who is behind a resource: a PractitionerRole stands for its two ends."""
    kind = found.get("resourceType")
    telecom = tuple(found.get("telecom", ()))
    if kind == "PractitionerRole":
        person = writing.follow(found.get("practitioner"), found)
        organization = writing.follow(found.get("organization"), found)
        return Party(person, organization, telecom or tuple(person.get("telecom", ())))
    if kind == "Organization":
        return Party({}, found, telecom)
    return Party(found, {}, telecom)


def xcn(person: Resource, target: Target) -> tuple[Component, ...]:
    """Return number, names and authority; empty when there is neither a number nor a name.

    HL7 v2.5.1 chapter 2A, 2.A.88; French numbers are the PS_IdNat, `8` and the RPPS.
    """
    value, authority, kind = _number(person, target)
    name: Element = next(iter(person.get("name", ())), {}) if person else {}
    family, given, further, suffix, prefix = xpn(name, french=False)[:5]
    if not value and not family and not given:
        return ()
    named = NAME_TYPES.get(name.get("use", ""), "")
    shown = named or (_DISPLAYED if target.is_french and name else "")
    return (value, family, given, further, suffix, prefix, "", "", authority, shown, "", "", kind)


def national_number(person: Resource) -> str:
    """Return the PS_IdNat of a practitioner; empty without."""
    held = {one.get("system"): str(one.get("value", "")) for one in person.get("identifier", ())}
    rpps = held.get(RPPS, "")
    return held.get(IDNPS, "") or (f"{_RPPS_PREFIX}{rpps}" if rpps else "")


def _number(person: Resource, target: Target) -> tuple[str, Component, str]:
    if national := national_number(person):
        return national, _NATIONAL, "IDNPS"
    one = next((one for one in person.get("identifier", ()) if one.get("value")), None)
    if one is None:
        return "", "", ""
    return str(one["value"]), hd_component(str(one.get("system", "")), target), type_code(one)
