"""`gateway fhir`: check a resource in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import Malformed

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `fhir validate`."""
    family = commands.add_parser("fhir", help="FHIR resources by hand")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    checking = actions.add_parser(
        "validate", help="a resource against R4, and whether typed models can read it"
    )
    checking.add_argument("file", type=Path, help="JSON or XML")
    checking.set_defaults(run=validate)


def validate(_settings: Settings, given: argparse.Namespace) -> int:
    """Print what is wrong with a resource; 0 when it keeps the rules of R4.

    What fhir.resources cannot read is told as information: clients in Python are often written
    with it.
    """
    from gateway.fhir.validation import validate as faults_of  # noqa: PLC0415 - other commands need none
    from gateway.fhir.validation.typed import typed_faults  # noqa: PLC0415 - 0.3 s to load

    resource = _read(given.file.read_bytes())
    faults = faults_of(resource)
    for fault in faults:
        print(f"error       {fault.expression or '-'}: {fault.text}")
    for place, text in typed_faults(resource) if isinstance(resource, dict) else ():
        print(f"information {place or '-'}: fhir.resources (R4B) cannot read it: {text}")
    print("conforms to R4" if not faults else "does not conform to R4")
    return 1 if faults else 0


def _read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    from gateway.fhir.wire import read_json  # noqa: PLC0415 - as above
    from gateway.fhir.xml import read_xml  # noqa: PLC0415 - as above

    if not body.strip():
        message = "The file is empty."
        raise Malformed(message)
    return read_xml(body) if body.lstrip()[:1] == b"<" else read_json(body)
