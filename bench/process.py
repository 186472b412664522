"""Processes that a benchmark starts, and stops whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

HOST = "127.0.0.1"
ROOT = Path(__file__).parent.parent
START_SECONDS = 120.0
_STOP_SECONDS = 30.0


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def answers(port: int) -> bool:
    """Whether somebody listens on `port`."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def is_ready(port: int) -> bool:
    """Whether `/health/ready` on `port` answers 200."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Running:
    """One program with its own log; used as a context manager, stopped at its end."""

    def __init__(
        self, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start `command` at the root of the repository; standard error goes to `log`."""
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        self.pid = self._process.pid

    def wait_for(self, *ports: int, seconds: float = START_SECONDS) -> None:
        """Return once every port answers; raises `RuntimeError` with the log when none does."""
        end = time.monotonic() + seconds
        waiting = list(ports)
        while waiting:
            waiting = [port for port in waiting if not answers(port)]
            if waiting:
                self.check(end)
                time.sleep(0.005)

    def check(self, end: float) -> None:
        """Raise `RuntimeError` when the program has ended, or when `end` (monotonic) is past."""
        if self._process.poll() is not None or time.monotonic() > end:
            said = self.log.read_text("utf-8", "replace")[-2000:]
            message = f"{self._process.args!r} did not start:\n{said}"
            raise RuntimeError(message)

    def stop(self) -> None:
        """Ask it to end, and make it when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        """Return the running program."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()
