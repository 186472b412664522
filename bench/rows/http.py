"""Reads and creates per second over HTTP, beside bare Starlette with orjson."""

from __future__ import annotations

import itertools
import urllib.request
from typing import TYPE_CHECKING

from bench import http_load
from bench.people import PATIENTS, patient_json
from bench.result import Aim, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.plan import Plan

_KINDS = (("read", Aim(share=0.5)), ("create", Aim(share=0.4)))


def measure(plan: Plan, *, on_postgres: bool = False) -> Iterator[Row]:
    """Yield a row for reads and creates and each number of connections."""
    database = "PostgreSQL" if on_postgres else "SQLite"
    name = f"http_{database.lower()}"
    with plan.beside(name, "http", on_postgres=on_postgres) as (gateway, floor):
        for port in (gateway.http, floor):
            fill(port)
        body = plan.place / f"{name}.json"
        body.write_bytes(patient_json(7, http_load.PLACE))
        for (kind, aim), connections in itertools.product(_KINDS, (1, 16)):
            title = f"HTTP {kind}, {database}, 4 KB Patient, {connections} connection(s)"
            row = Row("http", title, "requests/s", aim)
            work = http_load.Work(kind, PATIENTS, body)
            own, bare = (_timed(plan, port, work, connections) for port in (gateway.http, floor))
            plan.alternate(row, own, bare)
            yield row


def fill(port: int) -> None:
    """Put every patient where reads look for them."""
    for number in range(PATIENTS):
        start = b'{"id": "bench-%d", ' % number
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/fhir/Patient/bench-{number}",
            start + patient_json(number, f"BQ{number}")[1:],
            {"Content-Type": "application/fhir+json"},
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - http, written above


def _timed(plan: Plan, port: int, work: http_load.Work, connections: int) -> Callable[[], float]:
    return lambda: http_load.rate(port, work, connections=connections, seconds=plan.seconds)
