"""`gateway statement`: what the care programmes charged in a year."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gateway.app import assembly

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `statement`."""
    parser = commands.add_parser("statement", help="packages that were charged, CSV or a page")
    parser.add_argument("--year", type=int, required=True)
    parser.add_argument("--package", default="", metavar="CODE", help="one programme's alone")
    parser.add_argument("--structure", default="", metavar="Organization/ID")
    parser.add_argument("--format", choices=("csv", "html"), default="csv")
    parser.set_defaults(run=statement)


def statement(settings: Settings, given: argparse.Namespace) -> int:
    """Write the statement to the standard output."""
    from gateway.ingest.programmes.statement import Asked, lines  # noqa: PLC0415 - other commands need none
    from gateway.programmes.charging.statement import csv_rows, page  # noqa: PLC0415 - as above

    base = assembly.found(settings)
    found = lines(base.store, Asked(given.package, given.year, given.structure))
    title = f"Forfaits {given.package} {given.year}".replace("  ", " ")
    for text in page(found, title) if given.format == "html" else csv_rows(found):
        sys.stdout.write(text)
    base.close()
    return 0
