"""Follow-up of what is stored: one episode whole, or the episodes of a programme a page at a time.

A page costs a handful of indexed searches, whatever the number of encounters: what was done is
counted for one episode only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import NotFound
from gateway.fhir.search.query import parse_search
from gateway.ingest.programmes.reading import StoreReads
from gateway.programmes.follow_up import (
    OPEN_TASKS,
    FollowUp,
    follow,
    is_meeting,
    judged,
    late_tasks,
    lost_before,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Programme
    from gateway.store.api import Store

_MOST: Final = "1000"
# How many episodes are looked at a time, and how many for one answer.
_CHUNK: Final = 100
_CHUNKS: Final = 20
# Discussions may stand between now and the last contact.
_NEWEST: Final = "20"


@dataclass(frozen=True, slots=True)
class Followed:
    """An episode with its state, the sentence that explains it, and its overdue Tasks."""

    episode: Resource
    state: str
    text: str
    late: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which episodes: of a structure, in some states (none means all), as of a day."""

    on: date
    lang: str
    organization: str = ""
    states: frozenset[str] = frozenset()


class Following:
    """Follows the patients of programmes."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self._store = store
        self._reads = StoreReads(store)

    def one(self, programme: Programme, episode: Resource, on: date, lang: str) -> FollowUp:
        """Return how one episode goes: what was done, what is late, the last contact."""
        reference = f"EpisodeOfCare/{episode['id']}"
        pairs = [("episode-of-care", reference), ("status", "finished")]
        return follow(
            programme,
            episode,
            encounters=list(self._search("Encounter", pairs)),
            tasks=self._tasks(self._plans([episode])),
            on=on,
            lang=lang,
        )

    def page(
        self, programme: Programme, wanted: Wanted, count: int, cursor: str
    ) -> tuple[list[Followed], str]:
        """Return up to `count` episodes and the cursor of what follows, empty at the end.

        The cursor is that of the store behind the last episode that was looked at.
        """
        found: list[Followed] = []
        for _ in range(_CHUNKS):
            episodes, cursor = self._chunk(programme, wanted, count - len(found), cursor)
            kept = self._judged(programme, episodes, wanted)
            found += [one for one in kept if not wanted.states or one.state in wanted.states]
            if not cursor or len(found) >= count:
                break
        return found, cursor

    def _chunk(
        self, programme: Programme, wanted: Wanted, missing: int, cursor: str
    ) -> tuple[list[Resource], str]:
        # As many as are missing: a page never has to leave one out that was looked at.
        code = programme.code
        pairs = [
            ("type", f"{code.get('system', '')}|{code.get('code', '')}"),
            ("_count", str(min(missing, _CHUNK))),
        ]
        if "ended" not in wanted.states:
            pairs.append(("status", "active,onhold"))
        if wanted.organization:
            pairs.append(("organization", wanted.organization))
        if cursor:
            pairs.append(("_cursor", cursor))
        page = self._store.search(parse_search("EpisodeOfCare", pairs))
        return [one.resource for one in page.matches], page.next or ""

    def _judged(
        self, programme: Programme, episodes: Sequence[Resource], wanted: Wanted
    ) -> Iterator[Followed]:
        if not episodes:
            return
        plans = self._plans(episodes)
        late = self._late(plans, wanted)
        seen = self._seen_lately(programme, episodes, wanted.on)
        last_of = self._last_contacts([one for one in episodes if one["id"] not in seen])
        for episode in episodes:
            tasks = tuple(late.get(f"EpisodeOfCare/{episode['id']}", ()))
            last = wanted.on.isoformat() if episode["id"] in seen else last_of[episode["id"]]
            state, text = judged(
                programme, episode, last, wanted.on, wanted.lang, is_late=bool(tasks)
            )
            yield Followed(episode, state, text, tasks)

    def _plans(self, episodes: Sequence[Resource]) -> dict[str, str]:
        """Return the episode (`Type/id`) of each CarePlan (`Type/id`) of these episodes."""
        mine = {f"EpisodeOfCare/{one['id']}" for one in episodes}
        patients = ",".join(sorted({one["patient"]["reference"] for one in episodes}))
        found: dict[str, str] = {}
        for plan in self._search("CarePlan", [("subject", patients)]):
            for info in plan.get("supportingInfo", ()):
                if info.get("reference") in mine:
                    found[f"CarePlan/{plan['id']}"] = info["reference"]
        return found

    def _tasks(self, plans: Iterable[str]) -> list[Resource]:
        names = ",".join(plans)
        pairs = [("based-on", names), ("status", ",".join(OPEN_TASKS))]
        return list(self._search("Task", pairs)) if names else []

    def _late(self, plans: dict[str, str], wanted: Wanted) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for late in late_tasks(self._tasks(plans), wanted.on):
            for element in late.task.get("basedOn", ()):
                episode = plans.get(element.get("reference", ""))
                if episode is not None:
                    found.setdefault(episode, []).append(late.task)
        return found

    def _seen_lately(
        self, programme: Programme, episodes: Sequence[Resource], on: date
    ) -> set[str]:
        """Return the ids of the episodes that had a contact since somebody would be lost."""
        cutoff = lost_before(programme, on)
        if cutoff is None:
            return set()
        names = ",".join(one["id"] for one in episodes)
        recent = f"ge{cutoff.isoformat()}"
        pairs = [("_id", names), ("_has:Encounter:episode-of-care:date", recent)]
        seen = {one["id"] for one in self._search("EpisodeOfCare", pairs)}
        return seen - self._uncertain(seen, recent)

    def _uncertain(self, seen: set[str], recent: str) -> set[str]:
        """Return those of the episodes of which something recent may be no contact."""
        if not seen:
            return set()
        names = ",".join(f"EpisodeOfCare/{one}" for one in sorted(seen))
        about = [("episode-of-care", names), ("date", recent)]
        found: set[str] = set()
        for pair in (("status:not", "finished"), ("class", "VR")):
            for encounter in self._search("Encounter", [*about, pair]):
                found |= {
                    one["reference"].partition("/")[2] for one in encounter.get("episodeOfCare", ())
                }
        return found

    def _last_contacts(self, episodes: Sequence[Resource]) -> dict[str, str]:
        """Return the day of the last contact of each episode (by id), else of its inclusion."""
        if not episodes:
            return {}
        names = ",".join(f"EpisodeOfCare/{one['id']}" for one in episodes)
        pairs = [
            ("episode-of-care", names),
            ("status", "finished"),
            ("_sort", "-date"),
            ("_count", _MOST),
        ]
        page = self._store.search(parse_search("Encounter", pairs))
        newest: dict[str, str] = {}
        for encounter in (one.resource for one in page.matches):
            for told in () if is_meeting(encounter) else encounter.get("episodeOfCare", ()):
                name = str(told.get("reference", "")).partition("/")[2]
                newest.setdefault(name, _began(encounter))
        # Where there are more, those without one are looked at by themselves.
        other = self._last if page.next else _began
        return {
            one["id"]: newest[one["id"]] if one["id"] in newest else other(one) for one in episodes
        }

    def _last(self, episode: Resource) -> str:
        """Return the day of the last contact, else that of the inclusion."""
        pairs = [
            ("episode-of-care", f"EpisodeOfCare/{episode['id']}"),
            ("status", "finished"),
            ("_sort", "-date"),
            ("_count", _NEWEST),
        ]
        query = parse_search("Encounter", pairs)
        read = (one.resource for one in self._store.search(query).matches)
        newest = [one for one in read if not is_meeting(one)]
        return _began(newest[0] if newest else episode)

    def _search(self, kind: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Resource]:
        query = parse_search(kind, [*pairs, ("_count", _MOST)])
        return (one.resource for one in self._store.search(query).matches)


def _began(resource: Resource) -> str:
    return str(resource.get("period", {}).get("start", ""))[:10]


def episode_of(store: Store, episode_id: str) -> Resource:
    """Return an EpisodeOfCare; raises `NotFound`."""
    held = store.read("EpisodeOfCare", episode_id)
    if held is None or held.deleted:
        message = f"EpisodeOfCare/{episode_id} is not here."
        raise NotFound(message)
    return held.resource
