"""A mailbox that counts: a real SMTP server for the tests."""

from __future__ import annotations

import threading
from collections import Counter
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from tests.conftest import free_port

if TYPE_CHECKING:
    from email.message import EmailMessage
    from typing import Self

    from aiosmtpd.smtp import Envelope


class Mailbox:
    """Keeps what it is handed; `received` counts by Message-ID."""

    def __init__(self) -> None:
        self.port = free_port()
        self.received: Counter[str] = Counter()
        self.mails: list[EmailMessage] = []
        self.lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(_bytes(envelope.content), policy=default)
        with self.lock:
            self.received[mail["Message-ID"]] += 1
            self.mails.append(mail)
        return "250 kept"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def _bytes(content: bytes | str | None) -> bytes:
    assert isinstance(content, bytes)
    return content
