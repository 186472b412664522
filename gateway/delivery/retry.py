"""When something that failed is tried again: a pure rule.

`Unreachable` and `Unknown` are tried again after the pauses of the channel's policy, `Refused`
never. Each pause is shortened or lengthened by up to a fifth, so that what failed together does
not come back together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.delivery.failures import CourierFailure, Failure
from gateway.store.records import Delivery, DeliveryState

if TYPE_CHECKING:
    from datetime import datetime

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)
LONGEST_PAUSE: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(days=3)
JITTER: Final = 0.2
# The first attempt, one after each pause, and one an hour until patience ends. Attempts are
# counted, not days: days when no mail server was configured or the gateway stood still are free.
ATTEMPTS: Final = 1 + len(PAUSES) + (PATIENCE - sum(PAUSES, timedelta())) // LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class Policy:
    """The pauses after the first failures, the one after all others, and how many attempts.

    Without a number of attempts it is tried for ever.
    """

    pauses: tuple[timedelta, ...]
    longest: timedelta
    attempts: int | None = None


# A letter: every hour for three days.
LETTERS: Final = Policy(PAUSES, LONGEST_PAUSE, ATTEMPTS)
# A message to a system of the house: what comes after it waits for it, and it is never given up.
MESSAGES: Final = Policy(
    tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 30)), timedelta(minutes=1)
)


def pause(
    failure: Failure, attempts: int, chance: float, policy: Policy = LETTERS
) -> timedelta | None:
    """Return how long to wait after the failed attempt number `attempts`, None for ever.

    `chance` is uniform in [0, 1).
    """
    spent = policy.attempts is not None and attempts >= policy.attempts
    if failure is Failure.REFUSED or spent:
        return None
    known = 0 < attempts <= len(policy.pauses)
    usual = policy.pauses[attempts - 1] if known else policy.longest
    return usual * (1 + JITTER * (2 * chance - 1))


def failed(
    delivery: Delivery,
    fault: CourierFailure,
    now: datetime,
    chance: float,
    policy: Policy = LETTERS,
) -> Delivery:
    """Return what becomes of a delivery whose last attempt ended in `fault`."""
    wait = pause(fault.failure, delivery.attempts, chance, policy)
    told = replace(delivery, failure=fault.failure.value, last_error=fault.text)
    if wait is None:
        return replace(told, state=DeliveryState.REFUSED)
    return replace(told, state=DeliveryState.WAITING, next_attempt=now + wait)


def abandoned(delivery: Delivery, now: datetime) -> Delivery:
    """Return a delivery that a worker was sending when it died: it may have arrived, try now."""
    return replace(
        delivery,
        state=DeliveryState.WAITING,
        failure=Failure.UNKNOWN.value,
        last_error="The gateway stopped while this was being sent.",
        next_attempt=now,
    )


def retried(delivery: Delivery, now: datetime) -> Delivery:
    """Return a delivery that a person wants tried again, with all its attempts before it."""
    state = DeliveryState.WAITING if delivery.recipient else DeliveryState.UNADDRESSED
    return replace(delivery, state=state, attempts=0, next_attempt=now)
