"""HAPI FHIR JPA for R4, built from its published artefacts by `bench/hapi/pom.xml`."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench.process import ROOT, Running, free_port
from bench.rivals import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.postgres import Server

_PLACE: Final = ROOT / "bench" / "hapi"
_JAR: Final = _PLACE / "target" / "hapi-1.jar"
_BUILD_SECONDS: Final = 900
# It creates its schema first.
_START_SECONDS: Final = 600.0
# As much heap as the gateway and its floor have together for everything, and then some.
_HEAP: Final = "-Xmx4g"
# The JVM compiles what is asked often; before that it is several times slower.
_WARM: Final = 6


def version() -> str:
    """Return the version that is built."""
    found = re.search(r"<hapi\.version>([^<]+)<", (_PLACE / "pom.xml").read_text("utf-8"))
    return found[1] if found else "unknown"


def why_not() -> str:
    """Build it where it is not built yet; say why it cannot be started, or nothing."""
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if missing:
        return f"HAPI not started: {' and '.join(missing)} not installed (openjdk, maven)."
    if _is_built():
        return ""
    command = ["mvn", "-B", "-q", "package", "-DskipTests"]
    try:
        done = subprocess.run(
            command,
            cwd=_PLACE,
            check=False,
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"HAPI not started: its build took more than {_BUILD_SECONDS} s."
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if "ERROR" in line]
    return f"HAPI not started: its build failed: {lines[0] if lines else done.stderr[-300:]}"


def _is_built() -> bool:
    sources = [_PLACE / "pom.xml", *(_PLACE / "src").rglob("*.*")]
    built = _JAR.stat().st_mtime if _JAR.exists() else 0.0
    return all(source.stat().st_mtime <= built for source in sources)


@contextmanager
def serving(place: Path, postgres: Server, *, validating: bool) -> Iterator[Served]:
    """Serve it on a new database; `validating` judges each body by the definitions of R4."""
    kind = "validating" if validating else "plain"
    name = f"hapi_{kind}"
    url = postgres.database(name).replace("postgresql+psycopg://postgres@", "jdbc:postgresql://")
    port = free_port()
    classes = (_PLACE / "target" / "classpath").read_text("utf-8").strip()
    command = ["java", _HEAP, "-cp", f"{_JAR}:{classes}", "bench.HapiServer", str(port)]
    command += [f"{url}?user=postgres", *(["validate"] if validating else [])]
    with Running(command, place / f"{name}.log") as running:
        end = time.monotonic() + _START_SECONDS
        while not _answers(port):
            running.check(end)
            time.sleep(0.2)
        yield Served(f"HAPI {version()}", port, (running.pid, postgres.pid), warm=_WARM)


def _answers(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/fhir/metadata"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
