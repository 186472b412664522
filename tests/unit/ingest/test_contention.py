from __future__ import annotations

import pytest

from gateway.errors import Conflict, Unavailable
from gateway.ingest.contention import PAUSES, persistently


class Driver(Exception):
    """What a driver raises, with the state that the standard gives it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class Work:
    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        self.pauses: list[float] = []

    def __call__(self) -> str:
        if self.faults:
            message = "not now"
            raise Unavailable(message) from Driver(self.faults.pop(0))
        return "done"


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_work_that_another_writer_undid_is_done_again(state: str) -> None:
    work = Work(*[state] * len(PAUSES))
    assert persistently(work, pause=work.pauses.append) == "done"
    assert work.pauses == list(PAUSES)


def test_work_that_never_succeeds_is_a_conflict() -> None:
    work = Work(*["40001"] * (len(PAUSES) + 1))
    with pytest.raises(Conflict):
        persistently(work, pause=work.pauses.append)
    assert work.faults == []


@pytest.mark.parametrize("attempts", [0, len(PAUSES)])
def test_another_fault_passes_at_once(attempts: int) -> None:
    work = Work(*["40001"] * attempts, "53100", "40001")
    with pytest.raises(Unavailable):
        persistently(work, pause=work.pauses.append)
    assert len(work.pauses) == attempts
