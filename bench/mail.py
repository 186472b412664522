"""A mailbox that notes when each letter was handed over."""

from __future__ import annotations

import email
import email.policy
import time
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

from bench.process import free_port

if TYPE_CHECKING:
    from typing import Self


class Mailbox:
    """An SMTP server in a thread; `letters` are (monotonic time, content as received)."""

    def __init__(self) -> None:
        """Choose a port; nothing listens yet."""
        self.port = free_port()
        self.letters: list[tuple[float, bytes]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's names
        """Take one letter."""
        self.letters.append((time.monotonic(), bytes(envelope.content)))
        return "250 taken"

    def __enter__(self) -> Self:
        """Listen."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._controller.stop()


def text_of(letter: bytes) -> str:
    """Return the plain text of a letter."""
    message = email.message_from_bytes(letter, policy=email.policy.default)
    body = message.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""
