from __future__ import annotations

import threading

from gateway.app.background import carry


def test_a_job_that_failed_is_taken_up_again() -> None:
    def run(stop: threading.Event) -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            message = "odd"
            raise KeyError(message)
        stop.set()

    tries: list[int] = []
    carry(run, threading.Event())
    assert tries == [0, 1]
