"""The gateway beside other servers: the same data, the same requests, figures per core.

Each server is started alone, filled over HTTP, warmed up and asked over eight connections. CPU
seconds are those of the server and of its database, the client's excepted; HAPI stands on the same
PostgreSQL server as the gateway, SEKMET and a second gateway on SQLite.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench import cpu, http_load
from bench.importing import send
from bench.installation import Installation
from bench.reports import EXAM, transaction
from bench.result import RivalRow
from bench.rivals import Measured, Served, hapi, sekmet
from bench.rows import http, imports
from bench.searches import SEARCHES, paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from bench.http_load import Work
    from bench.plan import Plan
    from bench.postgres import Server

    Results = dict[str, Measured | str]

_EXAMS = 1000
_CONNECTIONS = 8
_READ, _CREATE = 2.0, 3.0
_IMPORT = "import in transactions of 10"
_IMPORT_SECONDS = 600.0


def why_not() -> str:
    """Say what cannot be started, or nothing when something can."""
    reasons = hapi.why_not(), sekmet.why_not()
    return " ".join(reasons) if all(reasons) else ""


def measure(plan: Plan) -> Iterator[RivalRow]:
    """Yield a row for each rival and kind of request; a rival that is not there says why."""
    works = _works(plan)
    if plan.postgres is not None:
        own = _run(plan, _gateway(plan, plan.postgres), works)
        for name, told in _hapi(plan, plan.postgres, works):
            yield from _rows(own, name, told, "PostgreSQL", aims=name.startswith("HAPI"))
    own = _run(plan, _gateway(plan, None), works)
    why = sekmet.why_not()
    told = why or _run(plan, sekmet.serving(plan.place), works)
    yield from _rows(own, "SEKMET", told, "SQLite", aims=False)


def _hapi(
    plan: Plan, postgres: Server, works: Mapping[str, Work]
) -> Iterator[tuple[str, Results | str]]:
    name = f"HAPI {hapi.version()}"
    if why := hapi.why_not():
        yield name, why
        return
    yield name, _run(plan, hapi.serving(plan.place, postgres, validating=False), works)
    writing = {title: work for title, work in works.items() if work.method != "GET"}
    validating = hapi.serving(plan.place, postgres, validating=True)
    yield f"{name}, validating", _run(plan, validating, writing, importing=False)


def _works(plan: Plan) -> dict[str, Work]:
    asked = {title: work for title, (work, _) in http.works(plan.place, "rivals").items()}
    exams = _EXAMS // plan.shorter
    for number, search in enumerate(SEARCHES):
        place = plan.place / f"rivals-search-{number}"
        listed = paths(search, exams)
        asked[f"search, {search.title}"] = http_load.write_work(place, "GET", listed)
    return asked


@contextmanager
def _gateway(plan: Plan, postgres: Server | None) -> Iterator[Served]:
    kind = "sqlite" if postgres is None else "postgresql"
    url = "" if postgres is None else postgres.database("rivals_gateway")
    with Installation(plan.place / f"rivals-{kind}", url, doors=("http",)) as gateway:
        roots = (gateway.pid,) if postgres is None else (gateway.pid, postgres.pid)
        yield Served("gateway", gateway.http, roots)


def _run(
    plan: Plan,
    serving: AbstractContextManager[Served],
    works: Mapping[str, Work],
    *,
    importing: bool = True,
) -> Results:
    """Return what one server did with each kind of request, or how it refused."""
    told: Results = {}
    with serving as server:
        print(f"  {server.name}:", flush=True)
        try:
            if importing:
                told[_IMPORT] = _import(plan, server)
            http.fill(server.port)
        except RuntimeError as refusal:
            told[_IMPORT] = str(refusal)[:80]
        for title, work in works.items():
            told[title] = _asked(plan, server, work)
            print(f"    {title:<32}{_brief(told[title])}", flush=True)
    return told


def _import(plan: Plan, server: Served) -> Measured:
    imports.introduce(server.port)
    exams = _EXAMS // plan.shorter
    before = cpu.seconds(server.roots)
    taken = send(server.port, map(transaction, range(exams)), limit=_IMPORT_SECONDS)
    used = cpu.seconds(server.roots) - before
    count = taken.bundles * EXAM
    return Measured(http_load.Answered(count, count / taken.seconds, 0.0, 0.0), used)


def _asked(plan: Plan, server: Served, work: Work) -> Measured | str:
    def drive(seconds: int) -> http_load.Answered:
        return http_load.drive(server.port, work, connections=_CONNECTIONS, seconds=seconds)

    seconds = plan.seconds * plan.repetitions
    try:
        drive(max(1, server.warm // plan.shorter))
        before = cpu.seconds(server.roots)
        answered = drive(seconds)
        return Measured(answered, cpu.seconds(server.roots) - before)
    except RuntimeError as refusal:
        return _why(str(refusal))


def _why(said: str) -> str:
    lines = [line for line in said.splitlines() if "Non-2xx" in line or "Socket" in line]
    return f"refused ({lines[0].strip()})" if lines else "refused"


def _rows(
    own: Results, rival: str, told: Results | str, database: str, *, aims: bool
) -> Iterator[RivalRow]:
    for title, measured in own.items():
        other = told if isinstance(told, str) else told.get(title)
        if other is not None and isinstance(measured, Measured):
            aim = _aim(title) if aims else None
            yield RivalRow(f"{title}, {database}", rival, measured, other, aim)


def _aim(title: str) -> float | None:
    if title.startswith("create"):
        return _CREATE
    return _READ if title.startswith(("read", "search")) else None


def _brief(measured: Measured | str) -> str:
    if isinstance(measured, str):
        return measured
    return f"{measured.answered.rate:10.1f} /s {measured.per_core:10.1f} /s of one core"
