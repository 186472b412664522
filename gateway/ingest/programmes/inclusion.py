"""Including a patient: judged and written in one commit, so that two coordinators cannot both.

An inclusion is an EpisodeOfCare with its CareTeam, its CarePlan and what the plan asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.errors import Conflict, Ineligible, Issue
from gateway.fhir.datatypes import concept
from gateway.ingest.programmes.reading import StoreReads, gather, staff
from gateway.ingest.programmes.shared_agenda import Found, SharedAgenda
from gateway.programmes.applying import Situation, apply, labelled
from gateway.programmes.eligibility import assess
from gateway.programmes.names import BASE, EPISODE
from gateway.programmes.referral_loop import UNANSWERED, is_referral, moved, step_of
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from gateway.errors import GatewayError
    from gateway.fhir.wire import Resource
    from gateway.ingest.programmes.reading import Reads
    from gateway.ingest.programmes.shared_agenda import Window
    from gateway.programmes.applying import Applied
    from gateway.programmes.eligibility import Assessment, Evidence
    from gateway.programmes.programme import Programme
    from gateway.store.api import Store, Transaction, Written

_PROFILE: Final = f"{BASE}/StructureDefinition/passerelle-programme-episode"
# How often slots are looked for again when others took those that were found.
_ATTEMPTS: Final = 3


class Writes(Protocol):
    """Writes what is decided inside the transaction."""

    def decided(self, decide: Callable[[Transaction], Sequence[Resource]]) -> list[Written]:
        """Write what `decide` returns, in one commit with what it has read."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be included when, by whom; references are `Type/id`.

    `given` are the request, answers and consent that the caller names; `window` the days in which
    a sequence is booked, None to book none.
    """

    subject: str
    on: date
    practitioner: str = ""
    organization: str = ""
    encounter: str = ""
    given: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    window: Window | None = None
    lang: str = "fr"


class _SlotsTaken(Conflict):
    """What was free when it was looked for is so no longer."""


class Inclusion:
    """Applies plans and includes patients."""

    def __init__(self, store: Store, write: Writes, new_id: Callable[[], str]) -> None:
        """Read from `store`, write with `write`."""
        self._store = store
        self._write = write
        self._new_id = new_id

    def assess(self, programme: Programme, wish: Wish) -> Assessment:
        """Return whether the patient may be included, as things stand."""
        found = gather(StoreReads(self._store), programme, wish.subject, wish.lang, wish.given)
        return assess(programme, found, wish.on, wish.lang)

    def propose(self, programme: Programme, wish: Wish) -> tuple[Applied, str]:
        """Return what the plan would ask for, and why its sequence cannot be, empty if it can."""
        reads = StoreReads(self._store)
        gather(reads, programme, wish.subject, wish.lang)
        found = self._sequence(programme, wish)
        situation = self._situation(reads, wish, found)
        return apply(programme, replace(situation, real=False)), found.obstacle

    def include(self, programme: Programme, wish: Wish) -> list[Written]:
        """Include; returns the EpisodeOfCare, then the rest.

        Raises `Ineligible` (422) with a sentence a reason, `Conflict` (409) when the patient is
        included already or others took the slots; nothing is written then.
        """
        refuse(self.assess(programme, wish))
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._attempt(programme, wish)
            except _SlotsTaken:
                continue
        return self._attempt(programme, wish)

    def _attempt(self, programme: Programme, wish: Wish) -> list[Written]:
        found = self._sequence(programme, wish)
        if found.obstacle:
            raise Ineligible(found.obstacle)

        def decide(tx: Transaction) -> list[Resource]:
            evidence = gather(tx, programme, wish.subject, wish.lang, wish.given)
            refuse(assess(programme, evidence, wish.on, wish.lang))
            slots = _taken(tx, found, wish.lang)
            made = apply(programme, self._situation(tx, wish, found))
            episode = self._episode(programme, wish, evidence, made)
            plan = _linked(made.care_plan, episode, evidence)
            rest = [one for one in made.resources if one is not made.care_plan]
            return [episode, plan, *rest, *slots, *_accepted(tx, evidence)]

        return self._write.decided(decide)

    def _sequence(self, programme: Programme, wish: Wish) -> Found:
        if wish.window is None:
            return Found({})
        agenda = SharedAgenda(self._store, wish.lang)
        return agenda.find(programme, wish.chosen, wish.subject, wish.window, wish.organization)

    def _situation(self, reads: Reads, wish: Wish, found: Found) -> Situation:
        return Situation(
            subject=wish.subject,
            on=wish.on,
            new_id=self._new_id,
            practitioner=wish.practitioner,
            organization=wish.organization,
            encounter=wish.encounter,
            members={**staff(reads, wish.organization), **wish.members},
            chosen=wish.chosen,
            bookings=found.bookings,
            real=True,
            lang=wish.lang,
        )

    def _episode(
        self, programme: Programme, wish: Wish, evidence: Evidence, made: Applied
    ) -> Resource:
        number = self._new_id()
        manager = wish.practitioner
        return labelled(
            programme,
            {
                "resourceType": "EpisodeOfCare",
                "meta": {"profile": [_PROFILE]} if wish.organization else None,
                "id": number,
                "identifier": [{"system": EPISODE, "value": number}],
                "status": "active",
                "type": [concept(programme.code)],
                "patient": {"reference": wish.subject},
                "managingOrganization": _to(wish.organization),
                "period": {"start": wish.on.isoformat()},
                "referralRequest": [
                    _to(f"ServiceRequest/{one['id']}") for one in evidence.referrals
                ],
                "careManager": _to(manager),
                "team": [_to(f"CareTeam/{made.team['id']}")],
            },
        )


def refuse(found: Assessment) -> None:
    """Raise what an assessment has against an inclusion; nothing when the patient is eligible."""
    if found.eligible:
        return
    only_others = all(one.conflict for one in found.reasons)
    kind: type[GatewayError] = Conflict if only_others else Ineligible
    code = "duplicate" if only_others else "business-rule"
    issues = tuple(Issue(one.text, code=code) for one in found.reasons)
    raise kind(issues[0].text, issues=issues)


def _taken(tx: Transaction, found: Found, lang: str) -> list[Resource]:
    """Return the slots of the bookings as busy; raises `_SlotsTaken` when one is not free."""
    slots = []
    for booking in found.bookings.values():
        for name in booking.opening.slots:
            stored = tx.read("Slot", name)
            if stored is None or stored.deleted or stored.resource.get("status") != "free":
                raise _SlotsTaken(say(lang, "slots-taken"))
            slots.append({**stored.resource, "status": "busy"})
    return slots


def _accepted(tx: Transaction, evidence: Evidence) -> list[Resource]:
    """Return the Tasks of the referrals as accepted: whoever sent them sees it in the loop."""
    now = tx.now.isoformat(timespec="milliseconds")
    return [
        moved(found.resource, "accepted", now)
        for one in evidence.referrals
        for found in tx.find_referring("Task", "focus", f"ServiceRequest/{one['id']}")
        if is_referral(found.resource) and step_of(found.resource) in UNANSWERED
    ]


def _linked(plan: Resource, episode: Resource, evidence: Evidence) -> Resource:
    """Return the CarePlan with what it stands on: episode, answers and consents."""
    permits = (one for one in evidence.consents if one["provision"].get("type") == "permit")
    told = [
        f"EpisodeOfCare/{episode['id']}",
        *(f"QuestionnaireResponse/{one['id']}" for one in evidence.assessments),
        *(f"Consent/{one['id']}" for one in permits if one.get("status") == "active"),
    ]
    return {**plan, "supportingInfo": [_to(one) for one in told]}


def _to(reference: str) -> dict[str, Any] | None:
    return {"reference": reference} if reference else None
