"""The data directory: there, writable, and with each door open once."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gateway.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.settings import Settings


def make_data_directory(settings: Settings) -> None:
    """Make the data directory with what running processes keep there; raises `Unavailable`."""
    try:
        settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        (settings.run_dir / "writable").touch()
    except OSError as fault:
        message = (
            f"The data directory {settings.data_dir} cannot be written: {fault.strerror}. "
            "Give it to the user who runs this, or set GATEWAY_DATA_DIR."
        )
        raise Unavailable(message) from fault


def hold_doors(settings: Settings, names: Iterable[str]) -> ExitStack:
    """Keep doors to this process until it ends, however it ends, or the stack is closed.

    Raises `Conflict` when another `gateway serve` has one of them open on this data directory.
    """
    held = ExitStack()
    for name in names:
        lock = held.enter_context((settings.run_dir / f"{name}.lock").open("w"))
        try:
            # Not inherited by the doors that are forked: they may outlive it for a moment.
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as fault:
            held.close()
            message = (
                f"The {name} door of {settings.data_dir} is open already: another gateway serves "
                "this data directory. Stop it, or set GATEWAY_DATA_DIR."
            )
            raise Conflict(message) from fault
    return held
