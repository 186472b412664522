"""Requests over persistent HTTP connections: with wrk, else with asyncio streams."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCRIPT = Path(__file__).parent / "http_load.lua"
_JSON = "application/fhir+json"
# In a body: the place of a number that is another one in each request, of a number below 200 that
# comes in turn, and of the path's id.
PLACE = "@NUMBER@"
TURN = "@TURN@"
ID = "@ID@"
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for: `method` on each line of `paths` in turn, with `body` if there is one."""

    method: str
    paths: Path
    body: Path | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it: answers and how many a second, median and 99th percentile in ms."""

    count: int
    rate: float
    median: float
    late: float


def write_work(place: Path, method: str, paths: Iterable[str], body: bytes = b"") -> Work:
    """Write what `Work` reads, in files whose names begin with `place`."""
    listed = place.with_suffix(".paths")
    listed.write_text("\n".join(paths), "utf-8")
    if not body:
        return Work(method, listed)
    sent = place.with_suffix(".body")
    sent.write_bytes(body)
    return Work(method, listed, sent)


def rate(port: int, work: Work, *, connections: int, seconds: int) -> float:
    """Return answers of 2xx a second; raises `RuntimeError` for any other answer."""
    return drive(port, work, connections=connections, seconds=seconds).rate


def drive(port: int, work: Work, *, connections: int, seconds: int) -> Answered:
    """Ask for `seconds` s over `connections`; raises `RuntimeError` for any answer but 2xx."""
    if shutil.which("wrk"):
        return _with_wrk(port, work, connections, seconds)
    return asyncio.run(_Clients(port, work, seconds).run(connections))


def _with_wrk(port: int, work: Work, connections: int, seconds: int) -> Answered:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "60s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", work.method, str(work.paths)]
    command += [str(work.body)] if work.body else []
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
    found = re.search(r"(\d+) requests in", said), re.search(r"Requests/sec:\s+([\d.]+)", said)
    if refused or not found[0] or not found[1]:
        raise RuntimeError(said)
    return Answered(int(found[0][1]), float(found[1][1]), _at(said, 50), _at(said, 99))


def _at(said: str, share: int) -> float:
    found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


class _Clients:
    def __init__(self, port: int, work: Work, seconds: int) -> None:
        self._port = port
        self._method = work.method
        self._paths = itertools.cycle(work.paths.read_text("utf-8").splitlines())
        self._numbers = itertools.count(time.time_ns())
        self._body = work.body.read_text("utf-8") if work.body else None
        self._seconds = seconds

    async def run(self, connections: int) -> Answered:
        began = time.perf_counter()
        end = began + self._seconds
        taken = await asyncio.gather(*(self._client(end) for _ in range(connections)))
        waits = [wait for waited in taken for wait in waited]
        late = statistics.quantiles(waits, n=100, method="inclusive")[98]
        spent = time.perf_counter() - began
        return Answered(len(waits), len(waits) / spent, statistics.median(waits), late)

    async def _client(self, end: float) -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)
        waited = []
        while (began := time.perf_counter()) < end:
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head[9:12].startswith(b"2"):
                raise RuntimeError(head.decode("latin-1"))
            await _finish(reader, head)
            waited.append((time.perf_counter() - began) * 1000)
        writer.close()
        return waited

    def _request(self) -> bytes:
        path = next(self._paths)
        head = f"{self._method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {_JSON}\r\n"
        if self._body is None:
            return f"{head}\r\n".encode()
        number = next(self._numbers)
        body = self._body.replace(PLACE, str(number)).replace(TURN, str(number % 200))
        sent = body.replace(ID, path.rpartition("/")[2]).encode()
        return f"{head}Content-Type: {_JSON}\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent


async def _finish(reader: asyncio.StreamReader, head: bytes) -> None:
    """Read the body, whose length is given or which comes in chunks."""
    if size := re.search(rb"(?i)content-length: *(\d+)", head):
        await reader.readexactly(int(size[1]))
        return
    while chunk := int(await reader.readline(), 16):
        await reader.readexactly(chunk + 2)
    await reader.readline()
