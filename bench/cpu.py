"""CPU seconds that programs have used: what a figure per core is made of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds(roots: Iterable[int]) -> float:
    """Return the CPU seconds of the processes `roots` and of all under them, ended ones included.

    Fields 14 to 17 of /proc/PID/stat: user and system time of the process and of the children that
    it has waited for.
    """
    return sum(_used(pid) for root in roots for pid in family(root))


def family(root: int) -> Iterator[int]:
    """Yield a process and everything under it."""
    yield root
    try:
        listed = Path(f"/proc/{root}/task/{root}/children").read_text("ascii")
    except OSError:
        return
    for child in listed.split():
        yield from family(int(child))


def peak(pid: int) -> float:
    """Return the most resident memory that a process has had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def resident(roots: Iterable[int]) -> float:
    """Return the proportional memory of processes and all under them, in MB."""
    return sum(_share(pid) for root in roots for pid in family(root))


def _used(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return 0.0
    # The name in parentheses may hold blanks.
    return sum(map(int, text.rpartition(")")[2].split()[11:15])) / _TICKS


def _share(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")), 0.0)
