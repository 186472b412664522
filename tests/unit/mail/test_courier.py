from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from gateway.delivery.failures import CourierFailure, Refused, Unknown, Unreachable
from gateway.delivery.letter import Letter
from gateway.mail.courier import Server, SmtpCourier, open_courier
from gateway.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LETTER = Letter(
    message_id="<d1@imagerie.example>",
    to="h.lecoeur@medecin.mssante.fr",
    subject="Compte rendu d'imagerie disponible \u2013 réf. 1a2b3c4d",
    text="CONCLUSION\nŒdème.\n.\nfin\n",
    created=datetime(2026, 3, 12, 12, 5, tzinfo=UTC),
    language="fr-FR",
)
SENDER = "Imagerie <cr@imagerie.example>"


class Mailbox:
    """What a real SMTP server does with what it gets, as the test tells it."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.sessions: set[int] = set()
        self.answers: dict[str, str] = {}
        self.hang_up_at: str = ""

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._answer(server, "MAIL")

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._answer(server, "RCPT")

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 - the name that aiosmtpd calls
        self.received.append(envelope)
        return self._answer(server, "DATA")

    def _answer(self, server: SMTP, command: str) -> str:
        if self.hang_up_at == command:
            transport: Any = server.transport
            transport.abort()
        return self.answers.get(command, "250 2.0.0 OK")


class AnyPort(Controller):
    """A controller that takes the port which the system gives it."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection(("127.0.0.1", self.port)).close()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def listen(mailbox: Mailbox) -> Iterator[Callable[..., int]]:
    """Start the server; returns its port."""
    running: list[Controller] = []

    def start(**options: object) -> int:
        given: Any = options
        controller = AnyPort(mailbox, "127.0.0.1", 0, **given)
        controller.start()
        running.append(controller)
        return controller.port

    yield start
    for controller in running:
        controller.stop()


def courier(url: str, tls: ssl.SSLContext | None = None) -> SmtpCourier:
    return SmtpCourier(Server.of(url), SENDER, timeout=5, tls=tls)


def failure(url: str) -> CourierFailure:
    with closing(courier(url)) as carrier, pytest.raises(CourierFailure) as caught:
        carrier.send(LETTER)
    return caught.value


def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox, listen: Callable[..., int]) -> None:
    with closing(courier(f"smtp://127.0.0.1:{listen()}")) as carrier:
        carrier.send(LETTER)
    envelope = mailbox.received[0]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=SMTP_POLICY)
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "cr@imagerie.example",
        ["h.lecoeur@medecin.mssante.fr"],
    )
    assert message["Message-ID"] == "<d1@imagerie.example>"
    assert message.get_content().replace("\r\n", "\n") == LETTER.text


def test_letters_share_one_connection(mailbox: Mailbox, listen: Callable[..., int]) -> None:
    with closing(courier(f"smtp://127.0.0.1:{listen()}")) as carrier:
        for _ in range(3):
            carrier.send(LETTER)
    assert (len(mailbox.received), len(mailbox.sessions)) == (3, 1)


def test_a_connection_that_the_server_closed_meanwhile_costs_nothing(
    mailbox: Mailbox, listen: Callable[..., int]
) -> None:
    with closing(courier(f"smtp://127.0.0.1:{listen()}")) as carrier:
        carrier.send(LETTER)
        idle = carrier._idle[0]
        assert idle.sock is not None
        idle.sock.shutdown(socket.SHUT_RDWR)
        carrier.send(LETTER)
    assert len(mailbox.received) == 2


SENDER_SAID, RECIPIENT_SAID, MESSAGE_SAID = (
    f"The mail server refused the {what}: " for what in ("sender", "recipient", "message")
)


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("MAIL", "451 4.7.1 x", Unreachable(f"{SENDER_SAID}451 4.7.1.")),
        ("MAIL", "550 5.7.1 x", Refused(f"{SENDER_SAID}550 5.7.1.")),
        ("MAIL", "530 5.7.0 x", Unreachable(f"{SENDER_SAID}530 5.7.0.")),
        ("RCPT", "451 4.7.1 grey", Unreachable(f"{RECIPIENT_SAID}451 4.7.1.")),
        ("RCPT", "450 busy", Unreachable(f"{RECIPIENT_SAID}450.")),
        ("RCPT", "550 5.1.1 x", Refused(f"{RECIPIENT_SAID}550 5.1.1.")),
        ("DATA", "452 4.3.1 full", Unreachable(f"{MESSAGE_SAID}452 4.3.1.")),
        ("DATA", "554 5.6.0 x", Refused(f"{MESSAGE_SAID}554 5.6.0.")),
        ("DATA", "552 5.3.4 PAT", Refused(f"{MESSAGE_SAID}552 5.3.4.")),
    ],
)
def test_each_answer_of_the_server_has_its_class(
    mailbox: Mailbox,
    listen: Callable[..., int],
    command: str,
    answer: str,
    expected: CourierFailure,
) -> None:
    mailbox.answers[command] = answer
    fault = failure(f"smtp://127.0.0.1:{listen()}")
    assert (type(fault), fault.text) == (type(expected), expected.text)


def test_a_connection_lost_after_the_message_leaves_it_unknown(
    mailbox: Mailbox, listen: Callable[..., int]
) -> None:
    mailbox.hang_up_at = "DATA"
    fault = failure(f"smtp://127.0.0.1:{listen()}")
    assert isinstance(fault, Unknown)
    assert fault.text == (
        "The mail server gave no answer after the message: it may have arrived "
        "(SMTPServerDisconnected)."
    )


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_message_is_unreachable(
    mailbox: Mailbox, listen: Callable[..., int], command: str
) -> None:
    mailbox.hang_up_at = command
    assert isinstance(failure(f"smtp://127.0.0.1:{listen()}"), Unreachable)


def test_nobody_listening_is_unreachable_for_everyone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    fault = failure(f"smtp://127.0.0.1:{port}")
    assert isinstance(fault, Unreachable)
    assert fault.everyone
    assert fault.text == (
        f"The mail server 127.0.0.1:{port} cannot be reached: ConnectionRefusedError."
    )


@pytest.mark.parametrize("greeting", [b"554 no\r\n", b"421 4.3.2 later\r\n", b""])
def test_a_server_that_does_not_welcome_us_is_unreachable(greeting: bytes) -> None:
    async def closed_door(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def meet() -> CourierFailure:
        server = await asyncio.start_server(closed_door, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await asyncio.to_thread(failure, f"smtp://127.0.0.1:{port}")

    fault = asyncio.run(meet())
    assert isinstance(fault, Unreachable)
    assert fault.everyone


# Authentication and encryption


def known(_: SMTP, __: Session, ___: Envelope, mechanism: str, data: object) -> AuthResult:
    good = data == LoginPassword(b"cr@imagerie", b"p:ss@/")
    return AuthResult(success=good and mechanism in {"LOGIN", "PLAIN"}, handled=False)


NO_TLS = "ignore:Requiring AUTH while not requiring TLS:UserWarning"


@pytest.mark.filterwarnings(NO_TLS)
def test_user_and_password_are_read_from_the_url(
    mailbox: Mailbox, listen: Callable[..., int]
) -> None:
    port = listen(authenticator=known, auth_require_tls=False, auth_required=True)
    with closing(courier(f"smtp://cr%40imagerie:p%3Ass%40%2F@127.0.0.1:{port}")) as carrier:
        carrier.send(LETTER)
    assert len(mailbox.received) == 1


@pytest.mark.filterwarnings(NO_TLS)
def test_a_wrong_password_waits_for_the_operator(listen: Callable[..., int]) -> None:
    port = listen(authenticator=known, auth_require_tls=False, auth_required=True)
    fault = failure(f"smtp://cr:wrong@127.0.0.1:{port}")
    assert isinstance(fault, Unreachable)
    assert fault.text == (
        "The mail server does not accept the user and password of GATEWAY_SMTP_URL: 535 5.7.8."
    )


def test_a_server_without_authentication_is_named_as_such(listen: Callable[..., int]) -> None:
    fault = failure(f"smtp://cr:secret@127.0.0.1:{listen()}")
    assert isinstance(fault, Unreachable)
    assert fault.text.startswith("The mail server offers no authentication")


def test_nothing_is_sent_in_clear_when_starttls_was_asked(
    mailbox: Mailbox, listen: Callable[..., int]
) -> None:
    fault = failure(f"smtp+starttls://127.0.0.1:{listen()}")
    assert isinstance(fault, Unreachable)
    assert "offers no STARTTLS: nothing is sent in clear" in fault.text
    assert mailbox.received == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a self-signed certificate for 127.0.0.1, with its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    with path.open("ab") as file:
        file.write(path.with_suffix(".crt").read_bytes())
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.mark.parametrize("security", ["smtps", "smtp+starttls"])
def test_a_letter_goes_over_an_encrypted_connection(
    mailbox: Mailbox, listen: Callable[..., int], certificate: Path, security: str
) -> None:
    context = server_tls(certificate)
    option = "ssl_context" if security == "smtps" else "tls_context"
    url = f"{security}://127.0.0.1:{listen_tls(listen, option, context)}"
    with closing(courier(url, tls=trusting(certificate))) as carrier:
        carrier.send(LETTER)
    assert len(mailbox.received) == 1


@pytest.mark.parametrize("security", ["smtps", "smtp+starttls"])
def test_a_certificate_that_is_not_trusted_gets_nothing(
    mailbox: Mailbox, listen: Callable[..., int], certificate: Path, security: str
) -> None:
    context = server_tls(certificate)
    option = "ssl_context" if security == "smtps" else "tls_context"
    port = listen_tls(listen, option, context)
    fault = failure(f"{security}://127.0.0.1:{port}")
    assert isinstance(fault, Unreachable)
    assert fault.text.startswith(f"The certificate of the mail server 127.0.0.1:{port} is not ")
    assert mailbox.received == []


def listen_tls(listen: Callable[..., int], option: str, context: ssl.SSLContext) -> int:
    extra = {"require_starttls": True} if option == "tls_context" else {}
    return listen(**{option: context}, **extra)


# Settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", Server("smtp", "mail.example", 25)),
        ("smtps://mail.example", Server("smtps", "mail.example", 465)),
        ("smtp+starttls://mail.example", Server("smtp+starttls", "mail.example", 587)),
        (
            "smtp://u%40x:p%2Fq@mail.example:2525",
            Server("smtp", "mail.example", 2525, "u@x", "p/q"),
        ),
    ],
)
def test_the_url_says_where_and_how(url: str, expected: Server) -> None:
    assert Server.of(url) == expected


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://x:port", "smtp://x:0"])
def test_another_url_is_refused_by_its_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_SMTP_URL"):
        Server.of(url)


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(Server.of("smtp://u:secret@mail.example"))


def test_without_a_server_there_is_no_courier() -> None:
    assert open_courier(Settings()) is None


def test_a_server_needs_a_sender() -> None:
    with pytest.raises(SettingsError, match="GATEWAY_MAIL_FROM"):
        open_courier(Settings(smtp_url="smtp://127.0.0.1:25"))
    assert open_courier(Settings(smtp_url="smtp://127.0.0.1:25", mail_from=SENDER)) is not None
