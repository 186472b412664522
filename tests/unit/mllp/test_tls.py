from __future__ import annotations

import logging
import shutil
import socket
import ssl
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.access.senders import Senders
from gateway.access.tls import Certificates, client_context
from gateway.errors import Unavailable
from gateway.hl7v2.framing import frame
from gateway.mllp.client import Client, NoAcknowledgement
from gateway.mllp.server import Limits
from gateway.settings import Sender
from tests.certificates import Authority, Pair
from tests.unit.mllp.serving import Journal, answered, calling, message, ports, serving, until

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Pair:
    return authority.issue("gateway.test")


@pytest.fixture
def ris(authority: Authority) -> Pair:
    return authority.issue("ris.test")


def certificates(pair: Pair, client_ca: Path | None = None) -> Certificates:
    return Certificates(pair.certificate, pair.key, client_ca)


def of(authority: Authority, pair: Pair | None = None) -> ssl.SSLContext:
    if pair is None:
        return client_context(authority.file)
    return client_context(authority.file, pair.certificate, pair.key)


def test_messages_come_over_tls(authority: Authority, server: Pair) -> None:
    journal = Journal()
    with (
        serving(ports(journal), tls=certificates(server).context) as (_, address),
        Client(*address, tls=of(authority)) as client,
    ):
        sent = [message(str(number)) for number in range(20)]
        assert [client.send(raw).raw for raw in sent] == [answered(raw) for raw in sent]
        assert client.send(message("big", "A" * 3_000_000)).accepted
    assert journal.received[:20] == sent


def test_one_connection_carries_all_messages(authority: Authority, server: Pair) -> None:
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (door, address),
        Client(*address, tls=of(authority)) as client,
    ):
        client.send(message("1"))
        first = client._socket
        client.send(message("2"))
        assert client._socket is first
        assert door.connections == 1


def test_a_client_shows_its_certificate(authority: Authority, server: Pair, ris: Pair) -> None:
    tls = certificates(server, authority.file).context
    with (
        serving(ports(Journal()), tls=tls) as (_, address),
        Client(*address, tls=of(authority, ris)) as client,
    ):
        assert client.send(message("1")).accepted


def test_a_client_without_certificate_is_refused_and_the_reason_logged(
    authority: Authority, server: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.mllp")
    journal = Journal()
    tls = certificates(server, authority.file).context
    with (
        serving(ports(journal), tls=tls) as (_, address),
        Client(*address, tls=of(authority)) as client,
    ):
        with pytest.raises(Unavailable) as caught:
            client.send(message("1"))
        assert until(lambda: _refusals(caplog) != [])
    assert _refusals(caplog) == ["peer did not return a certificate"]
    # Nothing has arrived, and the client knows.
    assert not isinstance(caught.value, NoAcknowledgement)
    assert journal.received == []


def test_a_certificate_of_somebody_else_is_refused(
    authority: Authority, server: Pair, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Authority(tmp_path, "Autre autorité").issue("intrus.test")
    tls = certificates(server, authority.file).context
    with (
        serving(ports(Journal()), tls=tls) as (_, address),
        Client(*address, tls=of(authority, stranger)) as client,
    ):
        with pytest.raises(Unavailable):
            client.send(message("1"))
        assert until(lambda: _refusals(caplog) != [])
    assert _refusals(caplog)[0].startswith("certificate: ")


def test_a_certificate_that_has_expired_is_refused(
    authority: Authority, server: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    old = authority.issue("ancien.test", ends=-timedelta(hours=1))
    tls = certificates(server, authority.file).context
    with (
        serving(ports(Journal()), tls=tls) as (_, address),
        Client(*address, tls=of(authority, old)) as client,
    ):
        with pytest.raises(Unavailable):
            client.send(message("1"))
        assert until(lambda: _refusals(caplog) != [])
    assert _refusals(caplog) == ["certificate: certificate has expired"]


def test_a_client_does_not_talk_to_who_is_not_who_it_should_be(
    authority: Authority, server: Pair
) -> None:
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (_, address),
        Client(*address, tls=of(authority), name="autre.test") as client,
        pytest.raises(Unavailable, match=r"autre\.test"),
    ):
        client.send(message("1"))


def test_the_name_in_the_certificate_may_be_another_than_the_address(
    authority: Authority, server: Pair
) -> None:
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (_, address),
        Client(*address, tls=of(authority), name="gateway.test") as client,
    ):
        assert client.send(message("1")).accepted


def test_a_sender_may_be_bound_to_its_certificate(
    authority: Authority, server: Pair, ris: Pair
) -> None:
    pacs = authority.issue("pacs.test")
    senders = Senders(senders=[Sender("RIS", "PORT", certificates=("ris.test",))])
    given = ports(Journal(), decide=senders.decide)
    tls = certificates(server, authority.file).context
    with serving(given, tls=tls) as (_, address):
        with Client(*address, tls=of(authority, ris)) as client:
            assert client.send(message("1")).code == "AA"
        with Client(*address, tls=of(authority, pacs)) as client:
            refusal = client.send(message("2"))
    assert (refusal.code, refusal.text) == (
        "AE",
        "The application RIS of PORT may not send with this certificate.",
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:.*TLSv1.* is deprecated:DeprecationWarning")
def test_old_versions_are_refused(
    authority: Authority, server: Pair, version: ssl.TLSVersion
) -> None:
    old = ssl.create_default_context(cafile=str(authority.file))
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = version
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (_, address),
        calling(address) as caller,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(caller, server_hostname="127.0.0.1").close()


def test_version_1_2_has_forward_secrecy(authority: Authority, server: Pair) -> None:
    context = of(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (_, address),
        calling(address) as caller,
        context.wrap_socket(caller, server_hostname="127.0.0.1") as secure,
    ):
        cipher = secure.cipher()
    assert cipher is not None
    assert cipher[0].startswith("ECDHE-ECDSA-")


def test_plain_messages_on_a_tls_port_are_cut_at_once_and_named(
    server: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal()
    with (
        serving(ports(journal), tls=certificates(server).context) as (_, address),
        Client(*address, timeout=5.0) as client,
        pytest.raises(NoAcknowledgement),
    ):
        client.send(message("1"))
    assert _refusals(caplog) == ["the peer does not speak TLS"]
    assert journal.received == []


def test_tls_on_a_plain_port_is_cut_at_once_and_named(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal()
    begun = time.monotonic()
    with (
        serving(ports(journal)) as (_, address),
        Client(*address, timeout=5.0, tls=of(authority)) as client,
        pytest.raises(Unavailable),
    ):
        client.send(message("1"))
    assert time.monotonic() - begun < 4
    assert "mllp.tls-on-plain-port" in caplog.messages
    assert len(journal.noises) == 1


def test_a_handshake_that_never_ends_holds_up_nobody(
    authority: Authority, server: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(handshake_seconds=1.0)
    with serving(ports(Journal()), limits, tls=certificates(server).context) as (door, address):
        silent = [socket.create_connection(address, 5) for _ in range(5)]
        silent[0].sendall(b"\x16\x03\x01\x02\x00\x01")
        with Client(*address, tls=of(authority)) as client:
            assert client.send(message("1")).accepted
        assert until(lambda: door.connections == 0)
        for caller in silent:
            caller.close()
    assert _refusals(caplog) == ["timed out"] * 5


def test_garbage_instead_of_a_handshake_is_refused(
    server: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (door, address),
        calling(address) as caller,
    ):
        caller.sendall(b"\x16\x03\x01\x00\x05hello" * 20)
        assert until(lambda: _refusals(caplog) != [])
        assert until(lambda: door.connections == 0)


def test_draining_ends_a_quiet_tls_connection(authority: Authority, server: Pair) -> None:
    with (
        serving(ports(Journal()), tls=certificates(server).context) as (door, address),
        Client(*address, tls=of(authority)) as client,
    ):
        client.send(message("1"))
        assert door.drain(5) is True


def test_new_certificates_are_used_without_a_restart(
    authority: Authority, server: Pair, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.mllp")
    now = [0.0]
    held = Certificates(server.certificate, server.key, clock=lambda: now[0])
    other = Authority(tmp_path, "Autorité suivante")
    with serving(ports(Journal()), tls=held.context) as (_, address):
        with Client(*address, tls=of(authority)) as client:
            assert client.send(message("1")).accepted
        other.issue("gateway.test")
        with Client(*address, tls=of(other)) as client, pytest.raises(Unavailable):
            client.send(message("2"))
        now[0] = 2.0
        with Client(*address, tls=of(other)) as client:
            assert client.send(message("3")).accepted
    assert caplog.messages.count("mllp.certificates-loaded") == 1


def test_certificates_that_cannot_be_read_leave_the_old_ones_in_place(
    authority: Authority, server: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    held = Certificates(server.certificate, server.key, clock=lambda: now[0])
    kept = held.context()
    other = authority.issue("autre.test")
    # Half way through a replacement: the new certificate with the old key.
    shutil.copy(other.certificate, server.certificate)
    now[0] = 2.0
    assert held.context() is kept
    assert [record.message for record in caplog.records] == ["mllp.certificates-kept"]
    shutil.copy(other.key, server.key)
    now[0] = 4.0
    assert held.context() is not kept


def test_bad_files_are_refused_at_the_start(authority: Authority, server: Pair) -> None:
    with pytest.raises(ssl.SSLError):
        Certificates(authority.file, server.key)
    with pytest.raises(FileNotFoundError):
        Certificates(Path("/nowhere.pem"), server.key)


def test_many_handshakes_at_once(authority: Authority, server: Pair) -> None:
    codes: list[str] = []

    def send(number: int) -> None:
        with Client(*address, tls=context) as client:
            codes.append(client.send(message(str(number))).code)

    context = of(authority)
    with serving(ports(Journal()), tls=certificates(server).context) as (_, address):
        threads = [
            threading.Thread(target=send, args=(number,), daemon=True) for number in range(20)
        ]
        _all(threads, threading.Thread.start)
        _all(threads, threading.Thread.join)
    assert codes == ["AA"] * 20


def test_half_a_message_over_tls_is_noise(authority: Authority, server: Pair) -> None:
    journal = Journal()
    with (
        serving(ports(journal), tls=certificates(server).context) as (_, address),
        calling(address) as caller,
        of(authority).wrap_socket(caller, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(frame(message("1"))[:30])
        secure.close()
        assert journal.noise_came.wait(5)
    assert journal.noises == [message("1")[:29]]


def _all(threads: list[threading.Thread], action: Callable[[threading.Thread], None]) -> None:
    for thread in threads:
        action(thread)


def _refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        str(record.__dict__["reason"])
        for record in caplog.records
        if record.message == "mllp.handshake-refused"
    ]
