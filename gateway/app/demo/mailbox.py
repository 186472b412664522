"""The treating physician's mailbox: an SMTP server on loopback that keeps what it gets."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gateway.app.demo.missing import Missing

if TYPE_CHECKING:
    from email.message import EmailMessage

_ACCEPTED = "250 OK"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as received; `file` holds it, `papers` are the files of its enclosed PDFs."""

    recipients: tuple[str, ...]
    message: EmailMessage
    file: Path
    papers: tuple[Path, ...]

    def text_of(self, paper: Path) -> str:
        """Return the text in one of the PDFs."""
        from pypdf import PdfReader  # noqa: PLC0415 - the demo's alone

        pages = PdfReader(BytesIO(paper.read_bytes())).pages
        return "\n".join(page.extract_text() for page in pages)


class Mailbox:
    """Listens from `open` to `close`; mails are in `mails` and as `.eml` files in a directory."""

    def __init__(self, directory: Path, port: int) -> None:
        """Keep mails in `directory`; listen on `port` of this machine alone."""
        self.mails: list[Mail] = []
        self.port = port
        self._directory = directory
        self._server: Any = None

    def open(self) -> None:
        """Listen; raises `Missing` when aiosmtpd is not installed or the port is taken."""
        try:
            from aiosmtpd.controller import Controller  # noqa: PLC0415 - in the extra `demo`
        except ImportError:
            message = "aiosmtpd n'est pas installé : `make demo` l'installe (extra « demo »)."
            raise Missing(message) from None
        self._directory.mkdir(parents=True, exist_ok=True)
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        try:
            self._server.start()
        except (OSError, TimeoutError) as fault:
            message = f"La boîte aux lettres ne s'ouvre pas : {fault}."
            raise Missing(message) from fault

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            with suppress(AssertionError):  # never started
                self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        """Listen."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self.close()

    def received(self, address: str, before: int = 0) -> Mail | None:
        """Return the first mail for that address behind those `before` it."""
        found = [mail for mail in self.mails if address in mail.recipients]
        return found[before] if len(found) > before else None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - the untyped interface of aiosmtpd
        """Keep one mail, then accept it."""
        # Mails of an earlier demonstration in the same directory stay.
        number = len(list(self._directory.glob("*.eml"))) + 1
        file = self._directory / f"{number}.eml"
        file.write_bytes(envelope.content)
        message = message_from_bytes(envelope.content, policy=default)
        papers = []
        for enclosure in message.iter_attachments():
            # The name is the sender's: only its last part is one of ours.
            name = Path(enclosure.get_filename() or "document").name
            paper = self._directory / f"{number}-{name}"
            paper.write_bytes(bytes(enclosure.get_content()))
            if enclosure.get_content_type() == "application/pdf":
                papers.append(paper)
        self.mails.append(Mail(tuple(envelope.rcpt_tos), message, file, tuple(papers)))
        return _ACCEPTED
