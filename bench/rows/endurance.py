"""Resident memory of the MLLP door while a hundred thousand reports come in."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Final

from bench import mllp_load
from bench.installation import Installation
from bench.messages import report_message
from bench.result import Aim, Row
from bench.rows.mllp import introduce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan

_MESSAGES: Final = 100_000
_CONNECTIONS: Final = 8
_STEPS: Final = 10
# What allocators and caches may still take after the first tenth.
_AIM: Final = Aim(below=10)


def measure(plan: Plan) -> Iterator[Row]:
    """Yield how much the door grew after its first tenth of the messages, in MB."""
    step = _MESSAGES // plan.shorter // _STEPS
    sizes: list[float] = []
    with Installation(plan.place / "endurance") as gateway:
        introduce(gateway.mllp)
        for number in range(_STEPS):
            _send(gateway.mllp, range(number * step, (number + 1) * step))
            sizes.append(gateway.memory()["mllp"][0])
            print(f"  {(number + 1) * step:>7} reports: {sizes[-1]:.1f} MB", flush=True)
    row = Row(
        "endurance",
        f"Growth of the MLLP door from report {step} to report {step * _STEPS}",
        "MB RSS",
        _AIM,
        [max(0.0, sizes[-1] - sizes[0])],
        remark=" / ".join(f"{size:.0f}" for size in sizes),
    )
    plan.say(row)
    yield row


def _send(port: int, numbers: range) -> None:
    """Send these reports over several connections; raises what a sender met."""
    waiting = iter(numbers)
    lock = threading.Lock()
    faults: list[BaseException] = []

    def work() -> None:
        line = mllp_load.Line(port)
        try:
            while True:
                with lock:
                    some = list(itertools.islice(waiting, 1))
                if not some:
                    return
                line.send(report_message(some[0]))
        except (OSError, RuntimeError) as fault:
            faults.append(fault)
        finally:
            line.close()

    threads = [threading.Thread(target=work) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
