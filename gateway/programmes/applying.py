"""What a plan asks for once it is applied to a patient.

https://hl7.org/fhir/R4/plandefinition-operation-apply.html: a CarePlan with its RequestGroup, and
what the actions ask for: Tasks, ServiceRequests and Appointments, each with somebody to do it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.datatypes import LOINC, compact, concept
from gateway.programmes.names import BASE
from gateway.programmes.team import care_team, member_for
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from gateway.fhir.wire import Resource
    from gateway.programmes.agenda import Booking
    from gateway.programmes.programme import Action, Element, Programme

_PLAN_CATEGORY: Final = concept(
    {"system": LOINC, "code": "18776-5", "display": "Plan personnalisé de soins"}
)
# What the engine takes in hand itself, at the inclusion and at meetings.
_NOT_APPLIED: Final = ("inclusion", "rcp")


@dataclass(frozen=True, slots=True)
class Situation:
    """For whom a plan is applied: references are `Type/id`, `on` is the day.

    `members` are the people by role code; `chosen` the optional actions that are wanted;
    `bookings` the times of the steps of a sequence; `real` says that it will be written: else
    everything is a proposal.
    """

    subject: str
    on: date
    new_id: Callable[[], str]
    practitioner: str = ""
    organization: str = ""
    encounter: str = ""
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    bookings: Mapping[str, Booking] = field(default_factory=dict)
    real: bool = False
    lang: str = "fr"


@dataclass(frozen=True, slots=True)
class Applied:
    """Everything that was made, each with its id; `requests` in the order of the plan."""

    care_plan: Resource
    request_group: Resource
    team: Resource
    requests: tuple[Resource, ...]

    @property
    def resources(self) -> list[Resource]:
        """All of it, what others refer to first."""
        return [self.team, *self.requests, self.request_group, self.care_plan]


def wanted(programme: Programme, chosen: frozenset[str], lang: str = "fr") -> list[Action]:
    """Return the actions that a plan asks for; raises `Invalid` for a choice it does not have."""
    known = {one.id for one in programme.every_action()}
    for name in sorted(chosen - known):
        text = say(lang, "unknown-activity", what=name[:64], programme=programme.title)
        raise Invalid(text)
    return list(_wanted(programme.actions, chosen))


def _wanted(actions: tuple[Action, ...], chosen: frozenset[str]) -> Iterator[Action]:
    for one in actions:
        if any(one.has(step) for step in _NOT_APPLIED) or (one.optional and one.id not in chosen):
            continue
        yield one
        yield from _wanted(one.actions, chosen)


def steps_of(programme: Programme, sequence: Action, chosen: frozenset[str]) -> list[Action]:
    """Return the actions of a sequence that are wanted."""
    kept = set(map(id, _wanted(programme.actions, chosen)))
    return [one for one in sequence.actions if id(one) in kept]


def apply(programme: Programme, at: Situation) -> Applied:
    """Return what the plan asks for; raises `Invalid` when nobody would own a part of it."""
    return _Applying(programme, at).run()


class _Applying:
    def __init__(self, programme: Programme, at: Situation) -> None:
        self._programme = programme
        self._at = at
        self._care_plan = f"CarePlan/{at.new_id()}"
        self._requests: list[Resource] = []
        self._sequenced = {
            inner.id for one in programme.with_step("sequence") for inner in one.actions
        }

    def run(self) -> Applied:
        at, programme = self._at, self._programme
        wanted(programme, at.chosen, at.lang)
        team = self._labelled(care_team(programme, at))
        actions = [found for one in programme.actions for found in self._group_action(one)]
        group = self._labelled(
            {
                "resourceType": "RequestGroup",
                "id": at.new_id(),
                "instantiatesCanonical": [programme.canonical],
                "status": "active" if at.real else "draft",
                "intent": "plan" if at.real else "proposal",
                "subject": _to(at.subject),
                "encounter": _to(at.encounter),
                "authoredOn": at.on.isoformat(),
                "author": _to(at.practitioner),
                "action": actions,
            }
        )
        return Applied(self._plan(team, group), group, team, tuple(self._requests))

    def _plan(self, team: Resource, group: Resource) -> Resource:
        at, programme = self._at, self._programme
        asked = [group, *self._requests]
        return self._labelled(
            {
                "resourceType": "CarePlan",
                "meta": {"profile": [f"{BASE}/StructureDefinition/passerelle-care-plan"]}
                if at.real
                else None,
                "id": self._care_plan.partition("/")[2],
                "instantiatesCanonical": [programme.canonical],
                "status": "active" if at.real else "draft",
                "intent": "plan" if at.real else "proposal",
                "category": [_PLAN_CATEGORY, concept(programme.code)],
                "title": programme.title,
                "subject": _to(at.subject),
                "encounter": _to(at.encounter),
                "period": {"start": at.on.isoformat()},
                "created": at.on.isoformat(),
                "author": _to(at.practitioner or at.organization),
                "careTeam": [_to(f"CareTeam/{team['id']}")],
                "activity": [
                    {"reference": _to(f"{one['resourceType']}/{one['id']}")} for one in asked
                ],
            }
        )

    def _group_action(self, action: Action) -> list[Element]:
        """Return the action as one of the RequestGroup, none when it is not wanted."""
        at = self._at
        if next(_wanted((action,), at.chosen), None) is None:
            return []
        inner = [found for one in action.actions for found in self._group_action(one)]
        made = "" if action.actions else self._request(action)
        related = [{"actionId": one, "relationship": "after-end"} for one in action.after]
        told = {
            "id": action.id,
            "title": action.title,
            "textEquivalent": action.note,
            "code": [concept(action.activity)] if action.activity else [],
            "relatedAction": related,
            "resource": _to(made),
            "action": inner,
        }
        return [compact(told)]

    def _request(self, action: Action) -> str:
        """Make what the action asks for; returns its reference."""
        owner = member_for(action.roles, self._at)
        if not owner:
            raise Invalid(say(self._at.lang, "no-owner", title=action.title))
        made = ""
        if action.kind == "ServiceRequest":
            made = self._keep(self._service_request(action, owner))
        if action.id in self._sequenced or action.kind == "Appointment":
            return self._keep(self._appointment(action, owner, made))
        return made or self._keep(self._task(action, owner))

    def _keep(self, resource: Resource) -> str:
        kept = self._labelled({**resource, "id": self._at.new_id()})
        self._requests.append(kept)
        return f"{kept['resourceType']}/{kept['id']}"

    def _service_request(self, action: Action, owner: str) -> Resource:
        at = self._at
        return {
            "resourceType": "ServiceRequest",
            "instantiatesCanonical": [str(action.definition["url"])],
            "basedOn": [_to(self._care_plan)],
            "status": "active" if at.real else "draft",
            "intent": "order" if at.real else "proposal",
            "code": action.definition.get("code"),
            "subject": _to(at.subject),
            "encounter": _to(at.encounter),
            "authoredOn": at.on.isoformat(),
            "requester": _to(at.practitioner or at.organization),
            "performer": [_to(owner)],
        }

    def _appointment(self, action: Action, owner: str, request: str) -> Resource:
        at = self._at
        booking = at.bookings.get(action.id)
        actors = [at.subject, owner] if booking is None else [at.subject, *_present(booking)]
        found: Resource = {
            "resourceType": "Appointment",
            "status": "booked" if at.real and booking else "proposed",
            "serviceType": [action.definition.get("code")],
            "description": action.title,
            "minutesDuration": action.minutes,
            "created": at.on.isoformat(),
            "basedOn": [_to(request)] if request else [],
            "supportingInformation": [_to(self._care_plan)],
            "participant": [
                {"actor": _to(one), "status": "accepted" if booking else "needs-action"}
                for one in dict.fromkeys(actors)
            ],
        }
        if booking is None:
            return found | {"requestedPeriod": [self._window(action)]}
        return found | {
            "start": booking.start.isoformat(),
            "end": booking.end.isoformat(),
            "slot": [_to(f"Slot/{one}") for one in booking.opening.slots],
        }

    def _task(self, action: Action, owner: str) -> Resource:
        at = self._at
        return {
            "resourceType": "Task",
            "instantiatesCanonical": str(action.definition.get("url", "")),
            "basedOn": [_to(self._care_plan)],
            "status": "requested" if at.real else "draft",
            "intent": "order" if at.real else "proposal",
            "code": action.definition.get("code") or concept(text=action.title),
            "description": action.title,
            "for": _to(at.subject),
            "encounter": _to(at.encounter),
            "authoredOn": at.on.isoformat(),
            "requester": _to(at.practitioner or at.organization),
            "owner": _to(owner),
            "restriction": {"period": self._window(action)} if action.due_days else None,
        }

    def _window(self, action: Action) -> Element:
        on = self._at.on
        if action.due_days is None:
            return {"start": on.isoformat()}
        return {
            "start": on.isoformat(),
            "end": (on + timedelta(days=action.due_days)).isoformat(),
        }

    def _labelled(self, resource: Resource) -> Resource:
        return labelled(self._programme, resource)


def labelled(programme: Programme, resource: Resource) -> Resource:
    """Return the resource with the labels of the programme and without empty parts."""
    whole: Resource = compact(resource)
    if not programme.labels:
        return whole
    meta = whole.get("meta", {})
    return {**whole, "meta": {**meta, "security": list(programme.labels)}}


def _present(booking: Booking) -> list[str]:
    place = booking.opening.place
    return [*booking.opening.actors, *([place] if place else [])]


def _to(reference: str) -> Element | None:
    return {"reference": reference} if reference else None


def as_contained(applied: Applied) -> Resource:
    """Return the CarePlan with everything else contained, as `$apply` answers it.

    What is contained has no labels of its own (dom-5): the CarePlan carries them.
    """
    inside = [one for one in applied.resources if one is not applied.care_plan]
    names = {f"{one['resourceType']}/{one['id']}": f"#{one['id']}" for one in inside}
    names[f"CarePlan/{applied.care_plan['id']}"] = "#"
    contained = [
        _moved({key: part for key, part in one.items() if key != "meta"}, names) for one in inside
    ]
    plan = {key: part for key, part in applied.care_plan.items() if key != "id"}
    whole: Resource = {**_moved(plan, names), "contained": contained}
    return whole


def _moved(element: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any FHIR element
    if isinstance(element, dict):
        return {
            key: names.get(part, part)
            if key == "reference" and isinstance(part, str)
            else _moved(part, names)
            for key, part in element.items()
        }
    if isinstance(element, list):
        return [_moved(part, names) for part in element]
    return element
