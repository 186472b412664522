from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ingest.message_queue import may_be_sent_again
from gateway.ingest.repetition import FREE, SECONDS, Repetitions

if TYPE_CHECKING:
    import pytest


def test_the_first_repetitions_are_worked_for_and_the_flood_is_answered_from_memory() -> None:
    repetitions = Repetitions(clock=lambda: 0.0)
    worked = 0
    for _ in range(1000):
        if repetitions.answer(b"digest") is None:
            worked += 1
            repetitions.note(b"digest", b"AA")
    assert worked == FREE
    assert repetitions.answer(b"digest") == b"AA"
    assert repetitions.answer(b"another") is None


def test_after_a_minute_the_message_is_looked_up_again() -> None:
    now = [0.0]
    repetitions = Repetitions(clock=lambda: now[0])
    for _ in range(FREE):
        repetitions.note(b"digest", b"AA")
    assert repetitions.answer(b"digest") == b"AA"
    now[0] = SECONDS
    assert repetitions.answer(b"digest") is None
    repetitions.note(b"digest", b"AE")
    assert repetitions.answer(b"digest") == b"AE"


def test_what_was_postponed_is_always_taken() -> None:
    repetitions = Repetitions(clock=lambda: 0.0)
    for _ in range(FREE):
        repetitions.note(b"digest", b"AA")
    repetitions.forget(b"digest")
    assert repetitions.answer(b"digest") is None


def test_only_the_last_messages_are_remembered() -> None:
    repetitions = Repetitions(clock=lambda: 0.0)
    for _ in range(FREE):
        repetitions.note(b"first", b"AA")
    for number in range(5000):
        repetitions.note(str(number).encode(), b"AA")
    assert repetitions.answer(b"first") is None


def test_a_flood_is_an_event_at_each_power_of_ten(caplog: pytest.LogCaptureFixture) -> None:
    repetitions = Repetitions(clock=lambda: 0.0)
    for _ in range(FREE):
        repetitions.note(b"digest", b"AA")
    for _ in range(10_000):
        repetitions.answer(b"digest")
    assert [record.__dict__["times"] for record in caplog.records] == [100, 1000, 10_000]


def test_only_what_could_not_be_kept_is_wanted_again() -> None:
    head = b"MSH|^~\\&|A\r"
    assert may_be_sent_again(head + b"MSA|AR|1\r")
    assert may_be_sent_again(head + b"MSA|CE|1\r")
    assert not may_be_sent_again(head + b"MSA|CA|1\r" + head + b"MSA|AE|1|AR\r")
    assert not may_be_sent_again(b"")
