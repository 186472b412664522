"""Reads and creates over persistent HTTP connections: with wrk, else with asyncio streams."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPT = Path(__file__).parent / "http_load.lua"
_JSON = "application/fhir+json"
# In a body: the place of the number that makes each create another patient.
PLACE = "@NUMBER@"


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for: reads of `patients` resources, or creates of `body`."""

    kind: str
    patients: int
    body: Path


def rate(port: int, work: Work, *, connections: int, seconds: int) -> float:
    """Return answers of 200 or 201 a second; raises `RuntimeError` for any other answer."""
    if shutil.which("wrk"):
        return _with_wrk(port, work, connections, seconds)
    return asyncio.run(_Clients(port, work, seconds).run(connections))


def _with_wrk(port: int, work: Work, connections: int, seconds: int) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}"]
    command += ["--", work.kind, str(work.patients), str(work.body)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if refused or not found:
        raise RuntimeError(said)
    return float(found[1])


class _Clients:
    def __init__(self, port: int, work: Work, seconds: int) -> None:
        self._port = port
        self._request: Callable[[], bytes] = {"read": self._read, "create": self._create}[work.kind]
        self._patients = itertools.cycle(range(work.patients))
        self._numbers = itertools.count(time.time_ns())
        self._body = work.body.read_text("utf-8")
        self._seconds = seconds

    async def run(self, connections: int) -> float:
        began = time.perf_counter()
        end = began + self._seconds
        counts = await asyncio.gather(*(self._client(end) for _ in range(connections)))
        return sum(counts) / (time.perf_counter() - began)

    async def _client(self, end: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        answered = 0
        while time.perf_counter() < end:
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            size = re.search(rb"(?i)content-length: *(\d+)", head)
            await reader.readexactly(int(size[1]) if size else 0)
            if head[9:12] not in (b"200", b"201"):
                raise RuntimeError(head.decode("latin-1"))
            answered += 1
        writer.close()
        return answered

    def _read(self) -> bytes:
        number = next(self._patients)
        return (
            f"GET /fhir/Patient/bench-{number} HTTP/1.1\r\nHost: localhost\r\n"
            f"Accept: {_JSON}\r\n\r\n"
        ).encode()

    def _create(self) -> bytes:
        body = self._body.replace(PLACE, str(next(self._numbers))).encode()
        head = (
            f"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: {_JSON}\r\n"
            f"Accept: {_JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
