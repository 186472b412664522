"""Messages out over TLS: whom the courier trusts, and whom it lets see who it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.access.tls import Certificates
from gateway.delivery.failures import Unreachable
from gateway.mllp.courier import MllpCourier
from gateway.settings import Destination
from tests.certificates import Authority, Pair
from tests.unit.mllp.serving import Journal, message, ports, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.delivery.ports import Answer

Address = tuple[str, int]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def ris(authority: Authority) -> Iterator[Address]:
    """A receiver that wants to see a certificate."""
    own = authority.issue("ris.test")
    certificates = Certificates(own.certificate, own.key, authority.file)
    with serving(ports(Journal()), tls=certificates.context) as (_, address):
        yield address


def send(address: Address, folder: Path, authority: Path, shown: Pair | None = None) -> Answer:
    """Send one message as a destination of `gateway.toml` says, files by their names."""
    destination = Destination(
        "ris",
        address[0],
        address[1],
        tls=True,
        ca=authority.name,
        certificate=shown.certificate.name if shown else "",
        key=shown.key.name if shown else "",
        timeout=5.0,
    )
    courier = MllpCourier(destination, folder)
    try:
        return courier.send(message("P1"), "P1")
    finally:
        courier.close()


def test_a_message_goes_to_who_knows_our_certificate(
    ris: Address, authority: Authority, tmp_path: Path
) -> None:
    assert send(ris, tmp_path, authority.file, authority.issue("gateway.test")).code == "AA"


def test_without_a_certificate_nothing_arrives(
    ris: Address, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(Unreachable):
        send(ris, tmp_path, authority.file)


def test_an_expired_certificate_of_ours_is_refused(
    ris: Address, authority: Authority, tmp_path: Path
) -> None:
    expired = authority.issue("gateway.test", ends=timedelta(seconds=-1))
    with pytest.raises(Unreachable):
        send(ris, tmp_path, authority.file, expired)


def test_nothing_is_said_to_a_receiver_that_nobody_vouches_for(
    ris: Address, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "Autre autorité")
    with pytest.raises(Unreachable, match="certificate"):
        send(ris, tmp_path, stranger.file, authority.issue("gateway.test"))


def test_a_receiver_with_an_expired_certificate_is_not_spoken_to(
    authority: Authority, tmp_path: Path
) -> None:
    own = authority.issue("ris.test", ends=timedelta(seconds=-1))
    journal = Journal()
    certificates = Certificates(own.certificate, own.key, None)
    with (
        serving(ports(journal), tls=certificates.context) as (_, address),
        pytest.raises(Unreachable, match="expired"),
    ):
        send(address, tmp_path, authority.file)
    assert journal.received == []
