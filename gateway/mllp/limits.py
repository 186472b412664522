"""What one peer, and all of them together, may ask for."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Final

from gateway.hl7v2.framing import DEFAULT_LIMIT

_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    message_bytes: int = DEFAULT_LIMIT
    connections: int = 1024
    connections_per_address: int = 1024
    idle_seconds: float = 3600.0
    # After so long without a byte, what stands outside a block is taken for noise and answered.
    noise_seconds: float = 1.0
    # From the first byte of a block to its last.
    block_seconds: float = 600.0
    # A block may be slower than this for the first `slow_seconds`.
    bytes_per_second: int = 1024
    slow_seconds: float = 30.0
    # Blocks that are not whole yet, of all connections.
    memory_bytes: int = 512 * _MEGABYTE
    handshake_seconds: float = 10.0
    # How long a peer may take to accept an answer.
    answer_seconds: float = 30.0

    def block_deadline(self, begun: float, size: int) -> float:
        """Return when a block that began at `begun`, and has `size` bytes, is given up."""
        slow = begun + max(self.slow_seconds, size / self.bytes_per_second)
        return min(begun + self.block_seconds, slow)


class Memory:
    """Counts what all connections hold of blocks that are not whole."""

    # A block that is smaller than this never has to make room.
    small: Final = _MEGABYTE

    def __init__(self, limit: int) -> None:
        """Let them hold `limit` bytes together."""
        self._limit = limit
        self._held = 0
        self._lock = threading.Lock()

    def change(self, before: int, after: int) -> bool:
        """Note that a block has grown or gone; False when it must make room for the others."""
        with self._lock:
            self._held += after - before
            return self._held <= self._limit or after <= min(self.small, self._limit)


class Places:
    """Counts connections, in all and by address."""

    def __init__(self, limits: Limits) -> None:
        """Start with every place free."""
        self._limits = limits
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, address: str) -> str:
        """Take a place for `address`; say why when there is none."""
        with self._lock:
            if self._taken.total() >= self._limits.connections:
                return "too many connections"
            if self._taken[address] >= self._limits.connections_per_address:
                return "too many connections from this address"
            self._taken[address] += 1
        return ""

    def leave(self, address: str) -> None:
        """Give the place back."""
        with self._lock:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]
