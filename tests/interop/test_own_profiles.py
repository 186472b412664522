"""The package that is shipped is what its sources say: SUSHI compiles them again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from scripts.compile_profiles import FR_CORE, SUSHI

_ROOT: Final = Path(__file__).parents[2]


@pytest.mark.skipif(not SUSHI.exists(), reason="SUSHI is not here (make peers)")
@pytest.mark.skipif(not FR_CORE.exists(), reason="FR Core 2.2.0 is not here (GATEWAY_SHARED)")
@pytest.mark.timeout(600)
def test_the_package_that_is_shipped_is_what_its_sources_say() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/compile_profiles.py", "--check"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
