"""Objects per second over C-STORE with DCMTK `storescu`, beside DCMTK `storescp`."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.images import SLICE, SMALL, write_images
from bench.installation import Installation
from bench.process import Running, free_port
from bench.result import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.plan import Plan

_MAX_PDU = "131072"  # the largest that DCMTK takes
# DCMTK turns Nagle's algorithm off when this is 1, and leaves it on otherwise. The floor has it
# off: with it on, storescp answers 22 objects a second whatever the sender does.
_NODELAY = "TCP_NODELAY"


@dataclass(frozen=True, slots=True)
class _Batch:
    name: str
    side: int
    count: int
    # Of the sender.
    nodelay: bool


_BATCHES = (
    _Batch("11 KB, sender without Nagle", SMALL, 500, nodelay=True),
    _Batch("0.5 MB CT, sender without Nagle", SLICE, 100, nodelay=True),
    # 40 ms an object where the receiver does nothing about it: few are enough.
    _Batch("11 KB, sender with Nagle", SMALL, 40, nodelay=False),
    _Batch("0.5 MB CT, sender with Nagle", SLICE, 40, nodelay=False),
)


def why_not() -> str:
    """Say what is missing, or nothing."""
    missing = [name for name in ("storescu", "storescp") if shutil.which(name) is None]
    return f"DCMTK ({', '.join(missing)}) is not installed here." if missing else ""


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row for each kind of object and sender, over one association."""
    place = plan.place / "dimse"
    held = place / "floor"
    held.mkdir(parents=True)
    floor = free_port()
    storescp = ["storescp", "--max-pdu", _MAX_PDU, "-od", str(held), str(floor)]
    with (
        Installation(place / "gateway") as gateway,
        Running(storescp, place / "floor.log", {_NODELAY: "1"}) as running,
    ):
        running.wait_for(floor)
        rounds = itertools.count()
        for batch in _BATCHES:
            row = Row("dimse", f"C-STORE, {batch.name}", "objects/s")
            own, bare = (
                _timed(port, place, batch, plan.shorter, rounds) for port in (gateway.dicom, floor)
            )
            plan.alternate(row, own, bare)
            _empty(held)
            yield row


def _timed(
    port: int, place: Path, batch: _Batch, shorter: int, rounds: Iterator[int]
) -> Callable[[], float]:
    def send() -> float:
        # New UIDs each time: an object that is held already would cost less.
        images = place / "images"
        count = max(10, batch.count // shorter)
        write_images(images, count, batch.side, study=next(rounds))
        try:
            return count / _send(port, images, nodelay=batch.nodelay)
        finally:
            shutil.rmtree(images)

    return send


def _send(port: int, images: Path, *, nodelay: bool) -> float:
    """Send a directory over one association and return the seconds it took."""
    environ = {name: value for name, value in os.environ.items() if name != _NODELAY}
    if nodelay:
        environ[_NODELAY] = "1"
    command = ["storescu", "--scan-directories", "--max-pdu", _MAX_PDU, "-aec", "GATEWAY"]
    began = time.perf_counter()
    said = subprocess.run(
        [*command, "127.0.0.1", str(port), str(images)],
        check=False,
        capture_output=True,
        text=True,
        env=environ,
    )
    taken = time.perf_counter() - began
    if said.returncode or "E:" in said.stderr:
        raise RuntimeError(said.stderr[-2000:])
    return taken


def _empty(place: Path) -> None:
    for file in place.iterdir():
        file.unlink()


def load(port: int, place: Path, shorter: int) -> None:
    """Send one study of each size, for what it does to memory."""
    for study, (side, count) in enumerate(((SMALL, 200), (SLICE, 60)), 900):
        images = place / f"images-{study}"
        write_images(images, count // shorter, side, study=study)
        _send(port, images, nodelay=True)
        shutil.rmtree(images)
