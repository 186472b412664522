"""How long and how often is measured, where, and the programs that every row uses."""

from __future__ import annotations

import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.installation import Installation
from bench.process import Running, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.postgres import Server
    from bench.result import Row


# How many resources the large stores hold, smallest first.
SIZES: Final = (100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the benchmarks."""

    place: Path
    repetitions: int
    # How long each number is measured for, whole seconds: wrk knows no others.
    seconds: int
    # What counts are divided by.
    shorter: int
    postgres: Server | None = None
    sizes: tuple[int, ...] = SIZES
    # URLs of databases that hold a synthetic region already.
    regions: tuple[str, ...] = ()

    def say(self, row: Row) -> None:
        """Print one finished row."""
        ratio = "" if row.ratio is None else f"  {row.ratio:.0%} of the floor"
        verdict = {True: "met", False: "NOT met", None: ""}[row.met]
        print(f"  {row.name:<52} {row.value:10.1f} {row.unit:<12}{ratio}  {verdict}", flush=True)

    def databases(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield each kind of database and the URL of a new one, "" for that of a data directory."""
        yield "SQLite", ""
        if self.postgres is not None:
            yield "PostgreSQL", self.postgres.database(name)

    def alternate(self, row: Row, gateway: Callable[[], float], floor: Callable[[], float]) -> None:
        """Measure both in turn, so that noise hits both; what is to be a record is warmed up."""
        if self.repetitions > 1:
            gateway()
            floor()
        for _ in range(self.repetitions):
            row.values.append(gateway())
            row.floors.append(floor())
        self.say(row)

    @contextmanager
    def beside(
        self, name: str, floor: str, *, on_postgres: bool
    ) -> Iterator[tuple[Installation, int]]:
        """Serve a gateway and the floor `bench.floors.<floor>`; yield it and the floor's port."""
        place = self.place / name
        place.mkdir()
        own, bare = "", f"sqlite:///{place / 'floor.db'}"
        if on_postgres and self.postgres is not None:
            own, bare = (
                self.postgres.database(f"{name}_gateway"),
                self.postgres.database(f"{name}_floor"),
            )
        port = free_port()
        command = [sys.executable, "-m", f"bench.floors.{floor}", str(port), bare]
        with (
            Installation(place / "gateway", own) as gateway,
            Running(command, place / "floor.log") as running,
        ):
            running.wait_for(port)
            yield gateway, port


def percentile(values: list[float], share: int) -> float:
    """Return the percentile `share` (1 to 99)."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]
