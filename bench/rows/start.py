"""From exec until `/health/ready` answers 200 and every port is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.installation import Installation
from bench.result import Aim, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan

_AIM = Aim(below=2)
_RUNS = 5


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row for new databases and one for a database that is there."""
    runs = max(2, _RUNS // plan.shorter)
    first = Row("start", "Start, new database", "s", _AIM)
    for run in range(runs):
        first.values.append(_start(Installation(plan.place / f"start-{run}")))
    again = Row("start", "Start, existing database", "s", _AIM)
    for _ in range(runs):
        again.values.append(_start(Installation(plan.place / "start-0")))
    for row in (first, again):
        plan.say(row)
        yield row


def _start(installation: Installation) -> float:
    taken = installation.start()
    installation.stop()
    return taken
