"""A real gateway, started as anybody starts it: `python -m gateway serve`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from gateway.app.demo.ehr import FhirClient
from gateway.app.demo.missing import Missing, wait_for
from gateway.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import IO

HOST: Final = "127.0.0.1"
QUIET_SECONDS: Final = 1
_START_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 30.0
# Each is a process of its own: the HTTP door answers before it has heard of the others.
_DOORS: Final = frozenset({"mllp", "dimse", "delivery"})
_LAST_LINES: Final = 6


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the doors are."""

    http: int
    mllp: int
    dicom: int
    smtp: int

    @property
    def base_url(self) -> str:
        """The address of the HTTP door."""
        return f"http://{HOST}:{self.http}"


def choose_ports(settings: Settings) -> tuple[Ports, list[str]]:
    """Return the ports of the settings, others where somebody listens, and a sentence for each."""
    taken: set[int] = set()
    said = []
    chosen = {}
    for name, title in (("http", "HTTP"), ("mllp", "HL7 v2"), ("dicom", "DICOM")):
        wanted: int = getattr(settings, f"{name}_port")
        port = wanted if is_free(wanted) and wanted not in taken else _free_port(taken)
        if port != wanted:
            said.append(
                f"Le port {wanted} ({title}) est déjà pris : {port} est utilisé à sa place."
            )
        taken.add(port)
        chosen[name] = port
    return Ports(**chosen, smtp=_free_port(taken)), said


def is_free(port: int) -> bool:
    """Whether nobody listens on that port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            taken.add(port)
            return port


def demo_settings(data_dir: Path, ports: Ports) -> Settings:
    """Return the settings of the gateway that is started: embedded database, local mailbox."""
    return replace(
        Settings(),
        data_dir=data_dir,
        database_url=f"sqlite:///{data_dir / 'gateway.db'}",
        objects_url=(data_dir / "objects").as_uri(),
        base_url=ports.base_url,
        http_port=ports.http,
        mllp_port=ports.mllp,
        dicom_port=ports.dicom,
        dicom_quiet_seconds=float(QUIET_SECONDS),
        smtp_url=f"smtp://{HOST}:{ports.smtp}",
        mail_from="Passerelle <passerelle@imagerie-ill.example>",
        log="text",
    )


def environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a process that must see these settings and no other.

    What is at its default is set to nothing, which hides what a `.env` file says of it.
    """
    environ = {name: text for name, text in inherited.items() if not name.startswith(PREFIX)}
    plain = Settings()
    for item in fields(Settings):
        value = getattr(settings, item.name)
        changed = item.name != "peers" and value != getattr(plain, item.name)
        if item.name != "peers":
            environ[PREFIX + item.name.upper()] = str(value) if changed else ""
    return environ


class RunningGateway:
    """One `gateway serve`; what it logs goes to `passerelle.log` in the data directory."""

    def __init__(self, settings: Settings) -> None:
        """Nothing runs yet."""
        self.settings = settings
        self.log = settings.data_dir / "passerelle.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def start(self) -> None:
        """Start, and return once every door is ready; raises `Missing` with the last log lines."""
        self._output = self.log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve"],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=environment(self.settings, os.environ),
        )
        client = FhirClient(HOST, self.settings.http_port)

        def ready() -> bool | None:
            self.must_run()
            return True if client.ready_parts() >= _DOORS else None

        wait_for("La passerelle n'est pas prête", _START_SECONDS, ready)

    def has_stopped(self) -> bool:
        """Whether the gateway was told to stop and did, with status 0."""
        return self._process is not None and self._process.poll() == 0

    def must_run(self) -> None:
        """Raise `Missing` when the gateway has ended."""
        if self._process is not None and self._process.poll() is not None:
            status = self._process.returncode
            message = f"La passerelle s'est arrêtée (code {status}) :\n{self.last_words()}"
            raise Missing(message)

    def last_words(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_LAST_LINES:])

    def stop(self) -> None:
        """Let every door finish what it does, then end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._output is not None:
            self._output.close()
