"""How a patient's programme goes: what was done against the averages, what is late, who is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from gateway.programmes.names import ACTIVITY
from gateway.programmes.words import day, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Element, Programme

_ENDED: Final = ("finished", "cancelled", "entered-in-error")
#: Task.status of work that somebody still owes.
OPEN_TASKS: Final = ("requested", "received", "accepted", "ready", "in-progress", "on-hold")


@dataclass(frozen=True, slots=True)
class Done:
    """An activity of the plan: how often it was done since `since`, and the average a year.

    `expected` is the average for the time that has passed; it is no cap and nothing is refused.
    """

    activity: Element
    title: str
    count: int
    per_year: float | None
    expected: float | None


@dataclass(frozen=True, slots=True)
class Late:
    """A Task that is overdue."""

    task: Resource
    due: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`state` is `on-track`, `late`, `lost` or `ended`; `text` is the sentence that explains it."""

    state: str
    text: str
    done: tuple[Done, ...]
    late: tuple[Late, ...]
    last_contact: str


def follow(  # noqa: PLR0913 - what an episode is followed by
    programme: Programme,
    episode: Resource,
    *,
    encounters: Sequence[Resource],
    tasks: Iterable[Resource],
    on: date,
    lang: str,
) -> FollowUp:
    """Return how an episode goes on that day; `encounters` are its finished ones."""
    late = tuple(late_tasks(tasks, on))
    contacts = sorted(_day(one) for one in encounters if not is_meeting(one))
    last = contacts[-1] if contacts else ""
    began = str(episode.get("period", {}).get("start", ""))[:10]
    state, text = judged(programme, episode, last or began, on, lang, is_late=bool(late))
    return FollowUp(state, text, tuple(_done(programme, encounters, began, on)), late, last)


def judged(  # noqa: PLR0913 - what a state depends on
    programme: Programme, episode: Resource, last: str, on: date, lang: str, *, is_late: bool
) -> tuple[str, str]:
    """Return the state of an episode and its sentence; `last` is the day of the last contact."""
    if episode.get("status") in _ENDED:
        return "ended", say(lang, "state-ended")
    cutoff = lost_before(programme, on)
    if cutoff is not None and last and last < cutoff.isoformat():
        return "lost", say(lang, "state-lost", day=day(last))
    if is_late:
        return "late", say(lang, "state-late")
    return "on-track", say(lang, "state-on-track")


def lost_before(programme: Programme, on: date) -> date | None:
    """Return the day before which a last contact makes a patient lost, None when nobody is."""
    return None if programme.lost_days is None else on - timedelta(days=programme.lost_days)


def late_tasks(tasks: Iterable[Resource], on: date) -> Iterator[Late]:
    """Yield the open Tasks that were due before that day."""
    for task in tasks:
        due = str(task.get("restriction", {}).get("period", {}).get("end", ""))
        if due and due[:10] < on.isoformat() and task.get("status") in OPEN_TASKS:
            yield Late(task, due[:10])


def _done(
    programme: Programme, encounters: Sequence[Resource], began: str, on: date
) -> Iterator[Done]:
    counts: dict[str, int] = {}
    for encounter in encounters:
        for code in set(activities(encounter)):
            counts[code] = counts.get(code, 0) + 1
    share = _share(began, on)
    seen: set[str] = set()
    for action in programme.every_action():
        known = counts.get(action.code, 0)
        shown = known or action.per_year is not None
        if not action.code or action.code in seen or not shown:
            continue
        seen.add(action.code)
        expected = None if action.per_year is None else round(action.per_year * share, 1)
        yield Done(action.activity, action.title, known, action.per_year, expected)


def activities(encounter: Resource) -> Iterator[str]:
    """Yield the activities of the programme that an Encounter is."""
    for concept in encounter.get("type", ()):
        for coding in concept.get("coding", ()):
            if coding.get("system") == ACTIVITY:
                yield str(coding.get("code", ""))


def is_meeting(encounter: Resource) -> bool:
    """Whether the patient was not there: a discussion is no contact."""
    return bool(encounter.get("class", {}).get("code") == "VR" and encounter.get("appointment"))


def _day(encounter: Resource) -> str:
    return str(encounter.get("period", {}).get("start", ""))[:10]


def _share(began: str, on: date) -> float:
    try:
        days = (on - date.fromisoformat(began)).days
    except ValueError:
        return 0.0
    return min(max(days / 365, 0.0), 1.0)
