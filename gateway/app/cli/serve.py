"""`gateway serve`: every door, or some."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from gateway.app import doors
from gateway.app.log import start_logging
from gateway.app.metrics import prepare_metrics
from gateway.app.supervisor import Supervisor
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    from gateway.settings import Settings


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `serve`."""
    serve = commands.add_parser("serve", help="open the doors")
    serve.add_argument(
        "--only",
        metavar="DOOR,...",
        type=_doors,
        default=doors.DOORS,
        help=f"some of {', '.join(doors.DOORS)}",
    )
    serve.set_defaults(run=run)


def _doors(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = set(names) - set(doors.DOORS)
    if unknown or not names:
        message = f"choose among {', '.join(doors.DOORS)}"
        raise argparse.ArgumentTypeError(message)
    return names


def run(settings: Settings, given: argparse.Namespace) -> int:
    """Migrate when needed, open the doors, stay until told to stop."""
    settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    start_logging(settings.log, "serve")
    prepare_metrics(settings.run_dir / "metrics")
    migrate(settings.database_url)

    def announce(seconds: float) -> None:
        print(f"Passerelle is ready ({seconds:.2f} s).", file=sys.stderr)
        for line in addresses(settings, given.only):
            print(f"  {line}", file=sys.stderr, flush=True)

    supervisor = Supervisor(
        doors.open_doors(settings, given.only), settings.run_dir / "doors.json", announce
    )
    return supervisor.run()


def addresses(settings: Settings, only: tuple[str, ...]) -> list[str]:
    """Return where each door is, a line each."""
    mail = settings.smtp_url.rpartition("@")[2] or "not configured: mail waits in the outbox"
    lines = {
        "http": f"FHIR      {settings.fhir_url}",
        "mllp": f"HL7 v2    mllp://{settings.mllp_host}:{settings.mllp_port}",
        "dimse": f"DICOM     {settings.dicom_ae_title}@{settings.dicom_host}:{settings.dicom_port}",
        "delivery": f"Mail      {mail}",
    }
    return [line for name, line in lines.items() if name in only]
