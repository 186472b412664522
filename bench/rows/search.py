"""Search times over stores of growing size, and memory while all of a type is paged through."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from bench import bulk, cpu, http_load
from bench.installation import Installation
from bench.reports import EXAM
from bench.result import Aim, Row, ScaleRow, number
from bench.searches import SEARCHES, paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan
    from bench.result import Line

_PAGE = 1000


def measure(plan: Plan) -> Iterator[Line]:
    """Yield a row for each search and kind of database, then one for paging."""
    paged = []
    for database in ["SQLite", *(["PostgreSQL"] if plan.postgres else [])]:
        rows = {one.title: ScaleRow(f"Search, {one.title}, {database}") for one in SEARCHES}
        for size in plan.sizes:
            place = plan.place / f"search_{database.lower()}_{size}"
            with _filled(plan, place, database, size) as gateway:
                _time(plan, gateway, rows, size)
                if size == plan.sizes[0]:
                    paged.append(_page_through(gateway, database, size))
        yield from rows.values()
    yield from paged


def _filled(plan: Plan, place: Path, database: str, size: int) -> Installation:
    """Return a gateway, not started yet, over `size` resources."""
    place.mkdir()
    url = f"sqlite:///{place / 'gateway.db'}"
    if database == "PostgreSQL" and plan.postgres is not None:
        url = plan.postgres.database(place.name)
    began = time.monotonic()
    bulk.load(url, size)
    taken = time.monotonic() - began
    print(f"  {size} resources loaded into {database} within {taken:.0f} s", flush=True)
    # Without the door whose process indexes words behind the commits.
    return Installation(place, url, doors=("http",))


def _time(plan: Plan, gateway: Installation, rows: dict[str, ScaleRow], size: int) -> None:
    for search in SEARCHES:
        asked = paths(search, size // EXAM)
        _check(gateway.http, asked[0])
        work = http_load.write_work(gateway.place / "search", "GET", asked)
        http_load.drive(gateway.http, work, connections=1, seconds=1)
        seen = [
            http_load.drive(gateway.http, work, connections=1, seconds=plan.seconds)
            for _ in range(plan.repetitions)
        ]
        median, late = (statistics.median(times) for times in zip(*map(_times, seen), strict=True))
        rows[search.title].times[size] = median, late
        print(
            f"  {search.title:<20}{size:>10}{number(median):>8} ms{number(late):>8} ms", flush=True
        )


def _times(answered: http_load.Answered) -> tuple[float, float]:
    return answered.median, answered.late


def _check(port: int, path: str) -> None:
    """Raise `RuntimeError` when a search finds nothing: nothing is quick to answer."""
    if not _get(port, path).get("entry"):
        message = f"{path} finds nothing"
        raise RuntimeError(message)


def _page_through(gateway: Installation, database: str, size: int) -> Row:
    """Read all observations, a thousand a page, and say how much memory that took."""
    pid = max(cpu.family(gateway.pid), key=cpu.peak)
    before, pages, found = cpu.peak(pid), 0, 0
    path = f"/fhir/Observation?_count={_PAGE}"
    while path:
        bundle = _get(gateway.http, path)
        found += len(bundle["entry"])
        pages += 1
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        path = links.get("next", "").partition("//")[2].partition("/")[2]
        path = f"/{path}" if path else ""
    name = f"Memory, {size} resources in {database}, all Observations paged through"
    remark = f"{found} in {pages} pages; before: {before:.0f} MB"
    return Row("search", name, "MB RSS, most", Aim(below=200), [cpu.peak(pid)], remark=remark)


def _get(port: int, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", path, headers={"Accept": "application/fhir+json"})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 200:
        message = f"{path}: {answer.status} {said[:500]!r}"
        raise RuntimeError(message)
    found: dict[str, Any] = json.loads(said)
    return found
