"""`gateway`: reads the command line and calls one function."""

from __future__ import annotations

import argparse
import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from gateway import __version__
from gateway.app.cli.words import in_words
from gateway.errors import GatewayError, Unavailable
from gateway.settings import SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

# Files of this folder and the commands of each: one that is named is loaded alone.
_FAMILIES: Final = {
    "serve": ("serve",),
    "installation": ("init", "migrate", "check", "backup", "restore"),
    "packages": ("packages",),
    "search": ("search",),
    "fhir": ("fhir",),
    "hl7": ("hl7",),
    "dicom": ("dicom",),
    "journal": ("journal",),
    "codes": ("codes",),
    "manifest": ("manifest",),
    "deliveries": ("deliveries",),
    "statement": ("statement",),
    "synth": ("synth",),
    "demo": ("demo",),
}

_READ_THE_STORE: Final = ("journal", "deliveries", "codes", "packages", "search", "statement")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 misused."""
    words = sys.argv[1:] if arguments is None else arguments
    given = _parser(words[0] if words else "").parse_args(words)
    if not gc.isenabled():
        # All is loaded: see `gateway.__main__`.
        gc.freeze()
        gc.enable()
    try:
        settings = read_settings()
        status: int = given.run(settings, given)
    except SettingsError as fault:
        print(f"gateway: {fault}", file=sys.stderr)
        return 2
    except GatewayError as refusal:
        print(f"gateway: {_told(refusal, words[0])}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `gateway journal list | head` is not a fault.
        sys.stderr.close()
        return 0
    except OSError as fault:
        # A file or an address that the operator named.
        print(f"gateway: {in_words(fault)}", file=sys.stderr)
        return 1
    return status


def _told(refusal: GatewayError, command: str) -> str:
    """Return the sentence of a refusal; a store writes its own for senders, not for operators."""
    if isinstance(refusal, Unavailable) and command in _READ_THE_STORE:
        return f"{refusal.text} What does not work: `gateway check`."
    return refusal.text


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway", description="FHIR gateway for ambulatory care: HL7 v2, DICOM, FHIR, mail."
    )
    parser.add_argument("--version", action="version", version=f"Passerelle {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    named = [file for file, words in _FAMILIES.items() if command in words]
    for file in named or _FAMILIES:
        import_module(f"gateway.app.cli.{file}").add_commands(commands)
    return parser
