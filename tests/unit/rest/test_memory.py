"""What large bodies took goes back to the system."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

_HELD = """
import sys
from pathlib import Path
from gateway.rest.memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

blocks = [bytes(100_000) for _ in range(1000)]
last = bytes(100_000)
del blocks
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists() or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="glibc on Linux alone gives back when it is asked",
)
def test_freed_memory_is_given_back() -> None:
    # Blocks of any size come from the heap then, as those of a large body do in a busy process.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(1 << 30)}
    told = subprocess.run(
        [sys.executable, "-c", _HELD], env=environment, capture_output=True, check=True, text=True
    )
    pages = int(told.stdout)
    assert pages * os.sysconf("SC_PAGE_SIZE") > 50_000_000
