"""`gateway`: reads the command line and calls one function."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from gateway.app.cli import (
    codes,
    deliveries,
    demo,
    dicom,
    fhir,
    hl7,
    installation,
    journal,
    manifest,
    packages,
    search,
    serve,
    statement,
    synth,
)
from gateway.errors import GatewayError
from gateway.settings import SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAMILIES: Final = (
    serve,
    installation,
    packages,
    search,
    fhir,
    hl7,
    dicom,
    journal,
    codes,
    manifest,
    deliveries,
    statement,
    synth,
    demo,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 misused."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        settings = read_settings()
        status: int = given.run(settings, given)
    except SettingsError as fault:
        print(f"gateway: {fault}", file=sys.stderr)
        return 2
    except GatewayError as refusal:
        print(f"gateway: {refusal.text}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `gateway journal list | head` is not a fault.
        sys.stderr.close()
        return 0
    except OSError as fault:
        # A file or an address that the operator named.
        print(f"gateway: {fault}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway", description="FHIR gateway for ambulatory care: HL7 v2, DICOM, FHIR, mail."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for family in _FAMILIES:
        family.add_commands(commands)
    return parser
