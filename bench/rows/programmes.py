"""The care programmes over synthetic regions of growing size: indicators and lists.

A region of N patients has N / 25 inclusions and 4 N encounters (`gateway synth`). Sizes are
patients. What takes half an hour to load is loaded once, and named by the URL of its database.
"""

from __future__ import annotations

import http.client
import io
import json
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from bench.installation import Installation
from bench.plan import SIZES
from bench.result import number, verdict
from gateway.app.built_in import built_in_package
from gateway.app.synth.filling import fill
from gateway.app.synth.region import Size
from gateway.fhir.packages import read_package
from gateway.fhir.search.query import parse_search
from gateway.ingest import packages
from gateway.ingest.programmes.definitions import install
from gateway.ingest.search_parameters import SearchParameters
from gateway.programmes.content import content_folder, read_content
from gateway.store.api import open_store
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan
    from bench.result import Line

# Patients, where no sizes are given.
_REGIONS = (10_000, 50_000)
_YEAR = "periodStart=2021-01-01&periodEnd=2021-12-31"
_MEASURES = ("cesoa", "equip-addict", "post-covid", "sec-pa", "cpts-imaging")
_STRUCTURE = "Organization/synth-s15"
_EPISODES = "EpisodeOfCare?type=https://passerelle.example/fhir/CodeSystem/programme%7Cequip-addict"
# Lists that a coordinator looks at; each finds something in every region.
_LISTS = {
    "Follow-up, one structure": (
        f"PlanDefinition/equip-addict/$follow-up?date=2021-12-31&organization={_STRUCTURE}"
    ),
    "Follow-up, the programme": "PlanDefinition/equip-addict/$follow-up?date=2021-12-31",
    "Open inclusions of a structure": f"{_EPISODES}&status=active&organization={_STRUCTURE}",
    "Referrals of a structure": f"Task?owner={_STRUCTURE}&_sort=-modified&_count=50",
    "Last encounters of a structure": (
        f"Encounter?service-provider={_STRUCTURE}&_sort=-date&_count=50"
    ),
    "Free slots of the shared agenda": (
        "Slot?status=free&_security=CPTS&start=ge2022-06-01&_sort=start&_count=50"
    ),
}
_TIMES = 5


@dataclass(slots=True)
class RegionRow:
    """One request over regions of growing size: the median of its time, in ms."""

    head: ClassVar[tuple[str, ...]] = ("", "patients", "median, ms", "aim, ms", "met")

    name: str
    below: float
    times: dict[int, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the largest region is answered in time."""
        return max(self.times.values()) < self.below if self.times else None

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table, one item a size."""
        return (
            self.name,
            " / ".join(f"{size:,}".replace(",", " ") for size in self.times),
            " / ".join(number(value) for value in self.times.values()),
            f"< {self.below:g}",
            verdict(met=self.met),
        )


def measure(plan: Plan) -> Iterator[Line]:
    """Yield a row for each measure and list, on each kind of database."""
    sizes = _REGIONS if plan.sizes == SIZES else plan.sizes
    for database in ["SQLite", *(["PostgreSQL"] if plan.postgres else [])]:
        rows: dict[str, RegionRow] = {}
        for size in sizes:
            place = plan.place / f"region_{database.lower()}_{size}"
            with _filled(plan, place, database, size) as gateway:
                _time(gateway, database, size, rows)
        for number_of, url in enumerate(plan.regions):
            if (database == "PostgreSQL") is url.startswith("postgresql"):
                place = plan.place / f"held_{database.lower()}_{number_of}"
                with Installation(place, url, doors=("http",)) as gateway:
                    _time(gateway, database, _patients(url), rows)
        yield from rows.values()


def _patients(url: str) -> int:
    store = open_store(url)
    found = store.search(parse_search("Patient", [("_summary", "count")]))
    store.close()
    return found.total or 0


def _filled(plan: Plan, place: Path, database: str, patients: int) -> Installation:
    place.mkdir()
    url = f"sqlite:///{place / 'gateway.db'}"
    if database == "PostgreSQL" and plan.postgres is not None:
        url = plan.postgres.database(place.name)
    began = time.monotonic()
    migrate(url)
    store = open_store(url)
    install(store, read_content(content_folder()))
    packages.install(store, read_package(built_in_package().read_bytes()), judged=True)
    SearchParameters(store).refresh()
    store.close()
    region = Size(patients=patients, episodes=patients // 25, encounters=4 * patients)
    made = fill(url, region, io.StringIO())
    taken = time.monotonic() - began
    print(f"  {made} resources loaded into {database} within {taken:.0f} s", flush=True)
    return Installation(place, url, doors=("http",))


def _time(gateway: Installation, database: str, size: int, rows: dict[str, RegionRow]) -> None:
    for name in _MEASURES:
        path = f"Measure/{name}-indicateurs/$evaluate-measure?{_YEAR}"
        title = f"$evaluate-measure of a year, {name}, {database}"
        _note(rows, title, 5_000, size, gateway, path)
    for name, path in _LISTS.items():
        _note(rows, f"{name}, {database}", 200, size, gateway, path)


def _note(  # noqa: PLR0913, PLR0917 - what a row is made of
    rows: dict[str, RegionRow],
    title: str,
    below: float,
    size: int,
    gateway: Installation,
    path: str,
) -> None:
    _get(gateway.http, path)
    seen = [_get(gateway.http, path) for _ in range(_TIMES if below < 1_000 else 1)]
    row = rows.setdefault(title, RegionRow(title, below))
    row.times[size] = statistics.median(seen)
    print(f"  {title:<62}{size:>9}{number(row.times[size]):>8} ms", flush=True)


def _get(port: int, path: str) -> float:
    """Return how long a request took, in ms; raises `RuntimeError` when it finds nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    began = time.monotonic()
    connection.request("GET", f"/fhir/{path}", headers={"Accept": "application/fhir+json"})
    answer = connection.getresponse()
    said = answer.read()
    taken = (time.monotonic() - began) * 1000
    connection.close()
    found: dict[str, Any] = json.loads(said)
    if answer.status != 200 or not any(found.get(key) for key in ("entry", "group", "parameter")):
        message = f"{path}: {answer.status} {said[:300]!r}"
        raise RuntimeError(message)
    return taken
