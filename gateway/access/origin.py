"""On whose behalf the current thread writes: the system that sent what is being processed.

What a system has said is not said back to it. The doors say who speaks; whatever is decided while
the write lasts may ask.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENDER: Final[ContextVar[str]] = ContextVar("sender", default="")


@contextmanager
def on_behalf_of(sender: str) -> Iterator[None]:
    """Say who speaks (`MSH-3|MSH-4`) for as long as this lasts."""
    token = _SENDER.set(sender)
    try:
        yield
    finally:
        _SENDER.reset(token)


def sender() -> str:
    """Return who speaks; empty when no sending system is known."""
    return _SENDER.get()
