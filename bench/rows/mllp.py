"""Reports acknowledged per second over MLLP, beside bare asyncio with one durable insert."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bench import mllp_load
from bench.messages import patient_message, pdf_report_message, report_message
from bench.people import PATIENTS
from bench.result import Aim, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.plan import Plan

_AIM = Aim(share=0.6)
_KINDS = (("2 KB text", report_message), ("28 KB with PDF", pdf_report_message))


def measure(plan: Plan, *, on_postgres: bool = False) -> Iterator[Row]:
    """Yield a row for each size of report and number of connections."""
    database = "PostgreSQL" if on_postgres else "SQLite"
    name = f"mllp_{database.lower()}"
    with plan.beside(name, "mllp", on_postgres=on_postgres) as (gateway, floor):
        introduce(gateway.mllp)
        numbers = itertools.count()
        for (kind, make), connections in itertools.product(_KINDS, (1, 8)):
            title = f"MLLP, {database}, {kind}, {connections} connection(s)"
            row = Row("mllp", title, "reports/s", _AIM)
            own, bare = (
                _timed(plan, port, make, numbers, connections) for port in (gateway.mllp, floor)
            )
            plan.alternate(row, own, bare)
            yield row


def introduce(port: int) -> None:
    """Send every patient once, with the treating physician."""
    line = mllp_load.Line(port)
    for number in range(PATIENTS):
        line.send(patient_message(number))
    line.close()


def _timed(
    plan: Plan,
    port: int,
    make: Callable[[int], bytes],
    numbers: Iterator[int],
    connections: int,
) -> Callable[[], float]:
    return lambda: mllp_load.rate(
        port, make, numbers, connections=connections, seconds=plan.seconds
    )
