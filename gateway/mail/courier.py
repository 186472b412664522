"""Carries letters to an SMTP server (RFC 5321) over connections that stay open."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import unquote, urlsplit

from gateway.access.decision import Request, decide
from gateway.delivery.failures import Refused, Unknown, Unreachable
from gateway.mail.message import mail_message
from gateway.settings import SettingsError

if TYPE_CHECKING:
    from gateway.delivery.letter import Letter
    from gateway.settings import Settings

_log: Final = logging.getLogger("gateway.mail")

PRODUCT: Final = "Passerelle"
# Seconds that the server may take for any one answer; RFC 5321 4.5.3.2 allows minutes, and a
# letter that waits blocks the next one for the same physician.
TIMEOUT: Final = 30.0
_PORTS: Final = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_LOST: Final = "The mail server gave no answer after the message: it may have arrived"
_OK: Final = 250
_TEMPORARY: Final = range(400, 500)
# RFC 4954 section 6: the server wants authentication, a stronger one, or encryption first.
_AUTHENTICATION: Final = frozenset({530, 534, 535, 538})
# RFC 3463: class.subject.detail at the start of a reply.
_ENHANCED: Final = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to hand over mail; `security` is `smtp`, `smtps` or `smtp+starttls`."""

    security: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def of(cls, url: str) -> Server:
        """Read `scheme://user:password@host:port`, user and password URL-encoded."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or port == 0:
            message = "GATEWAY_SMTP_URL must be smtp://, smtps:// or smtp+starttls:// host:port."
            raise SettingsError(message)
        return cls(
            parts.scheme,
            parts.hostname,
            port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def __repr__(self) -> str:
        """Leave the password out of logs and tracebacks."""
        return f"Server({self.security}://{self.host}:{self.port})"


def open_courier(settings: Settings) -> SmtpCourier | None:
    """Return the courier of this installation, or None: mail then waits in the outbox.

    Raises `SettingsError` when there is a server and no usable `GATEWAY_MAIL_FROM`.
    """
    if not settings.smtp_url:
        return None
    if "@" not in parseaddr(settings.mail_from)[1]:
        message = "GATEWAY_SMTP_URL needs GATEWAY_MAIL_FROM, the address that summaries come from."
        raise SettingsError(message)
    return SmtpCourier(Server.of(settings.smtp_url), settings.mail_from)


class SmtpCourier:
    """Hands letters to one server; one connection for each thread that sends at the same time."""

    def __init__(
        self,
        server: Server,
        sender: str,
        *,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Send as `sender`; nothing is connected before the first letter."""
        self._server = server
        self._sender = sender
        self._envelope_sender = parseaddr(sender)[1]
        self._timeout = timeout
        self._tls = tls
        self._idle: deque[smtplib.SMTP] = deque()

    def send(self, letter: Letter) -> None:
        """Hand over one letter; raises `Unreachable`, `Unknown` or `Refused`."""
        peer = f"{self._server.host}:{self._server.port}"
        decision = decide(Request("mail", "send", "DiagnosticReport", letter.to, peer))
        if not decision.permitted:
            raise Refused(decision.reason)
        content = mail_message(letter, sender=self._sender, product=PRODUCT).as_bytes()
        connection = self._connection()
        try:
            _transfer(connection, self._envelope_sender, letter.to, content)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def close(self) -> None:
        """Say goodbye on every open connection."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _connection(self) -> smtplib.SMTP:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break  # another thread was faster
            if _alive(connection):
                return connection
            connection.close()
        return self._connect()

    def _connect(self) -> smtplib.SMTP:
        place = f"{self._server.host}:{self._server.port}"
        try:
            connection = self._introduced(self._greeted())
        except ssl.SSLCertVerificationError as fault:
            message = f"The certificate of the mail server {place} is not trusted: "
            raise Unreachable(message + fault.verify_message, everyone=True) from fault
        except smtplib.SMTPNotSupportedError as fault:
            message = f"The mail server {place} offers no STARTTLS: nothing is sent in clear."
            raise Unreachable(message, everyone=True) from fault
        except smtplib.SMTPResponseException as fault:
            message = f"The mail server {place} does not accept connections now"
            raise Unreachable(_reply(message, fault), everyone=True) from fault
        except (OSError, smtplib.SMTPException) as fault:
            message = f"The mail server {place} cannot be reached: {type(fault).__name__}."
            raise Unreachable(message, everyone=True) from fault
        _log.info("mail.connected", extra={"peer": place})
        return connection

    def _greeted(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        # The name in EHLO: the domain we send from, rather than a slow look-up of this machine's.
        name = self._envelope_sender.rpartition("@")[2] or None
        if self._server.security == "smtps":
            return smtplib.SMTP_SSL(
                host, port, name, timeout=self._timeout, context=self._tls_context()
            )
        return smtplib.SMTP(host, port, name, timeout=self._timeout)

    def _introduced(self, connection: smtplib.SMTP) -> smtplib.SMTP:
        try:
            if self._server.security == "smtp+starttls":
                connection.starttls(context=self._tls_context())
            connection.ehlo_or_helo_if_needed()
            if self._server.user:
                self._authenticate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _authenticate(self, connection: smtplib.SMTP) -> None:
        try:
            connection.login(self._server.user, self._server.password)
        except smtplib.SMTPAuthenticationError as fault:
            message = "The mail server does not accept the user and password of GATEWAY_SMTP_URL"
            raise Unreachable(_reply(message, fault), everyone=True) from fault
        except smtplib.SMTPNotSupportedError as fault:
            message = "The mail server offers no authentication; take the user out of "
            raise Unreachable(
                message + "GATEWAY_SMTP_URL or use smtp+starttls://.", everyone=True
            ) from fault

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls


def _alive(connection: smtplib.SMTP) -> bool:
    """Return whether the server still listens (NOOP), so that a stale one loses no letter."""
    try:
        return connection.noop()[0] == _OK
    except (OSError, smtplib.SMTPException):
        return False


def _transfer(connection: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> None:
    """Run one mail transaction (RFC 5321 section 3.3)."""
    try:
        size = [f"SIZE={len(content)}"] if connection.has_extn("size") else []
        code, reply = connection.mail(sender, size)
        if code != _OK:
            _refuse("The mail server refused the sender", code, reply)
        code, reply = connection.rcpt(recipient)
        if code not in (250, 251):  # accepted; accepted and forwarded
            _refuse("The mail server refused the recipient", code, reply)
    except (OSError, smtplib.SMTPException) as fault:
        message = f"The mail server hung up before the message: {type(fault).__name__}."
        raise Unreachable(message) from fault
    _hand_over(connection, content)


def _hand_over(connection: smtplib.SMTP, content: bytes) -> None:
    try:
        code, reply = connection.data(content)
    except smtplib.SMTPDataError as fault:
        # The answer to DATA itself: nothing of the message has gone out.
        _refuse("The mail server refused the message", fault.smtp_code, fault.smtp_error)
    except (OSError, smtplib.SMTPException) as fault:
        raise Unknown(_LOST + f" ({type(fault).__name__}).") from fault
    if code == _OK:
        return
    if code < _TEMPORARY.start:
        raise Unknown(_LOST + ".")
    _refuse("The mail server refused the message", code, reply)


def _refuse(what: str, code: int, reply: bytes | str) -> NoReturn:
    """Raise what a negative reply means: 4xx and missing authentication may pass, 5xx not."""
    text = _told(what, code, reply)
    if code in _AUTHENTICATION or code in _TEMPORARY or code < _TEMPORARY.start:
        raise Unreachable(text)
    raise Refused(text)


def _reply(what: str, fault: smtplib.SMTPResponseException) -> str:
    return _told(what, fault.smtp_code, fault.smtp_error)


def _told(what: str, code: int, reply: bytes | str) -> str:
    """Return a sentence with the codes alone: the free text of a reply may quote the message."""
    raw = reply.encode() if isinstance(reply, str) else reply
    enhanced = _ENHANCED.match(raw)
    return f"{what}: {code} {enhanced[0].decode()}." if enhanced else f"{what}: {code}."
