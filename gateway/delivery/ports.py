"""What delivery asks of the outside: somebody who carries letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.delivery.letter import Letter


class Courier(Protocol):
    """Carries letters over one channel; may be used from several threads at once."""

    def send(self, letter: Letter) -> None:
        """Hand over one letter; raises `Unreachable`, `Unknown` or `Refused`."""

    def close(self) -> None:
        """Let go of open connections."""
