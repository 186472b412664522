"""Objects per second over C-STORE with DCMTK `storescu`, beside DCMTK `storescp` and Orthanc."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import held
from bench.images import SLICE, SMALL, write_frames, write_images
from bench.installation import Installation
from bench.process import Running, free_port
from bench.result import BesideRow
from bench.rivals import orthanc

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    nodelay: bool = True
    associations: int = 1
    # What is aimed at: so many times Orthanc's number, or the number itself.
    times: float | None = None
    least: float | None = None


_BATCHES = (
    _Batch("0.5 MB CT, 1 association", SLICE, 500, times=2),
    _Batch("0.5 MB CT, 4 associations", SLICE, 500, associations=4, times=1),
    _Batch("11 KB, 1 association", SMALL, 2000, times=2),
    _Batch("11 KB, 4 associations", SMALL, 2000, associations=4, times=1),
    # 40 ms an object where the receiver does nothing about it: few are enough, and not so few that
    # the start of the sender counts.
    _Batch("11 KB, 1 association, sender with Nagle", SMALL, 240, nodelay=False, least=250),
    _Batch("0.5 MB CT, 1 association, sender with Nagle", SLICE, 40, nodelay=False),
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where objects are sent."""

    port: int
    called: str


def why_not() -> str:
    """Say what is missing, or nothing."""
    missing = [name for name in ("storescu", "storescp") if shutil.which(name) is None]
    return f"DCMTK ({', '.join(missing)}) is not installed here." if missing else ""


def measure(plan: Plan) -> Iterator[BesideRow]:
    """Yield a row for each kind of object and sender."""
    place = plan.place / "dimse"
    held = place / "floor"
    held.mkdir(parents=True)
    bare = Receiver(free_port(), "STORESCP")
    storescp = ["storescp", "--fork", "--max-pdu", _MAX_PDU, "-od", str(held), str(bare.port)]
    with (
        Installation(place / "gateway") as gateway,
        Running(storescp, place / "floor.log", {_NODELAY: "1"}) as running,
        nullcontext() if orthanc.why_not() else orthanc.serving(place / "orthanc") as other,
    ):
        running.wait_for(bare.port)
        own = Receiver(gateway.dicom, "GATEWAY")
        rounds = itertools.count()
        for batch in _BATCHES:
            row = BesideRow(f"C-STORE, {batch.name}", "objects/s", batch.times, batch.least)
            receivers = [(row.values, own), (row.floors, bare)]
            if other is not None:
                receivers.append((row.others, Receiver(other.dicom, orthanc.AE_TITLE)))
            for _ in range(plan.repetitions):
                for numbers, receiver in receivers:
                    numbers.append(_rate(receiver, place, batch, plan.shorter, next(rounds)))
                _empty(held)
            _say(row)
            yield row
        yield from _rows_with_much_held(plan, place, gateway, rounds)


def _rows_with_much_held(
    plan: Plan, place: Path, gateway: Installation, studies: itertools.count[int]
) -> Iterator[BesideRow]:
    """Yield the first rows again, of the gateway alone, with many objects held before."""
    count = held.COUNT // plan.shorter
    held.fill(f"sqlite:///{gateway.place / 'gateway.db'}", count)
    own = Receiver(gateway.dicom, "GATEWAY")
    for batch in (one for one in _BATCHES if one.associations == 1):
        name = f"C-STORE, {batch.name}, {count} held"
        row = BesideRow(name, "objects/s", None, batch.least)
        for _ in range(plan.repetitions):
            row.values.append(_rate(own, place, batch, plan.shorter, next(studies)))
        _say(row)
        yield row


def _say(row: BesideRow) -> None:
    print("  " + "  ".join(cell for cell in row.cells() if cell), flush=True)


def _rate(receiver: Receiver, place: Path, batch: _Batch, shorter: int, study: int) -> float:
    """Send a batch and return objects per second; new UIDs, as what is held already costs less."""
    count = max(10, batch.count // shorter) // batch.associations
    parts = [place / f"images-{number}" for number in range(batch.associations)]
    try:
        for number, part in enumerate(parts):
            write_images(part, count, batch.side, study=study * 10 + number)
        return count * len(parts) / send(receiver, *parts, nodelay=batch.nodelay)
    finally:
        for part in parts:
            shutil.rmtree(part, ignore_errors=True)


def send(receiver: Receiver, *parts: Path, nodelay: bool, more: tuple[str, ...] = ()) -> float:
    """Send directories, an association each at the same time, and return the seconds it took."""
    environ = {name: value for name, value in os.environ.items() if name != _NODELAY}
    if nodelay:
        environ[_NODELAY] = "1"
    command = ["storescu", "--scan-directories", "--max-pdu", _MAX_PDU, "-aec", receiver.called]
    command += [*more, "127.0.0.1", str(receiver.port)]
    began = time.perf_counter()
    senders = [
        subprocess.Popen(
            [*command, str(part)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        for part in parts
    ]
    said = [sender.communicate()[1] for sender in senders]
    taken = time.perf_counter() - began
    for sender, text in zip(senders, said, strict=True):
        if sender.returncode or "E:" in text:
            raise RuntimeError(text[-2000:])
    return taken


def _empty(place: Path) -> None:
    for file in place.iterdir():
        file.unlink()


def load(port: int, place: Path, shorter: int) -> None:
    """Send one study of each size, for what it does to memory."""
    for study, (side, count) in enumerate(((SMALL, 200), (SLICE, 60)), 900):
        images = place / f"images-{study}"
        write_images(images, count // shorter, side, study=study)
        send(Receiver(port, "GATEWAY"), images, nodelay=True)
        shutil.rmtree(images)


def send_large(port: int, place: Path, megabytes: int, associations: int) -> float:
    """Send one multi-frame object on each association at once; return the seconds it took."""
    folder = place / "frames"
    folder.mkdir()
    write_frames(folder / "frames.dcm", megabytes)
    receiver, parts = Receiver(port, "GATEWAY"), [folder] * associations
    # New UIDs for each sender.
    taken = send(receiver, *parts, nodelay=True, more=("--invent-instance",))
    shutil.rmtree(folder)
    return taken
