"""Reports over MLLP beside the strongest bridge in Python, and what reading alone costs."""

from __future__ import annotations

import itertools
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench import cpu, mllp_load
from bench.http_load import Answered
from bench.installation import Installation
from bench.messages import pdf_report_message, report_message
from bench.result import RivalRow, Row
from bench.rivals import Measured, Served, fhir_bridge
from bench.rows.mllp import introduce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from bench.plan import Plan
    from bench.result import Line

_KINDS: Final = (("2 KB text", report_message), ("28 KB with PDF", pdf_report_message))
_READINGS: Final = 300
_MILLI: Final = 1000


def measure(plan: Plan) -> Iterator[Line]:
    """Yield a row for each size and number of connections, then one for reading and mapping."""
    own = _run(plan, _gateway(plan))
    why = fhir_bridge.why_not()
    other = {} if why else _run(plan, fhir_bridge.serving(plan.place / "bridge"))
    for title, measured in own.items():
        yield RivalRow(title, "hl7v2-fhir-bridge", measured, why or other[title])
    yield _reading(plan)


@contextmanager
def _gateway(plan: Plan) -> Iterator[Served]:
    with Installation(plan.place / "bridge-gateway") as gateway:
        yield Served("gateway", gateway.mllp, (gateway.pid,))


def _run(plan: Plan, serving: AbstractContextManager[Served]) -> dict[str, Measured]:
    told: dict[str, Measured] = {}
    numbers = itertools.count()
    with serving as served:
        introduce(served.port)
        for (kind, make), connections in itertools.product(_KINDS, (1, 8)):
            title = f"{kind}, {connections} connection(s), SQLite"
            told[title] = _measured(plan, served, make, numbers, connections)
            print(f"  {served.name}: {title:<42}{told[title].answered.rate:9.1f}/s", flush=True)
    return told


def _measured(
    plan: Plan,
    served: Served,
    make: Callable[[int], bytes],
    numbers: Iterator[int],
    connections: int,
) -> Measured:
    seconds = plan.seconds * plan.repetitions
    mllp_load.rate(served.port, make, numbers, connections=connections, seconds=plan.seconds)
    before = cpu.seconds(served.roots)
    began = time.perf_counter()
    rate = mllp_load.rate(served.port, make, numbers, connections=connections, seconds=seconds)
    count = round(rate * (time.perf_counter() - began))
    return Measured(Answered(count, rate, 0.0, 0.0), cpu.seconds(served.roots) - before)


def _reading(plan: Plan) -> Row:
    """Return what the reader and the mapping take of one processor, beside hl7apy's parser."""
    from hl7apy.parser import parse_message  # noqa: PLC0415 - slow to load

    from gateway.hl7v2.message import Message  # noqa: PLC0415 - as above
    from gateway.mapping.hl7v2 import Context, map_message  # noqa: PLC0415 - as above

    row = Row("bridge", "Read and mapped, 2 KB text (floor: hl7apy parses)", "messages/s of a core")
    messages = [report_message(number) for number in range(_READINGS // plan.shorter)]
    context = Context()
    for _ in range(plan.repetitions):
        began = time.process_time()
        for raw in messages:
            map_message(Message.parse(raw), context)
        taken = (time.process_time() - began) / len(messages)
        row.values.append(1 / taken)
        some = messages[: max(1, len(messages) // 20)]
        began = time.process_time()
        for raw in some:
            parse_message(raw.decode(), find_groups=False)
        row.floors.append(len(some) / (time.process_time() - began))
    row.remark = f"{_MILLI / row.value:.2f} ms each"
    plan.say(row)
    return row
