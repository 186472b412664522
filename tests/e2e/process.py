"""The real gateway as a process of its own, on ports of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.conftest import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class GatewayProcess:
    """`gateway serve` with its data in `data`; killed or stopped as a whole."""

    data: Path
    more: dict[str, str] = field(default_factory=dict)
    http: int = field(default_factory=free_port)
    mllp: int = field(default_factory=free_port)
    dicom: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")
        }
        own = {
            "GATEWAY_DATA_DIR": str(self.data),
            "GATEWAY_HTTP_PORT": str(self.http),
            "GATEWAY_MLLP_PORT": str(self.mllp),
            "GATEWAY_DICOM_PORT": str(self.dicom),
            "GATEWAY_DICOM_QUIET_SECONDS": "1",
            "GATEWAY_LOG": "json",
            "PYTHONPATH": str(ROOT),
        }
        return kept | own | self.more

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def start(self, *, wait: float = 90) -> GatewayProcess:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve"],
                env=self.environ,
                cwd=self.data.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + wait
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                message = f"the gateway is not ready: {self.log.read_text('utf-8')[-3000:]}"
                raise AssertionError(message)
            time.sleep(0.05)
        return self

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/health/ready", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """Kill every process of the gateway at once, as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def stop(self) -> int:
        """Ask to stop and return the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            env=self.environ,
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON is what it is
        url = f"http://127.0.0.1:{self.http}{path}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.loads(answer.read())

    def send(self, method: str, path: str, resource: dict[str, Any]) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}",
            json.dumps(resource).encode(),
            {"Content-Type": "application/fhir+json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read() or b"null")


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
