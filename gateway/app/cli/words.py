"""What the operator typed and what went wrong with it, in words."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import datetime


def in_words(fault: OSError) -> str:
    """Say which file or address, and why, without the number of the system's error."""
    if fault.strerror is None:
        return str(fault)
    return f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror


def local_time(text: str) -> datetime:
    """Read a time of an option as one of this machine; raises `ArgumentTypeError`."""
    # The times of this machine, as in every list that is printed.
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        message = f"{text!r} is no time: write 2026-03-12, or 2026-03-12T08:30"
        raise ArgumentTypeError(message) from None
