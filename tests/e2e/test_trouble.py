"""What the gateway stands on fails: what was accepted stays, the rest may be sent again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from tests.conftest import _postgres_binaries, _wait_for, free_port
from tests.e2e.mailbox import Mailbox
from tests.e2e.modality import image, stored
from tests.e2e.process import GatewayProcess, until
from tests.e2e.wire import RPPS, deliveries, found, report, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset

# pynetdicom leaves sockets to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
# More than the store waits for a lock, less than its double.
LOCKED_SECONDS = 16.0


class Senders:
    """One message, one resource, one object; sent unchanged until they are accepted."""

    def __init__(self, gateway: GatewayProcess, number: str, picture: Dataset | None) -> None:
        self.gateway = gateway
        self.number = number
        self.patient = {"resourceType": "Patient", "id": f"trouble-{number}"}
        self.picture = picture

    def answers(self) -> tuple[str, int, int]:
        with ThreadPoolExecutor(3) as senders:
            told = senders.submit(lambda: tell(self.gateway.mllp, report(self.number)).code)
            address = f"/fhir/Patient/{self.patient['id']}"
            created = senders.submit(self.gateway.send, "PUT", address, self.patient)
            status = senders.submit(
                lambda: stored(self.gateway, self.picture)[0] if self.picture else 0
            )
            return told.result(), created.result()[0], status.result()

    def are_kept(self) -> bool:
        held = self.gateway.get(f"/fhir/Patient/{self.patient['id']}")
        return [one["status"] for one in found(self.gateway, self.number)] == ["final"] and (
            held["meta"]["versionId"] == "1"
        )


@pytest.fixture
def serve() -> Iterator[Callable[..., GatewayProcess]]:
    """Makes gateways that do not outlive their test, however it ends."""
    made: list[GatewayProcess] = []

    def make(data: Path, more: dict[str, str] | None = None) -> GatewayProcess:
        made.append(GatewayProcess(data, more or {}))
        return made[-1]

    yield make
    for gateway in made:
        gateway.kill()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "passerelle-test", str(place)]
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted in this sandbox")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    ballast = place / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def test_a_full_disk_refuses_what_may_be_sent_again_and_keeps_what_was_accepted(
    small_disk: Path, serve: Callable[..., GatewayProcess]
) -> None:
    gateway = serve(small_disk).start()
    before = Senders(gateway, "before", image())
    assert before.answers() == ("AA", 201, 0)

    ballast = fill(small_disk)
    during = Senders(gateway, "during", image())
    full = [during.answers() for _ in range(3)]
    kept = before.are_kept()
    unready = not gateway.ready()
    ballast.unlink()
    until(gateway.ready)
    after = during.answers()

    assert full == [("AR", 503, 0xA700)] * 3
    assert (kept, unready, after) == (True, True, ("AA", 201, 0))
    assert before.are_kept()
    assert during.are_kept()
    assert gateway.stop() == 0
    # No door died of it.
    assert "door.restarted" not in gateway.log.read_text("utf-8")


def test_a_database_locked_by_another_program_is_waited_for_and_then_refused(
    tmp_path: Path, serve: Callable[..., GatewayProcess]
) -> None:
    gateway = serve(tmp_path / "data").start()
    senders = Senders(gateway, "locked", image())
    with closing(sqlite3.connect(gateway.data / "gateway.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        refused = senders.answers()
        took = time.monotonic() - began
        other.rollback()
    accepted = senders.answers()

    assert refused == ("AR", 503, 0xA700)
    assert took < LOCKED_SECONDS
    assert accepted == ("AA", 201, 0)
    assert senders.are_kept()
    assert gateway.stop() == 0


def test_mail_waits_for_its_server_and_leaves_when_it_is_back(
    tmp_path: Path, serve: Callable[..., GatewayProcess]
) -> None:
    mailbox = Mailbox()
    gateway = serve(
        tmp_path / "data",
        {
            "GATEWAY_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "GATEWAY_MAIL_FROM": "gateway@centre.example",
        },
    )
    gateway.data.mkdir()
    (gateway.data / "gateway.toml").write_text(
        f'[recipients]\n"{RPPS}" = "dr.agnes@medecin.example"\n', "utf-8"
    )
    gateway.start()

    answers = [tell(gateway.mllp, report(f"mail{n}")).code for n in range(2)]
    until(lambda: any(one["why"] for one in deliveries(gateway)))
    waiting = deliveries(gateway)
    with mailbox:
        until(lambda: all(one["state"] == "sent" for one in deliveries(gateway)), 60)

    assert answers == ["AA", "AA"]
    assert {one["state"] for one in waiting} == {"waiting"}
    assert next(one["why"] for one in waiting if one["attempts"]).startswith("The mail server")
    assert sorted(mailbox.received.values()) == [1, 1]
    assert gateway.stop() == 0


class Cluster:
    """A PostgreSQL server that can be stopped at once and started again."""

    def __init__(self, place: Path) -> None:
        binaries = _postgres_binaries()
        if binaries is None:
            pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
        self.place, self.port = place, free_port()
        place.mkdir()
        place.chmod(0o777)
        for parent in place.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o055)
        # PostgreSQL refuses to run as root.
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        data = str(place / "data")
        making = [*prefix, str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"]
        subprocess.run(making, check=True, capture_output=True, cwd=place)
        self.control = [*prefix, str(binaries / "pg_ctl"), "-D", data, "-w"]

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.place}"
        log = str(self.place / "log")
        command = [*self.control, "-o", options, "-l", log, "start"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.place)
        _wait_for(self.url)

    def stop(self) -> None:
        command = [*self.control, "-m", "immediate", "stop"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, cwd=self.place)


@pytest.mark.postgresql
def test_postgresql_stopped_and_started_again_is_noticed_without_a_restart(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "postgresql")
    cluster.start()
    gateway = GatewayProcess(tmp_path / "data", {"GATEWAY_DATABASE_URL": cluster.url})
    try:
        gateway.start(wait=60)
        first = Senders(gateway, "first", image())
        assert first.answers() == ("AA", 201, 0)

        cluster.stop()
        second = Senders(gateway, "second", image())
        meanwhile = [second.answers() for _ in range(2)]
        unready = not gateway.ready()
        cluster.start()
        until(gateway.ready)
        after = second.answers()

        assert meanwhile == [("AR", 503, 0xA700)] * 2
        assert (unready, after) == (True, ("AA", 201, 0))
        assert first.are_kept()
        assert second.are_kept()
        assert gateway.stop() == 0
        assert "door.restarted" not in gateway.log.read_text("utf-8")
    finally:
        gateway.kill()
        cluster.stop()
