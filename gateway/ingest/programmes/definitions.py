"""The definitions of programmes in the store: brought there at the start, read when needed.

They are resources like others: an installation changes one by FHIR, and adds a programme by its
resources. What is held is replaced by a newer version only, and what was deleted stays away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.errors import Invalid, NotFound
from gateway.fhir.search.query import parse_search
from gateway.fhir.terminology.canonical import version_order
from gateway.ingest.contention import persistently
from gateway.programmes.programme import Programme, program_of, read_programme
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store, Stored

_PLAN: Final = "PlanDefinition"


class Reads(Protocol):
    """What is asked of the store, or of a transaction."""

    def read(self, resource_type: str, resource_id: str, /) -> Stored | None:
        """Return the current version."""


def install(store: Store, resources: Iterable[Resource]) -> int:
    """Write the definitions that are new or newer than what is held; returns how many.

    Raises `Unavailable` when the store cannot commit.
    """
    waiting = [one for one in resources if _is_wanted(store, one)]
    if not waiting:
        return 0

    def work() -> int:
        with store.transaction() as tx:
            for one in waiting:
                tx.put(one)
        return len(waiting)

    return persistently(work)


def _is_wanted(store: Store, resource: Resource) -> bool:
    held = store.read(resource["resourceType"], resource["id"])
    if held is None:
        return True
    if held.deleted:
        return False
    versions = (str(one.get("version", "")) for one in (resource, held.resource))
    mine, theirs = (version_order(version) for version in versions)
    return mine > theirs


class Definitions:
    """Reads programmes from a store."""

    def __init__(self, store: Store, lang: str = "fr") -> None:
        """Read from `store`; refusals are in `lang`."""
        self._store = store
        self._lang = lang

    def programme(self, plan_id: str) -> Programme:
        """Return the programme of a PlanDefinition; raises `NotFound` and `Invalid`."""
        held = self._store.read(_PLAN, plan_id)
        if held is None or held.deleted:
            message = f"{_PLAN}/{plan_id} is not here."
            raise NotFound(message)
        return self.of(held.resource)

    def of(self, plan: Resource) -> Programme:
        """Return the programme that a PlanDefinition says, with what is stored of its parts."""
        return read_programme(plan, self.resolve, self._lang)

    def programme_of(self, episode: Resource) -> Programme:
        """Return the programme of an EpisodeOfCare; raises `Invalid` when it is of none."""
        codings = [coding for one in episode.get("type", ()) for coding in one.get("coding", ())]
        for coding in codings:
            plan = self._plan_of(coding)
            if plan is not None:
                return self.of(plan)
        what = f"EpisodeOfCare/{episode.get('id', '')}"
        raise Invalid(say(self._lang, "no-programme", what=what))

    def _plan_of(self, coding: dict[str, Any]) -> Resource | None:
        token = f"{coding.get('system', '')}|{coding.get('code', '')}"
        page = self._store.search(parse_search(_PLAN, [("context", token), ("status", "active")]))
        plans = (one.resource for one in page.matches)
        return next((one for one in plans if program_of(one).get("code") == coding["code"]), None)

    def resolve(self, canonical: str) -> Resource | None:
        """Return what a canonical names, the newest version; None when it is not here.

        An id that is the end of the URL, as ours are, is found without a search.
        """
        url = canonical.partition("|")[0]
        kind, _, name = "/".join(url.split("/")[-2:]).partition("/")
        held = self._store.read(kind, name)
        if held is not None and not held.deleted and held.resource.get("url") == url:
            return held.resource
        page = self._store.search(parse_search(kind, [("url", url.replace(",", "\\,"))]))
        found = [one.resource for one in page.matches]
        return max(found, key=lambda one: version_order(one.get("version", "")), default=None)
