"""`hl7v2-fhir-bridge`: HL7 v2 over MLLP to FHIR transactions, from the clients' environment.

It has no store: it posts to a FHIR server, here to a gateway whose HTTP door alone runs.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench.installation import Installation
from bench.process import HOST, ROOT, Running, free_port
from bench.rivals import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PYTHON: Final = ROOT / ".venv-peers" / "bin" / "python"
_SETTINGS: Final = """\
[mapping]
default_timezone = "Europe/Paris"
mrn_authorities = ["RIS"]
"""


def why_not() -> str:
    """Say why it cannot be started, or nothing."""
    packages = (_PYTHON.parent.parent / "lib").glob("python*/site-packages/v2fhir/__init__.py")
    if any(packages):
        return ""
    return "hl7v2-fhir-bridge not started: make peers installs it."


@contextmanager
def serving(place: Path, database_url: str = "") -> Iterator[Served]:
    """Serve it, and behind it a store on the database: SQLite in `place` without a URL."""
    place.mkdir(parents=True)
    settings = place / "bridge.toml"
    settings.write_text(_SETTINGS, "utf-8")
    port = free_port()
    with Installation(place / "store", database_url, doors=("http",)) as store:
        command = [str(_PYTHON), "-m", "v2fhir", "serve", "--config", str(settings)]
        command += ["--host", HOST, "--port", str(port), "--fhir-url", store.fhir]
        with Running(command, place / "bridge.log") as running:
            running.wait_for(port, seconds=60)
            yield Served("hl7v2-fhir-bridge", port, (running.pid, store.pid))
