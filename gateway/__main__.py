"""`python -m gateway` and the `gateway` command."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line and return its exit status."""
    # What is loaded stays: to look through it for garbage takes a fifth of the time.
    gc.disable()
    from gateway.app.cli.main import main as run  # noqa: PLC0415 - keeps `import gateway` free

    return run()


if __name__ == "__main__":
    sys.exit(main())
