"""SEKMET's own FHIR server: Python on SQLite, from the environment of the interop clients."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench.process import ROOT, Running, free_port
from bench.rivals import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PROGRAM: Final = ROOT / ".venv-peers" / "bin" / "sekmet"


def why_not() -> str:
    """Say why it cannot be started, or nothing."""
    return "" if _PROGRAM.exists() else "SEKMET not started: make peers installs it."


@contextmanager
def serving(place: Path) -> Iterator[Served]:
    """Serve it on a database in `place`, without its simulator and its log of the traffic."""
    port = free_port()
    settings = place / "sekmet.yaml"
    settings.write_text(
        f"base_url: http://127.0.0.1:{port}/fhir\nhost: 127.0.0.1\nport: {port}\n"
        f"data_dir: {place / 'sekmet'}\nlog_inbound: false\nsimulator: {{enabled: false}}\n",
        "utf-8",
    )
    command = [str(_PROGRAM), "serve", "--config", str(settings)]
    with Running(command, place / "sekmet.log") as running:
        running.wait_for(port, seconds=60)
        yield Served("SEKMET", port, (running.pid,))
