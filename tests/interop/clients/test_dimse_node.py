"""npm's dcmjs-dimse is a modality and a workstation of the gateway."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from gateway.mapping.study_uid import own_study_uid
from scripts.peers import INSTALL_CLIENTS, NODE_DIMSE_MODULES
from tests.conftest import SHARED
from tests.interop.clients.environment import HERE, run
from tests.unit.mapping.to_dicom.test_worklist import ORDER, PATIENT, numbered

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess

IMAGE = SHARED / "corpus" / "dicom" / "pydicom" / "CT_small.dcm"
PLANNED = {
    **ORDER,
    "id": "dcmjs",
    "identifier": [numbered("ACSN", "DCMJS1"), numbered("FILL", "DCMJS1F")],
    "subject": {"reference": "Patient/dcmjs"},
}
SUCCESS, PENDING = 0x0000, 0xFF00


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


def test_dcmjs_dimse_reads_the_worklist_and_tells_of_its_step(
    story: dict[str, Any], gateway: GatewayProcess
) -> None:
    (entry,) = story["worklist"]["found"]
    assert entry["StudyInstanceUID"] == own_study_uid(PLANNED)
    assert story["worklist"]["statuses"] == [PENDING, SUCCESS]
    assert [story[one]["statuses"] for one in ("create", "set")] == [[SUCCESS], [SUCCESS]]
    (task,) = gateway.get("/fhir/Task?focus=ServiceRequest/dcmjs")["entry"]
    assert task["resource"]["status"] == "completed"
