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

from bench import machine, postgres
from bench.plan import Plan
from bench.result import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.result import Row

_FAMILIES = ("http", "mllp", "dimse", "delivery", "start", "memory")
_ON_POSTGRES = ("http", "mllp")
_RESULTS = Path(__file__).parent / "results.md"
_TEXT = """\
# What the gateway does, beside what the least possible program does

Written by `make bench`. Gateway and floor run on the same machine in the same minute and are
measured in turn; each number is the median of {repetitions} repetitions of {seconds} s, and the
ratio is what counts. Both floors and the gateway make every write durable before they answer
(SQLite: WAL, `synchronous=FULL`).

- MLLP: the floor is bare asyncio with one insert of the raw message, the gateway maps the report
  to FHIR, stores and indexes each resource, and queues its deliveries.
- HTTP: the floor is bare Starlette with orjson under the same uvicorn settings, one select by
  primary key or one insert; the gateway negotiates, validates, indexes and versions.
- C-STORE: the floor is DCMTK `storescp` (which does not flush to the disk); the sender is DCMTK
  `storescu`, with `TCP_NODELAY` and, as most modalities run it, without.
- Mail: from the AA received by the sender of a report to the letter taken by the SMTP server.

{header}

{table}

{missing}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; an aim that is not met is in the results, not in the status."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(_FAMILIES))
    parser.add_argument("--quick", action="store_true", help="one short repetition of each")
    parser.add_argument("--no-postgresql", action="store_true", help="SQLite alone")
    parser.add_argument("--output", type=Path, default=_RESULTS)
    given = parser.parse_args(arguments)
    if unknown := set(given.only) - set(_FAMILIES):
        parser.error(f"choose among {', '.join(_FAMILIES)}, not {', '.join(sorted(unknown))}")
    began = time.monotonic()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="passerelle-bench-")))
        programs = None if given.no_postgresql else postgres.binaries()
        header = machine.describe(place, programs)
        rows, missing = _measure(_plan(stack, place, programs, given), given.only)
    header["Duration"] = f"{time.monotonic() - began:.0f} s"
    given.output.write_text(_page(header, rows, missing, quick=given.quick), "utf-8")
    unmet = [row.name for row in rows if row.met is False]
    print(
        f"{given.output.name}: {len(rows)} rows, {len(unmet)} below their aim", *unmet, sep="\n  "
    )
    return 0


def _plan(stack: ExitStack, place: Path, programs: Path | None, given: argparse.Namespace) -> Plan:
    server = None
    if programs is not None and set(given.only) & set(_ON_POSTGRES):
        server = stack.enter_context(postgres.serving(programs, place / "postgresql"))
    if given.quick:
        return Plan(place, 1, 1, 4, server)
    return Plan(place, 3, 1, 1, server)


def _measure(plan: Plan, names: Sequence[str]) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    missing: list[str] = []
    if plan.postgres is None:
        missing.append("Without PostgreSQL in this run: its rows are missing.")
    for name in names:
        print(f"{name}:", flush=True)
        family = importlib.import_module(f"bench.rows.{name}")
        why = getattr(family, "why_not", str)()
        if why:
            print(f"  {why}")
            missing.append(why)
            continue
        rows += family.measure(plan)
        if plan.postgres is not None and name in _ON_POSTGRES:
            rows += family.measure(plan, on_postgres=True)
    return rows, missing


def _page(header: dict[str, str], rows: list[Row], missing: list[str], *, quick: bool) -> str:
    if quick:
        missing.append("A quick run: one short repetition, for a look and not for a record.")
    return (
        _TEXT.format(
            repetitions=1 if quick else 3,
            seconds=1,
            header="\n".join(f"- {name}: {text}" for name, text in header.items()),
            table=table(rows),
            missing="\n\n".join(missing),
        ).rstrip()
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
