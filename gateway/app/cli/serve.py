"""`gateway serve`: every door, or some."""

from __future__ import annotations

import argparse
import socket
import sys
from typing import TYPE_CHECKING, Any

from gateway.app import doors
from gateway.app.assembly import install_definitions
from gateway.app.built_in import install_built_in
from gateway.app.certificates import certificates_of
from gateway.app.data_directory import hold_doors, make_data_directory
from gateway.app.log import start_logging
from gateway.app.metrics import prepare_metrics
from gateway.app.supervisor import Supervisor
from gateway.errors import Unavailable
from gateway.mail.courier import open_courier
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
    """Migrate and install definitions when needed, open the doors, stay until told to stop."""
    make_data_directory(settings)
    with hold_doors(settings, given.only):
        return _serve(settings, given.only)


def _serve(settings: Settings, only: tuple[str, ...]) -> int:
    _require_what_doors_need(settings, only)
    start_logging(settings.log, "serve")
    prepare_metrics(settings.run_dir / "metrics", alone=not doors.door_states(settings))
    migrate(settings.database_url)
    install_definitions(settings)
    install_built_in(settings)

    def announce(seconds: float) -> None:
        print(f"Passerelle is ready ({seconds:.2f} s).", file=sys.stderr)
        for line in addresses(settings, only):
            print(f"  {line}", file=sys.stderr, flush=True)

    supervisor = Supervisor(doors.open_doors(settings, only), doors.state_file(settings), announce)
    return supervisor.run()


def _require_what_doors_need(settings: Settings, only: tuple[str, ...]) -> None:
    """Raise here, where the operator reads why: in a door's process it is a door that died."""
    for name in only:
        require_address(settings, name)
    for name, prefix in (("mllp", "mllp"), ("dimse", "dicom")):
        if name in only:
            certificates_of(settings, prefix)
    if "delivery" in only:
        open_courier(settings)


def require_address(settings: Settings, door: str) -> None:
    """Raise `Unavailable`, in words for the operator, unless a door can listen where it should."""
    names = {"http": "http", "mllp": "mllp", "dimse": "dicom"}
    if door not in names:
        return
    name = names[door]
    host, port = getattr(settings, f"{name}_host"), getattr(settings, f"{name}_port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the doors do: an address that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as fault:
            message = (
                f"The {door} door cannot listen on {host}:{port}: {fault.strerror}. "
                f"Stop what listens there, or set GATEWAY_{name.upper()}_PORT."
            )
            raise Unavailable(message) from fault


def addresses(settings: Settings, only: tuple[str, ...]) -> list[str]:
    """Return where each door is, a line each."""
    mail = settings.smtp_url.rpartition("@")[2] or "not configured: mail waits in the outbox"
    mllp = "mllps" if settings.mllp_tls_cert else "mllp"
    title, tls = settings.dicom_ae_title, " (TLS)" if settings.dicom_tls_cert else ""
    lines = {
        "http": f"FHIR      {settings.fhir_url}",
        "mllp": f"HL7 v2    {mllp}://{settings.mllp_host}:{settings.mllp_port}",
        "dimse": f"DICOM     {title}@{settings.dicom_host}:{settings.dicom_port}{tls}",
        "delivery": f"Mail      {mail}",
    }
    return [line for name, line in lines.items() if name in only]
