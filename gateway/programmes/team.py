"""The team of a patient: one place for each role of a plan, with those who hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.programmes.names import BASE, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.fhir.wire import Resource
    from gateway.programmes.applying import Situation
    from gateway.programmes.programme import Element, Programme


def role_codes(roles: Iterable[Element]) -> Iterator[str]:
    """Yield the codes of some roles."""
    for role in roles:
        for coding in role.get("coding", ()):
            if coding.get("system") == ROLE:
                yield str(coding.get("code", ""))


def roles_of(programme: Programme) -> list[Element]:
    """Return every role of a plan, each once, in the order of its actions."""
    found: dict[tuple[str, ...], Element] = {}
    for action in programme.every_action():
        for role in action.roles:
            found.setdefault(tuple(role_codes([role])), role)
    return list(found.values())


def member_for(roles: Iterable[Element], at: Situation) -> str:
    """Return who does what is asked of some roles: a member, else coordinator or structure."""
    members = (one for code in role_codes(roles) for one in at.members.get(code, ()))
    return next(members, at.practitioner or at.organization)


def care_team(programme: Programme, at: Situation) -> Resource:
    """Return the CareTeam; a role that nobody holds is there, and seen to be vacant."""
    structure = {"reference": at.organization} if at.organization else None
    places = []
    for role in roles_of(programme):
        people = [one for code in role_codes([role]) for one in at.members.get(code, ())]
        for person in people or [""]:
            member = {"reference": person} if person else None
            places.append({"role": [role], "member": member, "onBehalfOf": structure})
    return {
        "resourceType": "CareTeam",
        "meta": {"profile": [f"{BASE}/StructureDefinition/passerelle-care-team"]},
        "id": at.new_id(),
        "status": "active" if at.real else "proposed",
        "name": programme.title,
        "subject": {"reference": at.subject},
        "period": {"start": at.on.isoformat()},
        "participant": [_practitioner_only(one) for one in places],
        "managingOrganization": [structure] if structure else [],
    }


def _practitioner_only(place: Element) -> Element:
    """Return a place without a structure beside anybody but a practitioner (ctm-1)."""
    member = (place.get("member") or {}).get("reference", "")
    return place if member.startswith("Practitioner/") else {**place, "onBehalfOf": None}
