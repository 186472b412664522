"""An import of 50 000 resources, in transactions of ten, over four connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.importing import send
from bench.installation import Installation
from bench.reports import EXAM, PHYSICIANS, bundle, physician, transaction
from bench.result import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan

RESOURCES = 50_000


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row for each kind of database."""
    exams = RESOURCES // EXAM // plan.shorter**2
    for database, url in plan.databases("imports"):
        place = plan.place / f"imports_{database.lower()}"
        with Installation(place, url) as gateway:
            introduce(gateway.http)
            taken = send(gateway.http, map(transaction, range(exams)))
        rate = taken.bundles * EXAM / taken.seconds
        name = f"Import of {exams * EXAM} resources in transactions of {EXAM}, {database}"
        row = Row("imports", name, "resources/s", values=[rate], remark=f"{taken.seconds:.0f} s")
        plan.say(row)
        yield row


def introduce(port: int) -> None:
    """Send the physicians that every exam refers to."""
    send(port, iter([bundle([physician(number) for number in range(PHYSICIANS)])]), connections=1)
