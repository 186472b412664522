"""`gateway hl7`: send messages, check a message."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import GatewayError, Malformed, Unavailable

if TYPE_CHECKING:
    import ssl

    from gateway.hl7v2.conformance import Report
    from gateway.mllp.client import Answer, Client
    from gateway.settings import Settings

_TEXT: Final = 200


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `hl7 send` and `hl7 validate`."""
    family = commands.add_parser("hl7", help="HL7 v2 messages by hand")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    _add_send(actions)
    checking = actions.add_parser(
        "validate", help="conformance report: the standard, French profiles"
    )
    checking.add_argument("file", type=Path)
    checking.set_defaults(run=validate)


def _add_send(actions: Any) -> None:  # noqa: ANN401 - as above
    sending = actions.add_parser("send", help="send the messages of a file over MLLP")
    sending.add_argument("file", type=Path, help="one message, several, or a batch (FHS, BHS)")
    sending.add_argument("--to", type=_address, required=True, metavar="HOST:PORT")
    sending.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    sending.add_argument("--tls", action="store_true", help="over TLS")
    sending.add_argument("--tls-ca", type=Path, metavar="FILE", help="who certifies the receiver")
    sending.add_argument("--tls-cert", type=Path, metavar="FILE", help="our certificate")
    sending.add_argument("--tls-key", type=Path, metavar="FILE", help="its key")
    sending.add_argument("--tls-name", default="", help="the receiver's name, when not HOST")
    sending.set_defaults(run=send)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        message = f"{text!r} is not HOST:PORT"
        raise argparse.ArgumentTypeError(message)
    return host.strip("[]"), int(port)


def send(_settings: Settings, given: argparse.Namespace) -> int:
    """Send the messages in a file; 0 when every one was accepted.

    The answer to one message is printed whole, that to each of several as a line.
    """
    from gateway.hl7v2.batch import read_batch  # noqa: PLC0415 - other commands need none
    from gateway.mllp.client import Client  # noqa: PLC0415 - as above

    batch = read_batch(given.file.read_bytes())
    for warning in batch.warnings:
        print(f"gateway: {warning}", file=sys.stderr)
    # Without any header it is sent as it is: the refusal says what is wrong with it.
    messages = batch.messages or (given.file.read_bytes(),)
    host, port = given.to
    tls = _context(given)
    with Client(host, port, given.timeout, tls=tls, name=given.tls_name) as client:
        if len(messages) == 1:
            return _send_one(client, messages[0])
        return _send_each(client, messages)


def _context(given: argparse.Namespace) -> ssl.SSLContext | None:
    files = (given.tls_ca, given.tls_cert, given.tls_key)
    if not (given.tls or any(files) or given.tls_name):
        return None
    from gateway.access.tls import client_context, reason_of  # noqa: PLC0415 - as above

    try:
        return client_context(*files)
    except OSError as fault:
        message = f"The certificates cannot be used: {reason_of(fault)}."
        raise Unavailable(message) from fault


def _send_one(client: Client, message: bytes) -> int:
    answer = client.send(message)
    both = answer.accept + answer.raw if answer.accept != answer.raw else answer.raw
    print(both.decode("utf-8", "replace").replace("\r", "\n").rstrip())
    return 0 if answer.accepted else 1


def _send_each(client: Client, messages: tuple[bytes, ...]) -> int:
    """Send them in order; the first that gets no answer is the last that is sent."""
    refused = 0
    for number, message in enumerate(messages, 1):
        place = f"{number}/{len(messages)} {_control_id(message)}"
        try:
            answer = client.send(message)
        except GatewayError as fault:
            print(f"{place} ?", fault.text)
            print(f"gateway: {len(messages) - number} were not sent.", file=sys.stderr)
            return 1
        print(place, _said(answer), flush=True)
        refused += not answer.accepted
    if refused:
        print(f"gateway: {refused} of {len(messages)} were refused.", file=sys.stderr)
    return 1 if refused else 0


def _control_id(message: bytes) -> str:
    from gateway.hl7v2.message import Message  # noqa: PLC0415 - as above

    try:
        return Message.parse(message[: message.find(b"\r") + 1]).control_id or "-"
    except Malformed:
        return "-"


def _said(answer: Answer) -> str:
    return f"{answer.code or 'sent'} {answer.text[:_TEXT]}".rstrip()


def validate(_settings: Settings, given: argparse.Namespace) -> int:
    """Print what does not conform in each message of a file; 0 when nothing is wrong."""
    from gateway.hl7v2 import conformance  # noqa: PLC0415 - hl7apy takes a second to load
    from gateway.hl7v2.batch import read_batch  # noqa: PLC0415 - as above

    content = given.file.read_bytes()
    batch = read_batch(content)
    for warning in batch.warnings:
        print(f"gateway: {warning}", file=sys.stderr)
    several = len(batch.messages) > 1
    worst = 0
    for number, message in enumerate(batch.messages if several else (content,), 1):
        if several:
            print(f"{number}/{len(batch.messages)} {_control_id(message)}")
        worst |= _told(conformance.validate(message))
    return worst


def _told(report: Report) -> int:
    for finding in report.findings:
        print(f"{finding.severity:<8} {finding.location or '-':<12} {finding.text}")
    named = f" to {report.profile}" if report.profile else ""
    print(f"conforms{named}" if report.conforms else f"does not conform{named}")
    return 0 if report.conforms else 1
