"""What a transaction bundle will do, made ready before the store is touched.

Every resource gets the place it will have unless a condition finds another one, every link is led
there, everything is validated: what then happens under the writers' lock is short.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from gateway.errors import GatewayError, Invalid, Issue, Malformed
from gateway.fhir.links import Links
from gateway.fhir.patch.fhirpath_patch import fhirpath_patch
from gateway.fhir.patch.json_patch import MEDIA_TYPE, json_patch
from gateway.fhir.wire import loads
from gateway.ingest.judgement import placed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.fhir.patch import Patch
    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.transaction import Entry
    from gateway.ingest.judgement import Judge

    Ask = Callable[[str, str], SearchQuery]

_URN: Final = re.compile(r"urn(?::|%3A)(?:uuid|oid)(?::|%3A)[0-9A-Za-z.\-]+", re.IGNORECASE)
_MAX_ISSUES: Final = 1000


@dataclass(slots=True)
class Task:
    """One write: `place` is `Type/id` as planned, `body` the resource or the patch as data.

    `uses` are the places that the body links to, `mentions` those that the condition names.
    """

    entry: Entry
    place: str
    body: Any = None
    uses: set[str] = field(default_factory=set)
    condition: str | None = None
    mentions: set[str] = field(default_factory=set)
    query: SearchQuery | None = None

    @property
    def at(self) -> str:
        """Where it stands in the bundle."""
        return self.entry.expression

    @property
    def planned_id(self) -> str:
        """The id of the place."""
        return self.place.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Asked:
    """A conditional reference: type, search, and the places that the search names."""

    type: str
    search: str
    mentions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """All writes in the order of the bundle, and the conditional references by their stand-in."""

    tasks: list[Task]
    asked: dict[str, Asked]
    ask: Ask


def plan_of(entries: Sequence[Entry], judge: Judge, ask: Ask, new_id: Callable[[], str]) -> Plan:
    """Return the plan; raises `Malformed` or `Invalid` with the faults of all entries."""
    return _Planning(entries, judge, ask, new_id).plan()


class _Planning:
    def __init__(
        self, entries: Sequence[Entry], judge: Judge, ask: Ask, new_id: Callable[[], str]
    ) -> None:
        self._judge = judge
        self._ask = ask
        self._new_id = new_id
        self._tasks = [Task(one, self._place(one)) for one in entries]
        self._to = {
            task.entry.full_url: task.place
            for task in self._tasks
            if task.entry.full_url and task.entry.method != "DELETE"
        }
        self._asked: dict[str, Asked] = {}
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._unreadable: list[Issue] = []
        self._invalid: list[Issue] = []

    def _place(self, entry: Entry) -> str:
        own = (entry.resource or {}).get("id") if entry.method == "PUT" else None
        return f"{entry.type}/{entry.id or (own if isinstance(own, str) else self._new_id())}"

    def plan(self) -> Plan:
        links = Links(self._to, self._stand_in)
        for task in self._tasks:
            try:
                self._prepare(task, links)
            except GatewayError as fault:
                self._unreadable += placed(fault, task.at).issues
        for refusal, issues in ((Malformed, self._unreadable), (Invalid, self._invalid)):
            if issues:
                raise refusal(issues[0].text, issues=tuple(issues[:_MAX_ISSUES]))
        return Plan(self._tasks, self._asked, self._ask)

    def _stand_in(self, resource_type: str, search: str) -> str:
        key = (resource_type, search)
        if key not in self._stand_ins:
            led, mentions = self._led(search)
            self._ask(resource_type, led)
            self._stand_ins[key] = f"{resource_type}/{self._new_id()}"
            self._asked[self._stand_ins[key]] = Asked(resource_type, led, frozenset(mentions))
        return self._stand_ins[key]

    def _prepare(self, task: Task, links: Links) -> None:
        entry = task.entry
        if entry.condition is not None:
            task.condition, task.mentions = self._led(entry.condition.rpartition("?")[2])
            task.query = self._ask(entry.type, task.condition)
        if entry.method == "DELETE" or entry.resource is None:
            return
        task.uses, lost = links.relink(entry.resource, entry.full_url)
        task.body = entry.resource
        self._invalid += [_lost(task, text) for text in lost]
        if entry.method == "PATCH":
            self._prepare_patch(task)
        else:
            at = task.at
            self._invalid += self._judge.faults(entry.resource, entry.type, at=at)

    def _prepare_patch(self, task: Task) -> None:
        if task.body["resourceType"] == "Binary":
            task.body = _operations(task.body)
            # Operations have no type that would tell what is a link.
            _lead(task, self._to)
        patch_of(task.body)

    def _led(self, search: str) -> tuple[str, set[str]]:
        """Return a search whose placeholders are places, and those places."""
        places: set[str] = set()

        def place(found: re.Match[str]) -> str:
            target = self._to.get(unquote(found[0]))
            if target is None:
                return found[0]
            places.add(target)
            return target

        return _URN.sub(place, search), places


def _lost(task: Task, text: str) -> Issue:
    where = f"{task.at}.resource"
    sentence = f"{where} refers to {text[:200]}, which is the fullUrl of no entry."
    return Issue(sentence, expression=where, code="not-found")


def _operations(binary: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON Patch in a Binary (https://hl7.org/fhir/R4/http.html#patch)."""
    kind = str(binary.get("contentType", "")).partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        message = f"A patch in a Binary has the contentType {MEDIA_TYPE}."
        raise Malformed(message)
    try:
        return loads(base64.b64decode(str(binary.get("data", "")), validate=True))
    except ValueError:
        message = "The data of the Binary are not base64."
        raise Malformed(message) from None


def _lead(task: Task, to: dict[str, str]) -> None:
    waiting = [task.body]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict | list):
            continue
        for key, part in list(one.items() if isinstance(one, dict) else enumerate(one)):
            if isinstance(part, str) and part in to:
                one[key] = to[part]
                task.uses.add(to[part])
            else:
                waiting.append(part)


def patch_of(body: Any) -> Patch:  # noqa: ANN401 - any JSON
    """Return the patch that a body is; raises `Malformed`."""
    return fhirpath_patch(body) if isinstance(body, dict) else json_patch(body)
