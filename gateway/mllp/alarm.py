"""The word that the door drains, heard by every connection at once."""

from __future__ import annotations

import socket
import threading


class Alarm:
    """Rings once. `is_set` is cheap to ask; `wake` becomes readable, for who waits on a socket."""

    def __init__(self) -> None:
        """Start silent."""
        self._event = threading.Event()
        # Closing one end makes the other readable, for any number of waiting threads.
        self._bell, self.wake = socket.socketpair()

    def is_set(self) -> bool:
        """Whether it has rung."""
        return self._event.is_set()

    def ring(self) -> None:
        """Let everybody know."""
        self._event.set()
        self._bell.close()

    def close(self) -> None:
        """Ring, and let go of the sockets: nobody waits any more."""
        self.ring()
        self.wake.close()
