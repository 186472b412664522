"""One thread for the writes of a door: what has queued up becomes one commit.

Threads that each wait for the commit hand the interpreter to one another at every step of the
way. One thread that takes all there is does the same work without. What was measured, and how far
it goes: docs/decisions/0009-one-writing-thread.md. Nothing is answered before the commit that
covers it.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.store.api import Store

Result = TypeVar("Result")
# The first of a batch waits for the last: not for too long.
_BATCH: Final = 32


class Outcome(NamedTuple, Generic[Result]):
    """What a piece of work returned or raised."""

    result: Result | None = None
    fault: Exception | None = None


class _Job(NamedTuple):
    work: Callable[[], Any]
    settle: Callable[[Outcome[Any]], None]
    alone: bool = False


class WriteQueue:
    """Runs pieces of work in the order they came, several a commit."""

    def __init__(self, store: Store) -> None:
        """Write to `store`; the thread starts with the first piece of work."""
        self._store = store
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        # Taken, and kept for the next commit.
        self._held: _Job | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def submit(
        self,
        work: Callable[[], Result],
        settle: Callable[[Outcome[Result]], None],
        *,
        alone: bool = False,
    ) -> None:
        """Queue `work`; `settle` hears of its outcome, from the writing thread, once durable.

        What takes long before it writes is done `alone`: in one commit with others it would keep
        the database, and with it every other door, waiting all the while.
        """
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writes", daemon=True)
                self._thread.start()
        self._jobs.put(_Job(work, settle, alone))

    def run(self, work: Callable[[], Result]) -> Result:
        """Queue `work` and wait; raises what it raised, or `Unavailable` if it is not durable."""
        answers: SimpleQueue[Outcome[Result]] = SimpleQueue()
        self.submit(work, answers.put)
        outcome = answers.get()
        if outcome.fault is not None:
            raise outcome.fault
        # A piece of work without fault has its result, None included.
        return outcome.result  # type: ignore[return-value]  # see above

    def _run(self) -> None:
        while True:
            self._round()

    def _round(self) -> None:
        # In a frame of its own: bodies and answers are let go before it waits for the next ones.
        jobs = self._take()
        for job, outcome in zip(jobs, self._do(jobs), strict=True):
            job.settle(outcome)

    def _take(self) -> list[_Job]:
        jobs = [self._held or self._jobs.get()]
        self._held = None
        try:
            while len(jobs) < _BATCH and not jobs[0].alone:
                job = self._jobs.get_nowait()
                if job.alone:
                    self._held = job
                    break
                jobs.append(job)
        except Empty:
            pass
        return jobs

    def _do(self, jobs: list[_Job]) -> list[Outcome[Any]]:
        outcomes: list[Outcome[Any]] = []
        try:
            with self._store.together():
                outcomes.extend(_outcome(job.work) for job in jobs)
        except GatewayError as fault:
            # Nothing of it may be promised; what was refused for itself stays refused.
            return [one if one.fault is not None else Outcome(fault=fault) for one in outcomes]
        return outcomes


def _outcome(work: Callable[[], Result]) -> Outcome[Result]:
    try:
        return Outcome(work())
    except Exception as fault:  # noqa: BLE001 - told to whoever waits for it
        return Outcome(fault=fault)
