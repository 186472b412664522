"""The environments of other people's FHIR clients, and how a test runs a story in one of them.

A story is a script that is given the base of a FHIR server, talks to it with one client as that
client's users would, and says what it saw as one JSON value on standard output.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from scripts.peers import CLIENTS, INSTALL_CLIENTS, NODE_MODULES

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess

HERE: Final = Path(__file__).parent
SECONDS: Final = 100.0


def program(name: str) -> Path:
    """Return a program of the Python clients' environment; its test is skipped where it is not."""
    found = CLIENTS / name
    if not found.exists():
        pytest.skip(f"{name} is {INSTALL_CLIENTS}")
    return found


def base(gateway: GatewayProcess) -> str:
    return f"http://127.0.0.1:{gateway.http}/fhir"


def run(*command: str | Path, place: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a client's program without the settings of the gateway and of this suite's Python."""
    dropped = ("GATEWAY_", "PYTHON", "PYTEST", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=place or HERE,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"},
    )


def python_story(name: str, gateway: GatewayProcess) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return what `python/<name>.py` saw."""
    return _told(program("python"), HERE / "python" / f"{name}.py", base(gateway))


def node_story(name: str, gateway: GatewayProcess) -> Any:  # noqa: ANN401 - as above
    """Return what `node/<name>.mjs` saw."""
    node = shutil.which("node")
    if node is None or not NODE_MODULES.is_dir():
        pytest.skip(f"the npm clients are {INSTALL_CLIENTS}")
    return _told(node, HERE / "node" / f"{name}.mjs", base(gateway))


def _told(*command: str | Path) -> Any:  # noqa: ANN401 - as above
    done = run(*command)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    return json.loads(done.stdout)
