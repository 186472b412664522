"""The machine and the versions that the numbers belong to."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGES = ("uvicorn", "uvloop", "httptools", "starlette", "orjson", "psycopg", "pydicom")
_FLUSHES = 200
_PAGE = b"\0" * 4096


def describe(place: Path, postgres: Path | None) -> dict[str, str]:
    """Return the header of the results, a line an item; `place` is where the data lies."""
    median, late = disk_flush(place)
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": f"{_memory_total() / 1024**3:.1f} GiB",
        "Disk": f"fdatasync of 4 KiB: median {median:.2f} ms, 95th percentile {late:.2f} ms",
        "System": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Load before": f"{os.getloadavg()[0]:.2f} (1 minute)",
        "Versions": ", ".join(versions(postgres)),
    }


def versions(postgres: Path | None) -> list[str]:
    """Return names and versions of what takes part."""
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    found += [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES]
    found += _first_match("DCMTK", ["storescp", "--version"], r"storescp v(\S+)")
    if postgres is not None:
        found += _first_match("PostgreSQL", [str(postgres / "postgres"), "-V"], r"(\d+\.\d+)")
    found += _first_match("wrk", ["wrk", "-v"], r"wrk (\S+)")
    return found


def _first_match(name: str, command: Sequence[str], pattern: str) -> list[str]:
    if shutil.which(command[0]) is None:
        return []
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(pattern, said.stdout + said.stderr)
    return [f"{name} {found[1]}"] if found else []


def disk_flush(place: Path) -> tuple[float, float]:
    """Return how long an fdatasync takes in `place`: median and 95th percentile, milliseconds."""
    taken = []
    with tempfile.TemporaryFile(dir=place) as file:
        for _ in range(_FLUSHES):
            file.write(_PAGE)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")


def _memory_total() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
