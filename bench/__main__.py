"""`python -m bench [--only NAME,...] [--quick]`: measures and writes `bench/results.md`."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine, page, postgres
from bench.plan import SIZES, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.result import Line

# Names for several families.
_GROUPS = {
    "fhir": ("http", "validation", "search", "imports", "programmes", "rivals"),
    "doors": (
        *("mllp", "bridge", "dimse", "dicomweb", "worklist"),
        *("delivery", "start", "memory", "endurance"),
    ),
}
_TWICE = ("http", "mllp")
_ON_POSTGRES = (*_TWICE, "search", "imports", "programmes", "rivals")
_RESULTS = Path(__file__).parent / "results.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for and return 0, or 1 when a family could not be measured.

    An aim that is not met is in the results, not in the status.
    """
    given = _arguments(arguments)
    unmet: list[str] = []
    failed: list[str] = []
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="passerelle-bench-")))
        programs = None if given.no_postgresql else postgres.binaries()
        plan = _plan(stack, place, programs, given)
        for name in given.only:
            header = machine.describe(place, programs)
            try:
                rows, notes = _measure(plan, name)
            except (RuntimeError, OSError) as fault:
                # The others are measured all the same, and the page keeps what it had of this one.
                print(f"  {fault}", file=sys.stderr)
                failed.append(name)
                continue
            if given.quick:
                notes.append("A quick run: one short repetition, for a look and not for a record.")
            # Each family is written when it is done: what was measured is not lost with the rest.
            page.write(given.output, {name: page.block(name, header, rows, notes)})
            unmet += [row.name for row in rows if row.met is False]
    print(f"{given.output.name}: {len(unmet)} below their aim", *unmet, sep="\n  ")
    print("".join(f"not measured: {name}\n" for name in failed), end="")
    return 1 if failed else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--only", type=_names, default=list(page.FAMILIES))
    parser.add_argument("--quick", action="store_true", help="one short repetition of each")
    parser.add_argument("--no-postgresql", action="store_true", help="SQLite alone")
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="of the stores searched")
    parser.add_argument(
        "--regions", type=_words, default=(), help="databases that `gateway synth` has filled"
    )
    parser.add_argument("--output", type=Path, default=_RESULTS)
    given = parser.parse_args(arguments)
    if unknown := set(given.only) - set(page.FAMILIES):
        known = ", ".join((*_GROUPS, *page.FAMILIES))
        parser.error(f"choose among {known}, not {', '.join(sorted(unknown))}")
    return given


def _names(text: str) -> list[str]:
    return [name for given in text.split(",") for name in _GROUPS.get(given, (given,))]


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(map(int, text.split(","))))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _plan(stack: ExitStack, place: Path, programs: Path | None, given: argparse.Namespace) -> Plan:
    server = None
    if programs is not None and set(given.only) & set(_ON_POSTGRES):
        server = stack.enter_context(postgres.serving(programs, place / "postgresql"))
    if given.quick:
        return Plan(place, 1, 1, 4, server, given.sizes, given.regions)
    return Plan(place, 3, 1, 1, server, given.sizes, given.regions)


def _measure(plan: Plan, name: str) -> tuple[list[Line], list[str]]:
    print(f"{name}:", flush=True)
    began = time.monotonic()
    family = importlib.import_module(f"bench.rows.{name}")
    if why := getattr(family, "why_not", str)():
        print(f"  {why}")
        return [], [why]
    rows: list[Line] = [*family.measure(plan)]
    if plan.postgres is not None and name in _TWICE:
        rows += family.measure(plan, on_postgres=True)
    notes = [f"Took {time.monotonic() - began:.0f} s."]
    if plan.postgres is None and name in _ON_POSTGRES:
        notes.append("Without PostgreSQL in this run: its rows are missing.")
    return rows, notes


if __name__ == "__main__":
    sys.exit(main())
