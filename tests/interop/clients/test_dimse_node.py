"""npm's dcmjs-dimse is a modality and a workstation of the gateway."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from gateway.mapping.study_uid import own_study_uid
from scripts.peers import INSTALL_CLIENTS, NODE_DIMSE_MODULES
from tests.conftest import SHARED, free_port
from tests.interop.clients.environment import HERE, run
from tests.interop.test_dicom_commands import DESTINATION
from tests.interop.test_dimse_query import process
from tests.unit.mapping.to_dicom.test_worklist import ORDER, PATIENT, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start

IMAGE = SHARED / "corpus" / "dicom" / "pydicom" / "CT_small.dcm"
PLANNED = {
    **ORDER,
    "id": "dcmjs",
    "identifier": [numbered("ACSN", "DCMJS1"), numbered("FILL", "DCMJS1F")],
    "subject": {"reference": "Patient/dcmjs"},
}
SUCCESS, PENDING, UNKNOWN_DESTINATION = 0x0000, 0xFF00, 0xA801


@dataclass(frozen=True)
class Site:
    """A gateway, and where DCMTK's receiver, which it may call, puts what comes."""

    gateway: GatewayProcess
    moved: Path


@pytest.fixture(scope="module")
def site(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if shutil.which("storescp") is None:
        pytest.skip("DCMTK is not installed: apt-get install dcmtk")
    data, moved, port = (
        tmp_path_factory.mktemp("data"),
        tmp_path_factory.mktemp("moved"),
        free_port(),
    )
    (data / "gateway.toml").write_text(
        DESTINATION.format(name="storescp", title="STORESCP", port=port)
    )
    receiver = ("storescp", "-aet", "STORESCP", "-od", str(moved), str(port))
    with process(*receiver, port=port), start(GATEWAY_DATA_DIR=str(data)) as gateway:
        yield Site(gateway, moved)


@pytest.fixture(scope="module")
def gateway(site: Site) -> GatewayProcess:
    return site.gateway


@pytest.fixture(scope="module")
def story(gateway: GatewayProcess) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not NODE_DIMSE_MODULES.is_dir():
        pytest.skip(f"the npm client for DIMSE is {INSTALL_CLIENTS}")
    if not IMAGE.is_file():
        pytest.skip("the corpus is not here (GATEWAY_SHARED)")
    for one in ({**PATIENT, "id": "dcmjs"}, PLANNED):
        status, said = gateway.send("PUT", f"/fhir/{one['resourceType']}/{one['id']}", one)
        assert status == 201, said
    script = HERE / "node-dimse" / "story.mjs"
    done = run(node, script, str(gateway.dicom), IMAGE, own_study_uid(PLANNED))
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_dcmjs_dimse_stores_finds_and_gets(story: dict[str, Any]) -> None:
    held = dcmread(IMAGE)
    assert [story[one]["statuses"] for one in ("echo", "store")] == [[SUCCESS], [SUCCESS]]
    assert story["find"]["statuses"][-1] == SUCCESS
    assert [one["StudyInstanceUID"] for one in story["find"]["found"]] == [held.StudyInstanceUID]
    assert story["get"]["statuses"][-1] == SUCCESS
    assert story["get"]["got"] == [held.SOPInstanceUID]


def test_dcmjs_dimse_has_a_study_moved_to_dcmtk(story: dict[str, Any], site: Site) -> None:
    held = dcmread(IMAGE)
    (moved,) = (dcmread(one) for one in site.moved.iterdir())
    assert story["move"]["statuses"] == [SUCCESS]
    assert (moved.SOPInstanceUID, moved.PixelData) == (held.SOPInstanceUID, held.PixelData)
    assert moved.file_meta.TransferSyntaxUID == held.file_meta.TransferSyntaxUID
    assert story["lost"]["statuses"] == [UNKNOWN_DESTINATION]


def test_dcmjs_dimse_reads_the_worklist_and_tells_of_its_step(
    story: dict[str, Any], gateway: GatewayProcess
) -> None:
    (entry,) = story["worklist"]["found"]
    assert entry["StudyInstanceUID"] == own_study_uid(PLANNED)
    assert story["worklist"]["statuses"] == [PENDING, SUCCESS]
    assert [story[one]["statuses"] for one in ("create", "set")] == [[SUCCESS], [SUCCESS]]
    (task,) = gateway.get("/fhir/Task?focus=ServiceRequest/dcmjs")["entry"]
    assert task["resource"]["status"] == "completed"
