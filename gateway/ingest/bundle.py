"""A transaction bundle, all or nothing: https://hl7.org/fhir/R4/http.html#transaction.

Deletes first, then creates, then updates and patches, whatever the order of the entries. A
condition sees what was deleted; a reference that is a search sees all that the bundle writes of
its type. No two entries may be about one resource, nor may what one of them writes be what the
condition of another is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from gateway.errors import GatewayError, Gone, Malformed, NotFound, PreconditionFailed
from gateway.fhir.links import swap
from gateway.fhir.patch import patched
from gateway.fhir.transaction import same
from gateway.fhir.wire import dumps, loads
from gateway.ingest.conditions import (
    current,
    identity,
    matches,
    matching,
    only,
    require_absent,
)
from gateway.ingest.integrity import References, check_referrers
from gateway.ingest.judgement import placed
from gateway.ingest.plan import patch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.errors import Issue
    from gateway.fhir.search.query import SearchQuery
    from gateway.ingest.judgement import Judge
    from gateway.ingest.plan import Plan, Task
    from gateway.store.api import Transaction, Written

Given = ParamSpec("Given")
Result = TypeVar("Result")

# The order in which methods are done.
_ORDER: Final = {"POST": 0, "PUT": 1, "PATCH": 1}
# Two matches are one too many: its own, and what another entry wrote.
_ENOUGH: Final = 2


def write_bundle(
    tx: Transaction, plan: Plan, judge: Judge, bases: tuple[str, ...]
) -> list[tuple[Written, ...]]:
    """Do what is planned, in the transaction; returns for each task what was written.

    Raises the first refusal, which names its entry: then nothing must be committed.
    """
    return _Run(tx, plan, judge, bases).run()


class _Run:
    def __init__(self, tx: Transaction, plan: Plan, judge: Judge, bases: tuple[str, ...]) -> None:
        self._tx = tx
        self._plan = plan
        self._judge = judge
        self._references = References(bases)
        self._done: dict[int, tuple[Written, ...]] = {}
        # Who is about a resource, by `Type/id`.
        self._claims: dict[str, Task] = {}
        # Where the conditions led, when it is another place than planned.
        self._moved: dict[str, str] = {}
        # What the conditions of creates, updates and patches found, by the index of the task.
        self._found: dict[int, str | None] = {}

    def run(self) -> list[tuple[Written, ...]]:
        tasks = self._plan.tasks
        deletes = [task for task in tasks if task.entry.method == "DELETE"]
        others = [task for task in tasks if task.entry.method != "DELETE"]
        others.sort(key=lambda task: _ORDER[task.entry.method])
        deleted = self._delete(deletes)
        self._resolve([task for task in others if task.query is not None])
        for task in others:
            self._claim(task, self._where(task))
        self._write_in_waves(others)
        self._check_conditions(others)
        self._references.check(self._tx)
        check_referrers(self._tx, deleted)
        return [self._done[task.entry.index] for task in tasks]

    def _claim(self, task: Task, reference: str) -> None:
        other = self._claims.setdefault(reference, task)
        if other is not task:
            self._refuse_both(same(other.entry, task.entry, f"are both about {reference}"))

    @staticmethod
    def _refuse_both(issue: Issue) -> None:
        raise Malformed(issue.text, issues=(issue,))

    def _where(self, task: Task) -> str:
        return self._moved.get(task.place, task.place)

    # Deletes

    def _delete(self, tasks: list[Task]) -> list[str]:
        wanted: dict[int, list[str]] = {}
        for task in tasks:
            ids = _of_entry(task, self._deleted_ids, task)
            wanted[task.entry.index] = ids
            for one in ids:
                self._claim(task, f"{task.entry.type}/{one}")
        for task in tasks:
            written = (
                _of_entry(task, self._delete_one, task, one) for one in wanted[task.entry.index]
            )
            self._done[task.entry.index] = tuple(one for one in written if one is not None)
        return [one.stored.reference for task in tasks for one in self._done[task.entry.index]]

    def _deleted_ids(self, task: Task) -> list[str]:
        if task.query is None:
            return [task.entry.id]
        return matching(self._tx, task.query, task.entry.expected)

    def _delete_one(self, task: Task, one: str) -> Written | None:
        entry = task.entry
        try:
            return self._tx.delete(entry.type, one, expected=entry.expected)
        except Gone:
            return None

    # Conditions

    def _resolve(self, tasks: list[Task]) -> None:
        """Find out whom each condition is about; those that name others' places come after them."""
        waiting = tasks
        while waiting:
            open_places = {task.place for task in waiting}
            ready = [task for task in waiting if not task.mentions & open_places - {task.place}]
            if not ready:
                text = f"The conditions of {' and '.join(one.at for one in waiting[:2])}"
                message = f"{text} depend on each other."
                raise Malformed(message, expression=waiting[0].at)
            for task in ready:
                _of_entry(task, self._resolve_one, task)
            done = {id(task) for task in ready}
            waiting = [task for task in waiting if id(task) not in done]

    def _resolve_one(self, task: Task) -> None:
        entry = task.entry
        found = only(self._tx, self._query(task))
        self._found[entry.index] = found
        if entry.method == "PUT":
            if found is not None and entry.only_new:
                require_absent(self._tx, entry.type, found)
            found = identity(self._tx, task.body, found, lambda: task.planned_id)
        elif entry.method == "PATCH" and found is None:
            message = f"No {entry.type} matches."
            raise NotFound(message)
        if found is not None and found != task.planned_id:
            self._moved[task.place] = f"{entry.type}/{found}"

    def _query(self, task: Task) -> SearchQuery:
        query, condition = task.query, task.condition
        assert query is not None and condition is not None  # noqa: S101, PT018 - a task with a condition
        if not task.mentions & self._moved.keys():
            return query
        return self._plan.ask(task.entry.type, self._moved_in(condition, task.mentions))

    def _moved_in(self, search: str, places: Iterable[str]) -> str:
        for place in places:
            search = search.replace(place, self._moved.get(place, place))
        return search

    def _check_conditions(self, tasks: list[Task]) -> None:
        """Refuse a condition that had found nothing, and now finds what another entry wrote."""
        writers: dict[str, int] = {}
        for task in tasks:
            writers[task.entry.type] = writers.get(task.entry.type, 0) + 1
        for task in tasks:
            if task.query is None or self._found[task.entry.index] or writers[task.entry.type] == 1:
                continue
            for found in matches(self._tx, self._query(task), _ENOUGH):
                reference = f"{task.entry.type}/{found}"
                other = self._claims.get(reference, task)
                if other is not task:
                    self._refuse_both(same(other.entry, task.entry, f"are both about {reference}"))

    # Writes

    def _write_in_waves(self, tasks: list[Task]) -> None:
        """Write; what refers by a search comes after everything that this search may find."""
        waiting = tasks
        while waiting:
            ready = self._ready(waiting) or waiting
            self._answer(ready)
            for task in ready:
                self._done[task.entry.index] = (_of_entry(task, self._one, task),)
            done = {id(task) for task in ready}
            waiting = [task for task in waiting if id(task) not in done]

    def _ready(self, waiting: list[Task]) -> list[Task]:
        asked = self._plan.asked
        if not asked:
            return waiting
        kinds = {task.entry.type for task in waiting}
        open_places = {place for place in asked if asked[place].type in kinds}
        return [task for task in waiting if not task.uses & open_places]

    def _answer(self, tasks: Iterable[Task]) -> None:
        """Find what the conditional references of these tasks are."""
        for task in tasks:
            for place in sorted(task.uses & self._plan.asked.keys() - self._moved.keys()):
                self._moved[place] = _of_entry(task, self._referred, place)

    def _referred(self, place: str) -> str:
        asked = self._plan.asked[place]
        search = self._moved_in(asked.search, asked.mentions)
        found = matches(self._tx, self._plan.ask(asked.type, search), _ENOUGH)
        if len(found) == 1:
            return f"{asked.type}/{found[0]}"
        what = "more than one resource" if found else "nothing"
        message = f"The reference {asked.type}?{asked.search[:200]} matches {what}."
        raise PreconditionFailed(message)

    def _one(self, task: Task) -> Written:
        entry, tx = task.entry, self._tx
        place = self._where(task)
        one = place.partition("/")[2]
        if entry.method == "POST" and self._found.get(entry.index) is not None:
            return tx.unchanged(entry.type, one)
        body = self._body(task)
        if entry.method == "PATCH":
            body = patched(patch_of(body), current(tx, entry.type, one))
            self._judge.judge(body, entry.type)
        elif entry.only_new and entry.method == "PUT":
            require_absent(tx, entry.type, one)
        new = {**body, "id": one}
        created = entry.method == "POST"
        written = tx.put(
            new, expected=None if created else entry.expected, method="POST" if created else "PUT"
        )
        if written.outcome != "unchanged":
            self._references.add(new, f"{entry.expression}.resource")
        return written

    def _body(self, task: Task) -> Any:  # noqa: ANN401 - a resource or a patch
        moved = {place: self._moved[place] for place in task.uses & self._moved.keys()}
        if not moved:
            return task.body
        body = loads(dumps({"body": task.body}))["body"]
        swap(body, moved)
        return body


def _of_entry(
    task: Task, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
) -> Result:
    """Return what `work` returns; its refusal names the entry."""
    try:
        return work(*given, **named)
    except GatewayError as fault:
        raise placed(fault, task.at) from fault.__cause__
