"""DICOM over TLS: the BCP 195 profiles of PS3.15 annex B, with certificates on both sides."""

from __future__ import annotations

import logging
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from pynetdicom import AE

from gateway.access.callers import Callers
from gateway.access.tls import Certificates, client_context
from gateway.delivery.failures import Unreachable
from gateway.dimse import pdu
from gateway.dimse.scu import Scu
from gateway.settings import Caller, DicomDestination
from tests.certificates import Authority
from tests.unit.dimse.test_server import Keeper, a_door, an_image, request_of

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.dimse.server import DimseServer

pytestmark = [
    # pynetdicom leaves sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def certificates(authority: Authority, *, ask: bool = True) -> Certificates:
    own = authority.issue("gateway.test")
    return Certificates(own.certificate, own.key, authority.file if ask else None, door="dimse")


def associate(door: DimseServer, context: ssl.SSLContext | None, calling: str = "SCANNER") -> Any:  # noqa: ANN401 - pynetdicom is untyped
    caller = AE(ae_title=calling)
    caller.add_requested_context(CT, "1.2.840.10008.1.2.1")
    tls = None if context is None else (context, "gateway.test")
    return caller.associate("127.0.0.1", door.port, ae_title="GATEWAY", tls_args=tls)


def shown(authority: Authority, name: str = "ct1.test") -> ssl.SSLContext:
    pair = authority.issue(name)
    return client_context(authority.file, pair.certificate, pair.key)


def test_an_object_comes_over_tls(tmp_path: Path, authority: Authority) -> None:
    keeper = Keeper(tmp_path)
    image = an_image(EncapsulatedDocument=bytes(3_000_000))
    with a_door(tmp_path / "spool", keeper.receive, tls=certificates(authority).context) as door:
        association = associate(door, shown(authority))
        statuses = [association.send_c_store(image).Status for _ in range(2)]
        association.release()
        released = association.is_released

    assert (statuses, released) == ([0, 0], True)
    assert keeper.kept[0].size > 3_000_000


def test_who_shows_no_certificate_is_not_heard(
    tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "gateway.dimse")
    context = client_context(authority.file)
    tls = certificates(authority).context
    with a_door(tmp_path / "spool", Keeper(tmp_path).receive, tls=tls) as door:
        with (
            socket.create_connection(("127.0.0.1", door.port), timeout=5) as stranger,
            pytest.raises(ssl.SSLError, match="certificate required"),
            context.wrap_socket(stranger, server_hostname="gateway.test") as secured,
        ):
            # TLS 1.3: the client is done before the server has looked.
            secured.recv(1)
        with socket.create_connection(("127.0.0.1", door.port), timeout=5) as plain:
            plain.sendall(b"\x01\x00\x00\x00\x00\x04\x00\x01\x00\x00")
            answer = plain.recv(100)

    # An alert of TLS, or nothing: no word of DICOM.
    assert answer[:1] in (b"", b"\x15")
    assert caplog.messages.count("dimse.handshake-refused") == 2


def test_a_title_is_held_to_its_certificate(tmp_path: Path, authority: Authority) -> None:
    callers = Callers(rows=[Caller("CT1", certificates=("ct1.test",))])
    keeper = Keeper(tmp_path)
    tls = certificates(authority).context
    with a_door(tmp_path / "spool", keeper.receive, tls=tls, callers=callers) as door:
        own = associate(door, shown(authority), "CT1")
        with (
            socket.create_connection(("127.0.0.1", door.port), timeout=5) as stranger,
            shown(authority, "us1.test").wrap_socket(
                stranger, server_hostname="gateway.test"
            ) as stolen,
        ):
            stolen.sendall(request_of("CT1"))
            answer = stolen.recv(100)
        established = own.is_established
        own.release()

    assert (answer, established) == (pdu.reject(pdu.CALLING_NOT_RECOGNIZED), True)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_only_ciphers_of_the_profile_are_spoken(
    tmp_path: Path, authority: Authority, version: ssl.TLSVersion
) -> None:
    context = client_context(authority.file)
    context.minimum_version = context.maximum_version = version
    tls = certificates(authority, ask=False).context
    with (
        a_door(tmp_path / "spool", Keeper(tmp_path).receive, tls=tls) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=5) as peer,
        context.wrap_socket(peer, server_hostname="gateway.test") as secured,
    ):
        cipher = secured.cipher()

    assert cipher is not None
    assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]
    assert cipher[0].startswith(("TLS_", "ECDHE-"))


def test_without_forward_secrecy_there_is_no_association(
    tmp_path: Path, authority: Authority
) -> None:
    context = client_context(authority.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256")
    tls = certificates(authority, ask=False).context
    with (
        a_door(tmp_path / "spool", Keeper(tmp_path).receive, tls=tls) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=5) as peer,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(peer, server_hostname="gateway.test")


def test_new_certificates_are_used_without_a_restart(tmp_path: Path, authority: Authority) -> None:
    own = authority.issue("gateway.test", file="own")
    moments = iter([0.0, 100.0, 200.0, 300.0, 400.0, 500.0])
    tls = Certificates(own.certificate, own.key, clock=lambda: next(moments), door="dimse")

    def serial(door: DimseServer) -> object:
        with (
            socket.create_connection(("127.0.0.1", door.port), timeout=5) as peer,
            client_context(authority.file).wrap_socket(
                peer, server_hostname="gateway.test"
            ) as secured,
        ):
            return (secured.getpeercert() or {}).get("serialNumber")

    with a_door(tmp_path / "spool", Keeper(tmp_path).receive, tls=tls.context) as door:
        before = serial(door)
        authority.issue("gateway.test", file="own")
        after = serial(door)

    assert before != after


def calling(door: DimseServer, **more: Any) -> Scu:  # noqa: ANN401 - fields of the destination
    return Scu(DicomDestination("pacs", "GATEWAY", "127.0.0.1", door.port, tls=True, **more), "US1")


def test_the_gateway_calls_over_tls_and_shows_its_own_certificate(
    tmp_path: Path, authority: Authority
) -> None:
    own, ca = authority.issue("us1.test"), str(authority.file)
    shown = {"certificate": str(own.certificate), "key": str(own.key)}
    callers = Callers(rows=[Caller("US1", certificates=("us1.test",))])
    tls = certificates(authority).context
    with a_door(tmp_path / "spool", Keeper(tmp_path).receive, tls=tls, callers=callers) as door:
        statuses = [
            calling(door, ca=ca, **shown).echo(),
            calling(door, ca=ca, server_name="gateway.test", **shown).echo(),
        ]
        stranger = Authority(tmp_path, "Autre").file
        for wrong in (
            {"ca": ca},
            {"ca": str(stranger), **shown},
            {"ca": ca, "server_name": "other.test", **shown},
        ):
            with pytest.raises(Unreachable, match="certificate"):
                calling(door, **wrong).echo()

    assert statuses == [0, 0]


def test_certificates_that_cannot_be_read_are_said_so(tmp_path: Path) -> None:
    scu = Scu(DicomDestination("pacs", "PACS", "h", 104, tls=True, ca=str(tmp_path / "no")), "GW")

    with pytest.raises(Unreachable, match="certificates for PACS@h:104 cannot be used: No such"):
        scu.echo()
