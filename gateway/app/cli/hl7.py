"""`gateway hl7`: send a message, check a message."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.settings import Settings


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `hl7 send` and `hl7 validate`."""
    family = commands.add_parser("hl7", help="HL7 v2 messages by hand")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    sending = actions.add_parser("send", help="send a message over MLLP, print the answer")
    sending.add_argument("file", type=Path)
    sending.add_argument("--to", type=_address, required=True, metavar="HOST:PORT")
    sending.set_defaults(run=send)
    checking = actions.add_parser("validate", help="conformance report against the standard")
    checking.add_argument("file", type=Path)
    checking.set_defaults(run=validate)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        message = f"{text!r} is not HOST:PORT"
        raise argparse.ArgumentTypeError(message)
    return host.strip("[]"), int(port)


def send(_settings: Settings, given: argparse.Namespace) -> int:
    """Send the message in a file; 0 when it was accepted."""
    from gateway.hl7v2.message import Message  # noqa: PLC0415 - other commands need none
    from gateway.mllp.client import MllpClient  # noqa: PLC0415 - as above

    raw = given.file.read_bytes().strip(b"\x0b\x1c\r\n").replace(b"\r\n", b"\r")
    raw = raw if b"\r" in raw else raw.replace(b"\n", b"\r")
    with MllpClient(*given.to) as client:
        answer = client.send(raw)
    print(answer.decode("utf-8", "replace").replace("\r", "\n").rstrip())
    acknowledged = Message.parse(answer).first("MSA")
    return 0 if acknowledged and acknowledged.text(1) in ("AA", "CA") else 1


def validate(_settings: Settings, given: argparse.Namespace) -> int:
    """Print what does not conform; 0 when nothing is wrong."""
    from gateway.hl7v2 import conformance  # noqa: PLC0415 - hl7apy takes a second to load

    report = conformance.validate(given.file.read_bytes())
    for finding in report.findings:
        print(finding)
    print("conforms" if report.conforms else "does not conform")
    return 0 if report.conforms else 1
