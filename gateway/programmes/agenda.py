"""A sequence of one day in one place, put together from what shared agendas offer.

The patient goes from step to step: steps never overlap, each begins when those that must come
before have ended. Pure: openings in, bookings or the reason why not out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Opening:
    """Free time of one schedule: its slots, who is there (`Type/id`) and where.

    `start` and `end` have a time zone; `place` is `Location/id`, or empty when nobody says.
    """

    slots: tuple[str, ...]
    schedule: str
    start: datetime
    end: datetime
    actors: tuple[str, ...] = ()
    place: str = ""


class Busy(NamedTuple):
    """When somebody (`Type/id`) is elsewhere."""

    who: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What takes place: how many minutes, and after which other steps."""

    id: str
    title: str
    minutes: int
    after: tuple[str, ...] = ()


class Booking(NamedTuple):
    """A step at its time."""

    step: str
    opening: Opening
    start: datetime
    end: datetime


class Impossible(NamedTuple):
    """Why there is no sequence: the name of a sentence and the step that it is about."""

    sentence: str
    title: str = ""


def joined(openings: Iterable[Opening], minutes: int) -> list[Opening]:
    """Return what is long enough: single slots, or slots of a schedule one after the other."""
    ordered = sorted(openings, key=lambda one: (one.schedule, one.start, one.end))
    found: list[Opening] = []
    for _, several in groupby(ordered, key=lambda one: one.schedule):
        found += _long_enough(list(several), timedelta(minutes=minutes))
    return found


def _long_enough(several: Sequence[Opening], length: timedelta) -> Iterator[Opening]:
    for at, first in enumerate(several):
        slots, end = first.slots, first.end
        for following in several[at + 1 :]:
            if end - first.start >= length or following.start != end:
                break
            slots, end = slots + following.slots, following.end
        if end - first.start >= length:
            yield Opening(slots, first.schedule, first.start, end, first.actors, first.place)


def sequence(
    steps: Sequence[Step],
    openings: Mapping[str, Sequence[Opening]],
    busy: Iterable[Busy],
    *,
    patient: str,
    longest: int,
) -> list[Booking] | Impossible:
    """Return the sequence of the earliest day that ends first, of those the one that begins last.

    `openings` are those of each step by its id; `longest` is how many minutes the whole may take.
    """
    taken = list(busy)
    free: dict[str, list[Opening]] = {}
    for step in steps:
        usable = joined(openings.get(step.id, ()), step.minutes)
        free[step.id] = [one for one in usable if not _is_taken(one, step, taken, patient)]
        if not free[step.id]:
            return Impossible("no-opening", step.title)
    days = _days(free)
    if not days:
        return Impossible("no-place")
    for same_day in days:
        found = [plan for one in same_day if (plan := _earliest(steps, one, longest)) is not None]
        if found:
            return min(found, key=_rank)
    return Impossible("no-sequence")


def _is_taken(opening: Opening, step: Step, busy: Iterable[Busy], patient: str) -> bool:
    people = {*opening.actors, patient}
    end = opening.start + timedelta(minutes=step.minutes)
    return any(one.who in people and one.start < end and opening.start < one.end for one in busy)


def _days(free: Mapping[str, Sequence[Opening]]) -> list[list[dict[str, list[Opening]]]]:
    """Return, a day after the other, the openings in each place that has some for every step."""
    places: dict[tuple[date, str], dict[str, list[Opening]]] = {}
    for step, several in free.items():
        for one in several:
            key = (one.start.astimezone(PARIS).date(), one.place)
            places.setdefault(key, {}).setdefault(step, []).append(one)
    whole = {key: found for key, found in places.items() if len(found) == len(free)}
    return [
        [whole[key] for key in keys] for _, keys in groupby(sorted(whole), key=lambda key: key[0])
    ]


def _rank(plan: Sequence[Booking]) -> tuple[datetime, timedelta, str]:
    return plan[-1].end, plan[-1].end - plan[0].start, plan[0].opening.place


def _earliest(
    steps: Sequence[Step], openings: Mapping[str, Sequence[Opening]], longest: int
) -> list[Booking] | None:
    """Return the best sequence in one place on one day.

    Only the first step is tried at each of its times: once it stands, taking every further step as
    early as can be is never worse.
    """
    by_start = {
        step: sorted(several, key=lambda one: (one.start, one.schedule))
        for step, several in openings.items()
    }
    found: list[Booking] | None = None
    for order in _orders(steps):
        for first in by_start[order[0].id]:
            plan = _follow(order, by_start, first)
            if plan is None or plan[-1].end - plan[0].start > timedelta(minutes=longest):
                continue
            if found is None or _rank(plan) < _rank(found):
                found = plan
    return found


def _orders(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield every order that respects what comes after what."""
    names = {step.id for step in steps}

    def extend(done: list[Step], rest: list[Step]) -> Iterator[list[Step]]:
        if not rest:
            yield done
        for step in rest:
            before = set(step.after) & names
            if before <= {one.id for one in done}:
                yield from extend([*done, step], [one for one in rest if one is not step])

    yield from extend([], list(steps))


def _follow(
    order: Sequence[Step], openings: Mapping[str, Sequence[Opening]], first: Opening
) -> list[Booking] | None:
    plan: list[Booking] = []
    for step in order:
        earliest = plan[-1].end if plan else first.start
        opening = next((one for one in openings[step.id] if one.start >= earliest), None)
        if opening is None:
            return None
        end = opening.start + timedelta(minutes=step.minutes)
        plan.append(Booking(step.id, opening, opening.start, end))
    return plan
