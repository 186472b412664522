"""DCMTK associates over TLS, by the BCP 195 profiles of PS3.15, with and without a certificate."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from gateway.access.callers import Callers
from gateway.access.tls import Certificates
from gateway.dimse.scu import Scu
from gateway.settings import Caller, DicomDestination
from tests.certificates import Authority
from tests.conftest import free_port
from tests.unit.dimse.test_server import CT, EXPLICIT, Keeper, a_door, an_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.dimse.server import DimseServer

pytestmark = pytest.mark.skipif(
    shutil.which("storescu") is None, reason="DCMTK is not installed: apt-get install dcmtk"
)
PROFILES = ["--profile-bcp195-nd", "--profile-bcp195", "--profile-bcp195-ex"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path)


@pytest.fixture
def door(tmp_path: Path, authority: Authority, keeper: Keeper) -> Iterator[DimseServer]:
    own = authority.issue("gateway.test")
    tls = Certificates(own.certificate, own.key, authority.file, door="dimse")
    callers = Callers(rows=[Caller("CT1", certificates=("ct1.test",))])
    with a_door(tmp_path / "spool", keeper.receive, tls=tls.context, callers=callers) as opened:
        yield opened


def said(door: DimseServer, program: str, *options: str, file: Path | None = None) -> str:
    """Return what a tool of DCMTK says of one association."""
    command = [program, "-v", *options, "127.0.0.1", str(door.port)]
    command += [] if file is None else [str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def certified(authority: Authority, name: str) -> tuple[str, ...]:
    pair = authority.issue(name)
    return ("+tls", str(pair.key), str(pair.certificate), "+cf", str(authority.file))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_object_is_stored_by_each_profile(
    profile: str, door: DimseServer, authority: Authority, keeper: Keeper, tmp_path: Path
) -> None:
    file = tmp_path / "image.dcm"
    an_image().save_as(file, enforce_file_format=True)
    shown = certified(authority, "ct1.test")
    told = said(door, "storescu", "-aet", "CT1", *shown, profile, file=file)

    assert "Received Store Response (Success)" in told, told
    assert [one.sop_instance for one in keeper.kept] == ["1.2.3.1"]


def test_a_title_with_the_certificate_of_another_is_rejected(
    door: DimseServer, authority: Authority
) -> None:
    told = said(door, "echoscu", "-aet", "CT1", *certified(authority, "us1.test"))

    assert "Calling AE Title Not Recognized" in told, told


@pytest.mark.parametrize("profile", PROFILES)
def test_dcmtk_is_sent_an_object_by_each_profile(
    profile: str, authority: Authority, tmp_path: Path
) -> None:
    file, received, port = tmp_path / "image.dcm", tmp_path / "received", free_port()
    received.mkdir()
    an_image().save_as(file, enforce_file_format=True)
    own = authority.issue("gateway.test")
    destination = DicomDestination(
        "pacs",
        "PACS",
        "127.0.0.1",
        port,
        tls=True,
        ca=str(authority.file),
        certificate=str(own.certificate),
        key=str(own.key),
    )
    command = ["storescp", *certified(authority, "pacs.test"), profile, "-od", str(received)]
    with subprocess.Popen([*command, str(port)], stderr=subprocess.DEVNULL) as receiver:
        wait_for(port)
        with Scu(destination, "GATEWAY").storing([(CT, EXPLICIT)]) as storing:
            status = storing.send(file)
        receiver.terminate()

    assert status == 0
    assert [dcmread(one).SOPInstanceUID for one in received.iterdir()] == ["1.2.3.1"]


def wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)


@pytest.mark.parametrize("options", [["+tla", "-ic"], []], ids=["anonymous", "plain"])
def test_who_has_no_certificate_is_not_heard(options: list[str], door: DimseServer) -> None:
    told = said(door, "echoscu", "-aet", "CT1", *options)

    assert "Association Request Failed" in told, told
    assert "Received Echo Response" not in told
