"""`gateway dicom` as an operator types it: DCMTK's PACS and the gateway's own door are called."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.conftest import free_port
from tests.dicom_door import an_image, file_of
from tests.e2e.modality import image, stored
from tests.e2e.wire import run_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start

pytestmark = pytest.mark.skipif(
    shutil.which("dcmqrscp") is None, reason="DCMTK is not installed: apt-get install dcmtk"
)
DESTINATION = """
[[dicom_destinations]]
name = "{name}"
ae_title = "{title}"
host = "127.0.0.1"
port = {port}
timeout = 5.0
"""


@dataclass(frozen=True)
class Site:
    """A gateway and the PACS that it calls `pacs`; it calls itself `own`."""

    gateway: GatewayProcess
    pacs: int

    def says(self, *arguments: str) -> tuple[int, str]:
        with contextlib.redirect_stderr(io.StringIO()) as refused:
            status, printed = run_here(self.gateway, "dicom", *arguments)
        return status, printed.decode() + refused.getvalue()

    def finds(self, name: str, study: str) -> list[dict[str, str]]:
        status, said = self.says("find", name, "--study", study, "--json")
        assert status == 0, said
        return [json.loads(line) for line in said.splitlines()]


@contextlib.contextmanager
def dcmqrscp(folder: Path, gateway: int) -> Iterator[int]:
    port = free_port()
    (folder / "held").mkdir()
    configuration = folder / "dcmqrscp.cfg"
    configuration.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\ngw = (GATEWAY, 127.0.0.1, {gateway})\nHostTable END\n"
        f"AETable BEGIN\nPACS {folder}/held RW (100, 1024mb) ANY\nAETable END\n"
    )
    serving = subprocess.Popen(
        ["dcmqrscp", "-c", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        asks = ["echoscu", "-aec", "PACS", "127.0.0.1", str(port)]
        for _ in range(200):
            if subprocess.run(asks, check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        yield port
    finally:
        serving.terminate()
        serving.wait(20)


@pytest.fixture(scope="module")
def site(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, nobody = tmp_path_factory.mktemp("pacs"), free_port()
    with start() as gateway, dcmqrscp(folder, gateway.dicom) as pacs:
        called = (("pacs", "PACS", pacs), ("own", "GATEWAY", gateway.dicom), ("off", "OFF", nobody))
        (gateway.data / "gateway.toml").write_text(
            "".join(DESTINATION.format(name=one, title=ae, port=at) for one, ae, at in called)
        )
        yield Site(gateway, pacs)


def test_echo_says_who_answers_and_who_does_not(site: Site) -> None:
    assert site.says("echo", "pacs") == (0, f"PACS@127.0.0.1:{site.pacs}: 0000\n")
    status, said = site.says("echo", "off")
    assert status == 1
    assert "cannot be reached" in said
    status, said = site.says("echo", "nowhere")
    assert status == 1
    assert "no DICOM destination nowhere" in said


def test_a_study_that_is_sent_is_found_at_the_pacs(site: Site) -> None:
    one = image(PatientName="MARTIN^Zoe", StudyDate="20260706")
    assert stored(site.gateway, one) == [0]

    assert site.says("send", "pacs", one.StudyInstanceUID) == (0, "1 object\n")
    (row,) = site.finds("pacs", one.StudyInstanceUID)
    assert (row["name"], row["date"]) == ("MARTIN^Zoe", "20260706")
    status, said = site.says("find", "pacs", "--name", "MARTIN*", "--date", "20260701-")
    assert status == 0
    assert one.StudyInstanceUID in said
    assert site.says("find", "pacs", "--name", "NOBODY") == (0, "No study matches.\n")


def test_a_destination_is_paused_and_goes_on(site: Site) -> None:
    said = [
        run_here(site.gateway, "deliveries", *words)[1].decode()
        for words in (("pause", "pacs"), ("destinations", "--json"), ("resume", "dicom.pacs"))
    ]
    states = {one["name"]: one["state"] for one in map(json.loads, said[1].splitlines())}

    assert (said[0], said[2]) == ("dicom.pacs: paused\n", "dicom.pacs: active\n")
    assert states == {"dicom.pacs": "paused", "dicom.own": "active", "dicom.off": "active"}


def test_a_study_that_is_fetched_is_held(site: Site, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.dcm" for number in (1, 2)]
    for number, file in enumerate(files, 1):
        file.write_bytes(file_of(an_image("1.2.826.9", number=number)))
    to = ["-aec", "PACS", "127.0.0.1", str(site.pacs)]
    subprocess.run(["storescu", *to, *map(str, files)], check=True, capture_output=True)
    assert site.finds("own", "1.2.826.9") == []

    assert site.says("get", "pacs", "1.2.826.9") == (0, "2 objects came, 0 failed\n")
    assert [row["study"] for row in site.finds("own", "1.2.826.9")] == ["1.2.826.9"]


def test_what_nobody_holds_is_said_so(site: Site) -> None:
    status, said = site.says("send", "pacs", "1.2.3.404")
    assert status == 1
    assert "No study 1.2.3.404 is held here." in said
    status, said = site.says("get", "pacs", "1.2.3.404")
    assert (status, said) == (1, "0 objects came, 0 failed\n")
