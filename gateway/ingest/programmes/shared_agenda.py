"""The sequence of a plan in the shared agendas: free slots that are, and whom they would occupy.

Slots are found as the French guide on shared agendas does: by service type and start, with the
actors of their schedules (https://hl7.org/fhir/R4/slot.html, https://hl7.org/fhir/R4/schedule.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.query import parse_search
from gateway.ingest.programmes.reading import StoreReads, held
from gateway.programmes.agenda import PARIS, Busy, Impossible, Opening, Step, sequence
from gateway.programmes.applying import steps_of
from gateway.programmes.words import day, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.fhir.wire import Resource
    from gateway.programmes.agenda import Booking
    from gateway.programmes.programme import Action, Programme
    from gateway.store.api import Store

_MOST: Final = "1000"
_TAKEN: Final = "booked,arrived,checked-in,pending"
_BUSY: Final = "busy,busy-unavailable,busy-tentative"


@dataclass(frozen=True, slots=True)
class Window:
    """The days, both included, in which a sequence is looked for."""

    first: date
    last: date

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """Return the search parameters that stand for it."""
        start = datetime.combine(self.first, time(), PARIS)
        end = datetime.combine(self.last + timedelta(days=1), time(), PARIS)
        return [(name, f"ge{start.isoformat()}"), (name, f"lt{end.isoformat()}")]


@dataclass(frozen=True, slots=True)
class Found:
    """The bookings by action, or the sentence why there are none."""

    bookings: dict[str, Booking]
    obstacle: str = ""


class SharedAgenda:
    """Looks for sequences in the agendas of a store."""

    def __init__(self, store: Store, lang: str) -> None:
        """Look in `store`; sentences are in `lang`."""
        self._store = store
        self._reads = StoreReads(store)
        self._lang = lang

    def find(
        self,
        programme: Programme,
        chosen: frozenset[str],
        patient: str,
        window: Window,
        organization: str = "",
    ) -> Found:
        """Return when the sequences of a plan can take place, all of them or none."""
        bookings: dict[str, Booking] = {}
        for action in programme.with_step("sequence"):
            found = self._sequence(
                action, steps_of(programme, action, chosen), patient, window, organization
            )
            if isinstance(found, Impossible):
                return Found({}, self._sentence(found, action, window))
            bookings |= {one.step: one for one in found}
        return Found(bookings)

    def _sequence(
        self,
        action: Action,
        actions: Sequence[Action],
        patient: str,
        window: Window,
        organization: str,
    ) -> list[Booking] | Impossible:
        if not actions:
            return []
        openings = {one.id: list(self._openings(one, window, organization)) for one in actions}
        people = {who for several in openings.values() for one in several for who in one.actors}
        steps = [Step(one.id, one.title, one.minutes, one.after) for one in actions]
        busy = list(self._busy({patient, *people}, window))
        return sequence(steps, openings, busy, patient=patient, longest=action.minutes)

    def _sentence(self, found: Impossible, action: Action, window: Window) -> str:
        return say(
            self._lang,
            found.sentence,
            title=found.title or action.title,
            start=day(window.first.isoformat()),
            end=day(window.last.isoformat()),
            minutes=action.minutes,
        )

    def _openings(self, action: Action, window: Window, organization: str) -> Iterator[Opening]:
        codings = action.definition.get("code", {}).get("coding", ())
        tokens = ",".join(f"{one.get('system', '')}|{one.get('code', '')}" for one in codings)
        pairs = [("status", "free"), ("service-type", tokens), *window.pairs("start")]
        for slot in self._search("Slot", pairs):
            actors, place, owners = self._schedule(slot)
            if not owners or not organization or organization in owners:
                yield _opening(slot, actors, place)

    def _schedule(self, slot: Resource) -> tuple[tuple[str, ...], str, set[str]]:
        """Return the people and things of a slot's schedule, its place and whose they are."""
        schedule = held(self._reads, slot.get("schedule", {}).get("reference", "")) or {}
        actors: list[str] = []
        place = ""
        owners: set[str] = set()
        for element in schedule.get("actor", ()):
            reference = element.get("reference", "")
            actor = held(self._reads, reference) or {}
            owners |= _owners(actor)
            if reference.startswith("Location/"):
                place = reference
                continue
            place = place or _first(actor.get("location", ()))
            person = actor.get("practitioner", {}).get("reference", "")
            actors += [person or reference]
        return tuple(actors), place, owners

    def _busy(self, people: set[str], window: Window) -> Iterator[Busy]:
        # What began the day before may still last.
        wider = Window(window.first - timedelta(days=1), window.last)
        who = ",".join(sorted(people))
        pairs = [("status", _TAKEN), ("actor", who), *wider.pairs("date")]
        for appointment in self._search("Appointment", pairs):
            actors = [
                one.get("actor", {}).get("reference", "") for one in appointment["participant"]
            ]
            yield from _intervals(appointment, (one for one in actors if one in people))
        persons = ",".join(sorted(one for one in people if not one.startswith("Patient/")))
        if persons:
            pairs = [("status", _BUSY), ("schedule.actor", persons), *wider.pairs("start")]
            for slot in self._search("Slot", pairs):
                yield from _intervals(slot, self._schedule(slot)[0])

    def _search(self, kind: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Resource]:
        query = parse_search(kind, [*pairs, ("_count", _MOST)])
        return (one.resource for one in self._store.search(query).matches)


def _opening(slot: Resource, actors: tuple[str, ...], place: str) -> Opening:
    return Opening(
        (slot["id"],),
        slot["schedule"]["reference"],
        datetime.fromisoformat(slot["start"]),
        datetime.fromisoformat(slot["end"]),
        actors,
        place,
    )


def _owners(actor: Resource) -> set[str]:
    elements = (
        actor.get(name, {}) for name in ("providedBy", "organization", "managingOrganization")
    )
    return {one["reference"] for one in elements if "reference" in one}


def _first(references: Iterable[Resource]) -> str:
    return next((str(one.get("reference", "")) for one in references), "")


def _intervals(resource: Resource, people: Iterable[str]) -> Iterator[Busy]:
    start, end = resource.get("start"), resource.get("end")
    if start and end:
        for who in people:
            yield Busy(who, datetime.fromisoformat(start), datetime.fromisoformat(end))
