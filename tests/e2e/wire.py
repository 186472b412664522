"""Words of a sender: messages, frames, what was answered, what the journal says."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.app.cli.main import main
from gateway.hl7v2.framing import Deframer, Frame
from gateway.hl7v2.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.process import GatewayProcess

RPPS = "10000023084"
GP = f"{RPPS}^AGNES^Isabelle^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"


class Told(NamedTuple):
    """One ERR segment: code, location, severity."""

    code: str
    location: str
    severity: str


class Answer(NamedTuple):
    """An acknowledgement: MSA-1, MSA-2, its ERR segments, and as it came."""

    code: str
    control_id: str
    told: tuple[Told, ...]
    raw: bytes


def report(  # noqa: PLR0913 - what a report may differ in
    number: int | str,
    *,
    control: str | None = None,
    status: str = "F",
    issued: str = "20260110101400",
    text: str = "Pas de fracture.",
    charset: str = "UNICODE UTF-8",
) -> bytes:
    """Return an ORU^R01 of its own patient, order and report."""
    control_id = f"B{number}" if control is None else control
    return (
        f"MSH|^~\\&|RIS|CENTRE|GW|GW|20260110101500||ORU^R01^ORU_R01|{control_id}|P|2.5|||||FRA|{charset}\r"
        f"PID|1||BAD{number}^^^RISNS^PI||DURAND{number}^Zoé^^^^^L||19800101|F\r"
        f"ORC|RE|BPL{number}^EHR|BFI{number}^RIS\r"
        f"OBR|1|BPL{number}^EHR|BFI{number}^RIS|30620-9^CT rachis^LN|||20260110093000"
        f"|||||||||{GP}||BACC{number}||||{issued}||CT|{status}\r"
        f"OBX|1|TX|19005-8^Conclusion^LN||{text}||||||{status}\r"
    ).encode()


def framed(message: bytes) -> bytes:
    return b"\x0b" + message + b"\x1c\r"


@contextlib.contextmanager
def connected(port: int, seconds: float = 30) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), seconds) as peer:
        yield peer


def heard(peer: socket.socket, number: int = 1) -> list[Answer]:
    """Return the next `number` answers; fewer when the gateway hangs up."""
    deframer = Deframer()
    answers: list[Answer] = []
    while len(answers) < number and (chunk := peer.recv(65536)):
        answers += [read(event.data) for event in deframer.feed(chunk) if isinstance(event, Frame)]
    return answers


def tell(port: int, message: bytes) -> Answer:
    """Send one message over a connection of its own."""
    with connected(port) as peer:
        peer.sendall(framed(message))
        return heard(peer)[0]


def read(raw: bytes) -> Answer:
    answer = Message.parse(raw)
    msa = answer.first("MSA")
    assert msa is not None
    told = tuple(
        Told(one.text(3), one.raw_field(2).rstrip("^"), one.text(4)) for one in answer.all("ERR")
    )
    return Answer(msa.text(1), msa.text(2), told, raw)


def run_here(gateway: GatewayProcess, *arguments: str) -> tuple[int, bytes]:
    """Run a command of the gateway in this process: its status, what it printed."""
    kept = dict(os.environ)
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    os.environ.clear()
    os.environ.update(gateway.environ)
    try:
        with contextlib.redirect_stdout(printed):
            status = main(arguments)
    finally:
        os.environ.clear()
        os.environ.update(kept)
    printed.seek(0)
    return status, printed.buffer.read()


def journal(gateway: GatewayProcess, *arguments: str) -> list[dict[str, Any]]:
    """Return what `gateway journal list` says, newest first."""
    status, printed = run_here(gateway, "journal", "list", "--json", *arguments)
    assert status == 0
    return [json.loads(line) for line in printed.splitlines()]


def original(gateway: GatewayProcess, entry: dict[str, Any]) -> bytes:
    """Return what `gateway journal show --raw` gives."""
    status, printed = run_here(gateway, "journal", "show", str(entry["number"]), "--raw")
    assert status == 0
    return printed


def found(gateway: GatewayProcess, number: int | str) -> list[dict[str, Any]]:
    """Return the DiagnosticReports of `report(number)`."""
    bundle = gateway.get(
        f"/fhir/DiagnosticReport?identifier=urn:passerelle:namespace:RIS|BFI{number}"
    )
    return [entry["resource"] for entry in bundle.get("entry", [])]


def deliveries(gateway: GatewayProcess) -> list[dict[str, Any]]:
    status, printed = run_here(gateway, "deliveries", "list", "--json")
    assert status == 0
    return [json.loads(line) for line in printed.splitlines() if line.startswith(b"{")]
