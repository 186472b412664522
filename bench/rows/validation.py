"""How long one validation takes, in the process, without any server; and typed models beside it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from bench.people import patient_json
from bench.reports import new_transaction, report_json
from bench.result import Aim, Row
from gateway.fhir.validation import validate
from gateway.fhir.validation.typed import typed_model
from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.plan import Plan

_ROUNDS = 400


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row for each resource; the floor is what fhir.resources takes to parse it."""
    resources = {
        "4 KB Patient": (patient_json(7, "B7"), Aim(below=250)),
        "4 KB DiagnosticReport": (report_json(7, "B7", "Patient/bench-7"), None),
        "transaction Bundle of 10, 15 KB": (new_transaction("7"), None),
    }
    for name, (body, aim) in resources.items():
        resource = loads(body)
        if issues := validate(resource):
            message = f"{name} is not valid: {issues[0].text}"
            raise RuntimeError(message)
        row = Row("validation", f"Validation alone, {name}", "µs", aim)
        row.remark = "floor: fhir.resources, parse only"
        for _ in range(plan.repetitions):
            row.values.append(_micros(lambda: validate(resource), _ROUNDS // plan.shorter))  # noqa: B023 - called in this round only
            row.floors.append(_micros(lambda: typed_model(resource), _ROUNDS // plan.shorter))  # noqa: B023 - as above
        plan.say(row)
        yield row


def _micros(work: Callable[[], object], rounds: int) -> float:
    """Return the median of how long `work` takes, in microseconds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1e6)
    return statistics.median(taken)
