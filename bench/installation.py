"""A gateway of our own: the real command, a new data directory, free ports."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.process import START_SECONDS, Running, free_port, is_ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

# In the order in which the supervisor forks them.
DOORS = ("http", "mllp", "dimse", "delivery")


@dataclass(slots=True)
class Installation:
    """Settings of one gateway; `with installation:` serves until the end of the block."""

    place: Path
    database_url: str = ""
    smtp_port: int | None = None
    doors: tuple[str, ...] = DOORS
    http: int = field(default_factory=free_port)
    mllp: int = field(default_factory=free_port)
    dicom: int = field(default_factory=free_port)
    _running: Running | None = None

    @property
    def fhir(self) -> str:
        """The FHIR base."""
        return f"http://127.0.0.1:{self.http}/fhir"

    @property
    def log(self) -> Path:
        """Where standard error goes."""
        return self.place / "gateway.log"

    def environ(self) -> dict[str, str]:
        """Return the settings as variables."""
        given = {
            "GATEWAY_DATA_DIR": str(self.place),
            "GATEWAY_DATABASE_URL": self.database_url,
            "GATEWAY_HTTP_PORT": str(self.http),
            "GATEWAY_MLLP_PORT": str(self.mllp),
            "GATEWAY_DICOM_PORT": str(self.dicom),
            "GATEWAY_AUTH": "none",
            "GATEWAY_LOG": "json",
        }
        if self.smtp_port is not None:
            given["GATEWAY_SMTP_URL"] = f"smtp://127.0.0.1:{self.smtp_port}"
            given["GATEWAY_MAIL_FROM"] = "passerelle@cabinet.example"
        return given

    def start(self) -> float:
        """Serve, and return the seconds from exec to ready with every port open."""
        self.place.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "gateway", "serve", "--only", ",".join(self.doors)]
        self._running = Running(command, self.log, self.environ())
        try:
            self._running.wait_for(*self._ports())
            while not is_ready(self.http):
                self._running.check(began + START_SECONDS)
                time.sleep(0.005)
        except BaseException:
            self.stop()
            raise
        return time.monotonic() - began

    def _ports(self) -> Iterator[int]:
        ports = {"http": self.http, "mllp": self.mllp, "dimse": self.dicom}
        return (port for door, port in ports.items() if door in self.doors)

    def stop(self) -> None:
        """Drain and end."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def __enter__(self) -> Self:
        """Serve."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def pid(self) -> int:
        """The first process, 0 when it does not serve."""
        return self._running.pid if self._running else 0

    def memory(self) -> dict[str, tuple[float, float]]:
        """Return RSS and PSS of each door's process, in MB."""
        return {door: _memory(pid) for door, pid in self._children().items()}

    def peak(self, door: str) -> float:
        """Return the most that a door's process has held, in MB."""
        status = Path(f"/proc/{self._children()[door]}/status").read_text("ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1000

    def _children(self) -> dict[str, int]:
        # In the order of their birth, which is the order of the doors.
        if self._running is None:
            return {}
        parent = self._running.pid
        listed = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
        children = sorted(map(int, listed.split()), key=_born)
        return dict(zip(self.doors, children, strict=True))


def _born(pid: int) -> tuple[int, int]:
    # Field 22 of /proc/pid/stat; the name in parentheses may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return int(fields[19]), pid


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    sizes = {line.split(":")[0]: line.split() for line in lines[1:]}
    return int(sizes["Rss"][1]) / 1000, int(sizes["Pss"][1]) / 1000
