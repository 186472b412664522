"""npm's HL7 v2 clients send to the gateway, and their servers receive from it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.mllp.client import Client
from scripts.peers import INSTALL_CLIENTS, NODE_HL7_MODULES
from tests.conftest import free_port
from tests.e2e.wire import found, report
from tests.interop.clients.environment import HERE, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.process import GatewayProcess

PLACE = HERE / "node-hl7"


def node() -> str:
    program = shutil.which("node")
    if program is None or not NODE_HL7_MODULES.is_dir():
        pytest.skip(f"the npm clients for HL7 v2 are {INSTALL_CLIENTS}")
    return program


def files(place: Path, *messages: bytes) -> list[Path]:
    names = [place / f"{number}.hl7" for number in range(len(messages))]
    for name, message in zip(names, messages, strict=True):
        name.write_bytes(message)
    return names


def told(script: str, *arguments: str | Path) -> object:
    done = run(node(), PLACE / script, *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@contextmanager
def receiving(script: str, *arguments: str) -> Iterator[tuple[int, list[list[str]]]]:
    """Run a receiver; what it got is in the list when the block is left."""
    port, got = free_port(), list[list[str]]()
    process = subprocess.Popen(
        [node(), PLACE / script, str(port), *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        _listens(port)
        yield port, got
    finally:
        process.terminate()
        printed, _ = process.communicate(timeout=20)
        got += [json.loads(line) for line in printed.splitlines()]


def test_simple_hl7_sends_over_one_connection(gateway: GatewayProcess, tmp_path: Path) -> None:
    bad = report("simple2").replace(b"PID|", b"NTE|")
    sent = files(tmp_path, report("simple1"), bad, report("simple3"))
    assert told("simple_send.mjs", str(gateway.mllp), *sent) == [
        ["AA", "Bsimple1"],
        ["AE", "Bsimple2"],
        ["AA", "Bsimple3"],
    ]
    assert len(found(gateway, "simple3")) == 1


def test_medplum_sends_over_one_connection(gateway: GatewayProcess, tmp_path: Path) -> None:
    sent = files(tmp_path, report("medplum1"), report("medplum2"))
    assert told("medplum_send.mjs", str(gateway.mllp), "first", *sent) == [
        ["AA", "Bmedplum1"],
        ["AA", "Bmedplum2"],
    ]


@pytest.mark.parametrize(("wanted", "code"), [("first", "CA"), ("application", "AA")])
def test_medplum_hears_both_answers_of_the_enhanced_mode(
    gateway: GatewayProcess, tmp_path: Path, wanted: str, code: str
) -> None:
    number = f"enhanced{wanted}"
    raw = report(number).replace(b"|P|2.5|||||", b"|P|2.5|||AL|AL|")
    sent = files(tmp_path, raw)
    assert told("medplum_send.mjs", str(gateway.mllp), wanted, *sent) == [[code, f"B{number}"]]


def test_a_server_of_simple_hl7_receives() -> None:
    with receiving("simple_receive.mjs") as (port, got), Client("127.0.0.1", port) as client:
        assert [client.send(report(number)).code for number in ("o1", "o2")] == ["AA", "AA"]
    assert got == [["ORU", "R01", "Bo1"], ["ORU", "R01", "Bo2"]]


@pytest.mark.parametrize(("mode", "accept"), [((), False), (("enhanced",), True)])
def test_a_server_of_medplum_receives(mode: tuple[str, ...], *, accept: bool) -> None:
    raw = report("m1").replace(b"|P|2.5|||||", b"|P|2.5|||AL|AL|") if accept else report("m1")
    with (
        receiving("medplum_receive.mjs", *mode) as (port, got),
        Client("127.0.0.1", port, 10.0) as client,
    ):
        answers = [client.send(raw), client.send(raw)]
    assert [(one.code, b"MSA|CA" in one.accept) for one in answers] == [("AA", accept)] * 2
    assert got == [["ORU", "R01", "Bm1"]] * 2


def _listens(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    message = "the receiver does not listen"
    raise AssertionError(message)
