"""A PostgreSQL server of our own, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.process import answers, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 20.0


def binaries() -> Path | None:
    """Return where PostgreSQL's programs are, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Server:
    """A running server; every database in it is new."""

    def __init__(self, port: int, pid: int, prefix: list[str], programs: Path) -> None:
        """Describe the server on `port`, whose first process is `pid`."""
        self._port = port
        self.pid = pid
        self._prefix = prefix
        self._programs = programs

    def database(self, name: str) -> str:
        """Create a database and return its URL."""
        command = ["-h", "127.0.0.1", "-p", str(self._port), "-U", "postgres", name]
        createdb = [*self._prefix, str(self._programs / "createdb"), *command]
        subprocess.run(createdb, check=True, capture_output=True, cwd="/")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"


@contextmanager
def serving(programs: Path, place: Path) -> Iterator[Server]:
    """Run a server with its data in `place`, with the settings that it comes with."""
    place.mkdir()
    # PostgreSQL refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(place, "postgres")
        # Its user must reach its own directory.
        place.parent.chmod(0o755)
    data, port = place / "data", free_port()
    create = [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
    subprocess.run(create, check=True, capture_output=True, cwd="/")
    server = subprocess.Popen(
        [*prefix, str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(place)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        _wait_for(port)
        yield Server(port, _first_process(data), prefix, programs)
    finally:
        _stop(server, data)


def _stop(server: subprocess.Popen[bytes], data: Path) -> None:
    # runuser passes no signal on: the server's own file says which process it is.
    try:
        os.kill(_first_process(data), 2)
    except (OSError, ValueError):
        server.terminate()
    server.wait(30)


def _first_process(data: Path) -> int:
    return int((data / "postmaster.pid").read_text("ascii").split()[0])


def _wait_for(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while not answers(port):
        if time.monotonic() > end:
            message = "PostgreSQL did not start"
            raise RuntimeError(message)
        time.sleep(0.02)
