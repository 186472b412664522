"""One process a door: each dies and stops without the others noticing."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.process import GatewayProcess
from tests.e2e.wire import connected, found, framed, heard, report, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROC = Path("/proc")

pytestmark = pytest.mark.skipif(not PROC.is_dir(), reason="no /proc here: doors are not seen")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path / "data").start()
    yield made
    made.kill()


def until(condition: Callable[[], bool], seconds: float = 20) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds
        time.sleep(0.02)
    return time.monotonic() - began


def children(gateway: GatewayProcess) -> set[int]:
    assert gateway.process is not None
    found = set()
    for status in PROC.glob("[0-9]*/status"):
        try:
            text = status.read_text("utf-8")
        except OSError:
            continue
        if f"\nPPid:\t{gateway.process.pid}\n" in text:
            found.add(int(status.parent.name))
    return found


def listener(gateway: GatewayProcess, port: int) -> int:
    """Return the process that listens on a port."""
    lines = [line.split() for line in (PROC / "net/tcp").read_text("utf-8").splitlines()[1:]]
    inodes = {line[9] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "0A"}
    for child in children(gateway):
        for link in (PROC / str(child) / "fd").iterdir():
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] in inodes:
                return child
    raise AssertionError(port)


def alive(pid: int) -> bool:
    try:
        text = (PROC / str(pid) / "status").read_text("utf-8")
    except OSError:
        return False
    return "\nState:\tZ" not in text


def health(gateway: GatewayProcess) -> dict[str, object]:
    found: dict[str, object] = gateway.get("/health/ready")
    return found


def unready(gateway: GatewayProcess) -> dict[str, object]:
    """Return what `/health/ready` says while it answers 503."""
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        health(gateway)
    with refused.value as answer:
        said: dict[str, object] = json.loads(answer.read())
    return said


def test_a_door_that_dies_is_opened_again_and_the_others_do_not_notice(
    gateway: GatewayProcess,
) -> None:
    before = children(gateway)
    mllp = listener(gateway, gateway.mllp)
    os.kill(mllp, signal.SIGKILL)
    # Not only the state, which the supervisor looks at five times a second.
    until(lambda: mllp not in children(gateway) and len(children(gateway)) == len(before))
    until(gateway.ready)

    assert tell(gateway.mllp, report("reborn")).code == "AA"
    assert listener(gateway, gateway.mllp) not in before
    assert before - {mllp} <= children(gateway)
    assert health(gateway)["status"] == "ready"
    events = [
        json.loads(line)
        for line in gateway.log.read_text("utf-8").splitlines()
        if line.startswith("{")
    ]
    restarted = [event["name_"] for event in events if event["event"] == "door.restarted"]
    assert restarted == ["mllp"]


def test_while_a_door_is_closed_the_gateway_says_which(gateway: GatewayProcess) -> None:
    # Three deaths in a row: the supervisor takes its time for the last one.
    for _ in range(3):
        until(gateway.ready)
        os.kill(listener(gateway, gateway.dicom), signal.SIGKILL)
        until(lambda: not gateway.ready())
    said = unready(gateway)

    assert said["not_ready"] == [{"name": "dimse", "why": "starting"}]
    assert tell(gateway.mllp, report("meanwhile")).code == "AA"
    until(gateway.ready)
    assert gateway.stop() == 0


def test_the_message_in_hand_is_answered_before_the_gateway_stops(gateway: GatewayProcess) -> None:
    assert gateway.process is not None
    doors = children(gateway)
    other = sqlite3.connect(gateway.data / "gateway.db")
    with closing(other), connected(gateway.mllp) as peer:
        # The store is held, so that the message is still in hand when the word to stop comes.
        other.execute("BEGIN IMMEDIATE")
        peer.sendall(framed(report("drain")))
        time.sleep(0.5)
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        other.rollback()
        answers = heard(peer)
        assert peer.recv(1) == b""

    assert [one.code for one in answers] == ["AA"]
    assert gateway.process.wait(30) == 0
    assert until(lambda: not any(map(alive, doors))) < 1
    gateway.start()
    assert [one["status"] for one in found(gateway, "drain")] == ["final"]


def test_nobody_outlives_a_supervisor_that_was_killed(gateway: GatewayProcess) -> None:
    assert gateway.process is not None
    doors = children(gateway)
    assert len(doors) == 4

    gateway.process.kill()
    gateway.process.wait(10)

    assert until(lambda: not any(map(alive, doors))) < 2
    # The ports are free for the next one.
    gateway.start()
    assert tell(gateway.mllp, report("next")).code == "AA"


def serve(place: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Start a gateway that is expected to refuse."""
    made = GatewayProcess(place / "data", given)
    return subprocess.run(
        [sys.executable, "-m", "gateway", "serve"],
        env=made.environ,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("variable", "door"),
    [("GATEWAY_HTTP_PORT", "http"), ("GATEWAY_MLLP_PORT", "mllp"), ("GATEWAY_DICOM_PORT", "dimse")],
)
def test_a_taken_port_ends_the_start_with_a_sentence(
    variable: str, door: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = serve(tmp_path, **{variable: str(port)})

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"gateway: The {door} door cannot listen on 127.0.0.1:{port}: Address already in use. "
        f"Stop what listens there, or set {variable}.\n"
    )


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("GATEWAY_PROT", "1", "GATEWAY_PROT is not a setting of the gateway"),
        ("GATEWAY_AUTH", "smart", "GATEWAY_AUTH=smart is not available in this version"),
        ("GATEWAY_MLLP_HOST", "0.0.0.0", "GATEWAY_MLLP_HOST=0.0.0.0 is refused"),  # noqa: S104 - refused
    ],
)
def test_a_setting_that_is_refused_ends_the_start_with_a_sentence(
    variable: str, value: str, sentence: str, tmp_path: Path
) -> None:
    refused = serve(tmp_path, **{variable: value})

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"gateway: {sentence}")
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_none_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gateway.db").write_bytes(b"certainly not a database" * 100)

    refused = serve(tmp_path)

    assert refused.returncode == 1
    assert refused.stderr.startswith("gateway: The database cannot be opened or migrated: ")


def test_a_second_gateway_on_the_same_data_is_refused_with_a_sentence(
    gateway: GatewayProcess,
) -> None:
    refused = serve(gateway.data.parent)

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"gateway: The http door of {gateway.data} is open already")


def test_a_data_directory_that_cannot_be_made_ends_the_start_with_a_sentence(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").write_bytes(b"a file")

    refused = serve(tmp_path)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        f"gateway: The data directory {tmp_path / 'data'} cannot be written: "
    )


def test_a_mail_server_without_a_sender_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    refused = serve(tmp_path, GATEWAY_SMTP_URL="smtp://127.0.0.1:25")

    assert refused.returncode == 2
    assert refused.stderr.startswith("gateway: GATEWAY_SMTP_URL needs GATEWAY_MAIL_FROM")
