"""Reads and writes per second over HTTP, beside bare Starlette with orjson."""

from __future__ import annotations

import http.client
import itertools
from typing import TYPE_CHECKING

from bench import http_load
from bench.people import PATIENTS, patient_json
from bench.reports import new_transaction, physician, report_json
from bench.result import Aim, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.http_load import Work
    from bench.plan import Plan

_READ, _WRITE = Aim(share=0.5), Aim(share=0.4)
_JSON = {"Content-Type": "application/fhir+json"}
# Each patient of `fill` in turn.
_SUBJECT = f"Patient/bench-{http_load.TURN}"


def measure(plan: Plan, *, on_postgres: bool = False) -> Iterator[Row]:
    """Yield a row for each kind of request and number of connections."""
    database = "PostgreSQL" if on_postgres else "SQLite"
    name = f"http_{database.lower()}"
    with plan.beside(name, "http", on_postgres=on_postgres) as (gateway, floor):
        for port in (gateway.http, floor):
            fill(port)
        for (asked, (work, aim)), connections in itertools.product(
            works(plan.place, name).items(), (1, 16)
        ):
            title = f"HTTP {asked}, {database}, {connections} connection(s)"
            row = Row("http", title, "requests/s", aim)
            own, bare = (_timed(plan, port, work, connections) for port in (gateway.http, floor))
            plan.alternate(row, own, bare)
            yield row


def works(place: Path, name: str) -> dict[str, tuple[Work, Aim]]:
    """Return what is asked of a server that `fill` has filled, by title."""
    patients = [f"/fhir/Patient/bench-{number}" for number in range(PATIENTS)]
    reports = [f"/fhir/DiagnosticReport/bench-{number}" for number in range(PATIENTS)]
    updated = _with_id(patient_json(7, http_load.PLACE))
    asked = {
        "read, 4 KB Patient": ("GET", patients, b"", _READ),
        "read, 4 KB DiagnosticReport": ("GET", reports, b"", _READ),
        "create, 4 KB Patient": (
            "POST",
            ["/fhir/Patient"],
            patient_json(7, http_load.PLACE),
            _WRITE,
        ),
        "create, 4 KB DiagnosticReport": (
            "POST",
            ["/fhir/DiagnosticReport"],
            report_json(7, http_load.PLACE, _SUBJECT),
            _WRITE,
        ),
        "update, 4 KB Patient": ("PUT", patients, updated, _WRITE),
        "transaction of 10": ("POST", ["/fhir"], new_transaction(http_load.PLACE), _WRITE),
    }
    return {
        title: (http_load.write_work(place / f"{name}-{number}", method, paths, body), aim)
        for number, (title, (method, paths, body, aim)) in enumerate(asked.items())
    }


def fill(port: int) -> None:
    """Put every patient where reads look for them, a report of each, and the physician."""
    doctors = {physician(number)["id"] for number in range(PATIENTS)}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for name in sorted(doctors):
        body = b'{"resourceType": "Practitioner", "id": "%s"}' % name.encode()
        _put(connection, f"Practitioner/{name}", body)
    for number in range(PATIENTS):
        name = f"bench-{number}"
        for kind, body in (
            ("Patient", patient_json(number, f"BQ{number}")),
            ("DiagnosticReport", report_json(number, f"BR{number}", f"Patient/{name}")),
        ):
            _put(connection, f"{kind}/{name}", _with_id(body, name))
    connection.close()


def _put(connection: http.client.HTTPConnection, path: str, body: bytes) -> None:
    connection.request("PUT", f"/fhir/{path}", body, _JSON)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status not in {200, 201}:
        message = f"PUT {path}: {answer.status} {said[:500]!r}"
        raise RuntimeError(message)


def _with_id(body: bytes, name: str = http_load.ID) -> bytes:
    return b'{"id": "%s", ' % name.encode() + body[1:]


def _timed(plan: Plan, port: int, work: Work, connections: int) -> Callable[[], float]:
    return lambda: http_load.rate(port, work, connections=connections, seconds=plan.seconds)
