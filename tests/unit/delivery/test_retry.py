from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.failures import Failure, Refused, Unknown, Unreachable
from gateway.delivery.retry import ATTEMPTS, MESSAGES, abandoned, failed, pause, retried
from gateway.store.records import Delivery, DeliveryState

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
SENDING = Delivery(
    id="d",
    recipient="Practitioner/x",
    subject="Patient/x",
    focus="DiagnosticReport/x",
    focus_version=1,
    channel="mail",
    reason="final",
    created=NOW,
    state=DeliveryState.SENDING,
    attempts=1,
    message_id="<d@imagerie.example>",
)

# Attempt that failed -> pause before the next one, in seconds, without jitter.
TABLE = [
    (Failure.UNREACHABLE, 1, 5),
    (Failure.UNREACHABLE, 2, 30),
    (Failure.UNREACHABLE, 3, 120),
    (Failure.UNREACHABLE, 4, 600),
    (Failure.UNREACHABLE, 5, 1800),
    (Failure.UNREACHABLE, 6, 3600),
    (Failure.UNREACHABLE, 7, 3600),
    (Failure.UNREACHABLE, 76, 3600),
    (Failure.UNREACHABLE, 77, None),
    (Failure.UNKNOWN, 1, 5),
    (Failure.UNKNOWN, 6, 3600),
    (Failure.UNKNOWN, 77, None),
    (Failure.REFUSED, 1, None),
]


@pytest.mark.parametrize(("failure", "attempts", "seconds"), TABLE)
def test_each_failure_waits_as_the_table_says(
    failure: Failure, attempts: int, seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert pause(failure, attempts, 0.5) == expected


def test_patience_ends_within_three_days() -> None:
    waits = [pause(Failure.UNREACHABLE, attempt, 0.5) for attempt in range(1, ATTEMPTS)]
    total = sum((wait for wait in waits if wait is not None), timedelta())
    assert timedelta(days=3) - timedelta(hours=1) < total <= timedelta(days=3)


@given(st.integers(1, ATTEMPTS - 1), st.floats(0, 1, exclude_max=True))
def test_chance_moves_a_pause_by_a_fifth_at_most(attempts: int, chance: float) -> None:
    usual, moved = (pause(Failure.UNKNOWN, attempts, by) for by in (0.5, chance))
    assert usual is not None
    assert moved is not None
    assert abs(moved - usual) <= usual * 0.2 + timedelta(microseconds=2)


def test_an_unreachable_recipient_waits_for_the_next_attempt() -> None:
    assert failed(SENDING, Unreachable("No answer."), NOW, 0.5) == replace(
        SENDING,
        state=DeliveryState.WAITING,
        failure="unreachable",
        last_error="No answer.",
        next_attempt=NOW + timedelta(seconds=5),
    )


def test_a_letter_that_may_have_arrived_is_tried_again_under_the_same_message_id() -> None:
    after = failed(SENDING, Unknown("Lost."), NOW, 0.5)
    assert (after.state, after.failure) == (DeliveryState.WAITING, "unknown")
    assert after.message_id == SENDING.message_id


def test_a_refused_letter_waits_for_a_person() -> None:
    assert failed(SENDING, Refused("No such mailbox."), NOW, 0.5) == replace(
        SENDING,
        state=DeliveryState.REFUSED,
        failure="refused",
        last_error="No such mailbox.",
    )


def test_after_the_last_attempt_a_person_looks() -> None:
    last = replace(SENDING, attempts=ATTEMPTS)
    after = failed(last, Unreachable("No answer."), NOW, 0.5)
    assert (after.state, after.failure) == (DeliveryState.REFUSED, "unreachable")


def test_what_a_dead_worker_was_sending_is_tried_at_once() -> None:
    assert abandoned(SENDING, NOW) == replace(
        SENDING,
        state=DeliveryState.WAITING,
        failure="unknown",
        last_error="The gateway stopped while this was being sent.",
        next_attempt=NOW,
    )


@pytest.mark.parametrize(
    ("recipient", "state"),
    [("Practitioner/x", DeliveryState.WAITING), ("", DeliveryState.UNADDRESSED)],
)
def test_a_person_may_have_it_tried_again(recipient: str, state: DeliveryState) -> None:
    refused = replace(SENDING, recipient=recipient, state=DeliveryState.REFUSED, attempts=9)
    assert retried(refused, NOW) == replace(refused, state=state, attempts=0, next_attempt=NOW)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (3, 5), (5, 30), (6, 60), (9999, 60)])
def test_a_message_to_a_system_is_tried_for_ever(attempts: int, seconds: int) -> None:
    assert pause(Failure.UNREACHABLE, attempts, 0.5, MESSAGES) == timedelta(seconds=seconds)
    assert pause(Failure.REFUSED, attempts, 0.5, MESSAGES) is None
