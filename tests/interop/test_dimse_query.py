"""DCMTK and Orthanc ask the door and are asked by it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from gateway.dimse.courier import DimseCourier
from gateway.dimse.query_retrieve import STUDY_ROOT_FIND, STUDY_ROOT_MOVE
from gateway.dimse.service_classes import query_retrieve
from gateway.settings import DicomDestination
from tests.conftest import free_port
from tests.dicom_door import IMPLICIT, Place, a_door, a_place, an_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.store.api import Store

needs_dcmtk = pytest.mark.skipif(
    shutil.which("findscu") is None, reason="DCMTK is not installed: apt-get install dcmtk"
)
needs_orthanc = pytest.mark.skipif(
    shutil.which("Orthanc") is None, reason="Orthanc is not installed: apt-get install orthanc"
)
STUDY_KEYS = {
    "00080052": {"vr": "CS", "Value": ["STUDY"]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00100010": {"vr": "PN"},
}


@pytest.fixture
def place(sqlite_store: Store, tmp_path: Path) -> Place:
    made = a_place(sqlite_store, tmp_path)
    made.hold(*(an_image(number=number) for number in range(1, 4)))
    made.hold(an_image("1.2.4", PatientID="4712", PatientName="MARTIN^Paul"), syntax=IMPLICIT)
    return made


def run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, timeout=90)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@contextmanager
def process(*command: str, port: int) -> Iterator[None]:
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            if shutil.which("echoscu") and answers(port):
                break
            time.sleep(0.1)
        yield
    finally:
        started.terminate()
        started.wait(20)


def answers(port: int) -> bool:
    command = ["echoscu", "-to", "2", "-aec", "ANY", "127.0.0.1", str(port)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@needs_dcmtk
def test_dcmtk_finds_gets_and_moves(place: Place, tmp_path: Path) -> None:
    port = free_port()
    ours = DicomDestination("storescp", "STORESCP", "127.0.0.1", port)
    got, moved = tmp_path / "got", tmp_path / "moved"
    got.mkdir()
    moved.mkdir()
    receiver = ["storescp", "-aet", "STORESCP", "-od", str(moved), str(port)]
    services = query_retrieve(place.holdings, "GATEWAY", [ours], {})
    with a_door(place, services) as door, process(*receiver, port=port):
        peer = ["-aec", "GATEWAY", "127.0.0.1", str(door.port)]
        keys = ["-k", "0008,0052=STUDY", "-k", "0020,000D=1.2.3"]
        said = run("findscu", "-v", "-S", *peer, *keys, "-k", "0010,0010=lefevre*")
        patients = run("findscu", "-v", "-P", *peer, "-k", "0008,0052=PATIENT", "-k", "0010,0020")
        run("getscu", "-S", "-od", str(got), *peer, *keys)
        run("movescu", "-S", "-aem", "STORESCP", *peer, *keys)

    assert "LEF" in said
    assert "4711" in patients
    assert "4712" in patients
    for folder in (got, moved):
        found = [dcmread(one, force=True) for one in folder.iterdir()]
        assert sorted(int(one.InstanceNumber) for one in found) == [1, 2, 3]
        assert all(one.PixelData == an_image().PixelData for one in found)


@needs_dcmtk
def test_a_pacs_of_dcmtk_is_filled_asked_and_fetched_from(place: Place, tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "pacs"
    folder.mkdir()
    pacs = DicomDestination("pacs", "PACS", "127.0.0.1", port)
    with a_door(place, query_retrieve(place.holdings, "GATEWAY", [pacs], {})) as door:
        configuration = tmp_path / "dcmqrscp.cfg"
        configuration.write_text(
            f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
            f"HostTable BEGIN\ngw = (GATEWAY, 127.0.0.1, {door.port})\nHostTable END\n"
            f"AETable BEGIN\nPACS {folder} RW (100, 1024mb) ANY\nAETable END\n"
        )
        command = ("dcmqrscp", "-c", str(configuration))
        with process(*command, port=port):
            scu = DimseCourier(pacs, "GATEWAY", place.holdings)
            sent = scu.send([one.instance for one in held(place) if one.instance is not None])
            found = list(scu.find(STUDY_ROOT_FIND, STUDY_KEYS))
            fetched = scu.move(STUDY_ROOT_MOVE, STUDY_KEYS, "GATEWAY")

    assert sent == "4 objects"
    assert [one["0020000D"]["Value"] for one in found] == [["1.2.3"]]
    assert fetched == (3, 0)


def held(place: Place) -> list[Any]:
    from gateway.dicom.query import Level, Query  # noqa: PLC0415 - one test's own

    return list(place.holdings.find(Query(Level.IMAGE)))


def asked(port: int, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def orthanc(tmp_path: Path, door: int) -> Iterator[tuple[int, int]]:
    http, dicom = free_port(), free_port()
    configuration = tmp_path / "orthanc.json"
    configuration.write_text(
        json.dumps(
            {
                "StorageDirectory": str(tmp_path / "orthanc"),
                "IndexDirectory": str(tmp_path / "orthanc"),
                "HttpPort": http,
                "DicomPort": dicom,
                "DicomAet": "ORTHANC",
                "AuthenticationEnabled": False,
                "RemoteAccessAllowed": True,
                "DicomModalities": {"gateway": ["GATEWAY", "127.0.0.1", door]},
                "Plugins": [],
            }
        )
    )
    with process("Orthanc", str(configuration), port=dicom):
        yield http, dicom


@needs_orthanc
@needs_dcmtk
def test_orthanc_asks_and_fetches_and_is_sent_to(place: Place, tmp_path: Path) -> None:
    destinations: list[DicomDestination] = []
    late: dict[str, Any] = {}
    with a_door(place, late) as door, orthanc(tmp_path, door.port) as (http, dicom):
        destinations.append(DicomDestination("orthanc", "ORTHANC", "127.0.0.1", dicom))
        late.update(query_retrieve(place.holdings, "GATEWAY", destinations, {}))
        echoed = asked(http, "/modalities/gateway/echo", {})
        question = {"Level": "Study", "Query": {"PatientName": "lefevre*"}}
        query = asked(http, "/modalities/gateway/query", question)
        found = asked(http, f"/queries/{query['ID']}/answers")
        asked(http, f"/queries/{query['ID']}/retrieve", {"TargetAet": "ORTHANC"})
        fetched = asked(http, "/statistics")["CountInstances"]
        others = [one.instance for one in held(place) if one.study_uid == "1.2.4"]
        DimseCourier(destinations[0], "GATEWAY", place.holdings).send(others)
        patients = asked(http, "/statistics")["CountPatients"]

    assert echoed in ({}, None)
    assert len(found) == 1
    assert (fetched, patients) == (3, 2)
