"""DCMTK, Orthanc and pynetdicom send studies to the gateway; they become ImagingStudy."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from pydicom import dcmread
from pynetdicom import AE

from tests.conftest import free_port
from tests.interop.peers import HOST, eventually, program, run, search, storescu, versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_STUDIES: Final = _SHARED / "corpus" / "dicom" / "synthetic_fr"
pytestmark = pytest.mark.skipif(
    not _STUDIES.is_dir(), reason="the DICOM corpus is not here (GATEWAY_SHARED)"
)
EXPECTED: Final = Path(__file__).parent / "expected" / "dicom"
ROOT: Final = "1.2.826.0.1.3680043.8.498.999.1"
# By the start of the file names: the end of the Study Instance UID, series, instances.
COUNTS: Final = {
    "thorax": (1, 4, 5),
    "dxa": (2, 4, 4),
    "us": (3, 2, 3),
    "ct": (4, 3, 8),
    "fluoro": (5, 3, 3),
    "mg": (6, 6, 6),
}
QUIET_SECONDS: Final = 1.0


def files(name: str = "") -> list[Path]:
    return sorted(_STUDIES.glob(f"{name}*.dcm"))


def study(gateway: GatewayProcess, name: str, instances: int) -> dict[str, Any]:
    """Return the ImagingStudy of a sample once it has that many instances."""
    uid = f"urn:dicom:uid|urn:oid:{ROOT}.{COUNTS[name][0]}"

    def whole() -> list[dict[str, Any]]:
        found = search(gateway, "ImagingStudy", identifier=uid)
        return [one for one in found if one.get("numberOfInstances") == instances]

    (found,) = eventually(whole)
    return found


@pytest.fixture(scope="module")
def from_dcmtk(start: Start) -> Iterator[GatewayProcess]:
    """A gateway that DCMTK has sent every sample."""
    with start() as gateway:
        said = storescu(gateway, *files())
        assert said.count("Received Store Response (Success)") == len(files())
        for name, (_, _, instances) in COUNTS.items():
            study(gateway, name, instances)
        yield gateway


def test_echoscu_is_answered(from_dcmtk: GatewayProcess) -> None:
    echoed = run(program("echoscu"), "-v", "-aec", "GATEWAY", HOST, str(from_dcmtk.dicom))

    assert (echoed.returncode, "Received Echo Response (Success)" in echoed.stderr) == (0, True)


def test_the_ct_of_storescu_is_read_back_over_fhir_as_a_whole(from_dcmtk: GatewayProcess) -> None:
    imaging = study(from_dcmtk, "ct", 8)
    patients = search(from_dcmtk, "Patient", _id=imaging["subject"]["reference"][8:])
    doctors = search(from_dcmtk, "Practitioner", _id=imaging["referrer"]["reference"][13:])

    found = {f"{one['resourceType']}/{one['id']}": one for one in (imaging, *patients, *doctors)}
    assert found == json.loads((EXPECTED / "ct.json").read_text("utf-8"))


@pytest.mark.parametrize("name", COUNTS)
def test_every_study_has_its_series_and_instances(name: str, from_dcmtk: GatewayProcess) -> None:
    number, series, instances = COUNTS[name]
    sent = [dcmread(path, stop_before_pixels=True) for path in files(name)]
    imaging = study(from_dcmtk, name, instances)

    assert imaging["identifier"][0]["value"] == f"urn:oid:{ROOT}.{number}"
    assert (imaging["numberOfSeries"], imaging["numberOfInstances"]) == (series, instances)
    shown = {
        (item["uid"], one["uid"], item["modality"]["code"])
        for item in imaging["series"]
        for one in item["instance"]
    }
    assert shown == {(one.SeriesInstanceUID, one.SOPInstanceUID, one.Modality) for one in sent}


def test_each_study_is_there_once(from_dcmtk: GatewayProcess) -> None:
    assert len(search(from_dcmtk, "ImagingStudy")) == len(COUNTS)


def test_the_same_studies_again_make_no_new_version(from_dcmtk: GatewayProcess) -> None:
    before = versions(from_dcmtk)
    storescu(from_dcmtk, *files())
    # Longer than a study must be quiet before it is looked at again.
    time.sleep(QUIET_SECONDS + 1.0)

    assert versions(from_dcmtk) == before


@pytest.fixture(scope="module")
def from_pynetdicom(start: Start) -> Iterator[GatewayProcess]:
    with start() as gateway:
        yield gateway


def test_pynetdicom_stores_over_several_contexts_of_one_association(
    from_pynetdicom: GatewayProcess,
) -> None:
    sent = [dcmread(path) for path in files("mg")]
    caller = AE(ae_title="MAMMO")
    for one in {one.SOPClassUID: one for one in sent}.values():
        # As a modality does: its own encoding first, the one that everybody has after it.
        caller.add_requested_context(
            one.SOPClassUID, [one.file_meta.TransferSyntaxUID, "1.2.840.10008.1.2"]
        )
    association = caller.associate(HOST, from_pynetdicom.dicom, ae_title="GATEWAY")
    accepted = {
        (context.abstract_syntax, context.transfer_syntax[0])
        for context in association.accepted_contexts
    }
    statuses = Counter(association.send_c_store(one).Status for one in sent)
    association.release()

    assert accepted == {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in sent}
    assert len(accepted) == 3
    assert statuses == {0x0000: len(sent)}
    assert study(from_pynetdicom, "mg", 6)["numberOfSeries"] == 6


class Orthanc:
    """A PACS of somebody else: Orthanc on free ports, with the gateway as its modality."""

    def __init__(self, place: Path, gateway: GatewayProcess) -> None:
        self.http = free_port()
        settings = {
            "Name": "INTEROP",
            "StorageDirectory": str(place / "storage"),
            "IndexDirectory": str(place / "storage"),
            "HttpPort": self.http,
            "DicomPort": free_port(),
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [],
            "DicomModalities": {"gateway": ["GATEWAY", HOST, gateway.dicom]},
        }
        self.settings = place / "orthanc.json"
        self.settings.write_text(json.dumps(settings), "utf-8")
        self.log = place / "orthanc.log"

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program("Orthanc"), str(self.settings)], stdout=log, stderr=log
            )
        assert eventually(self._answers), self.log.read_text("utf-8")[-2000:]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("/system"))
        except httpx.TransportError:
            return False

    def ask(self, path: str, body: bytes | None = None) -> Any:  # noqa: ANN401 - JSON is what it is
        """GET without a body, POST with one."""
        url = f"http://{HOST}:{self.http}{path}"
        method = "GET" if body is None else "POST"
        answer = httpx.request(method, url, content=body, timeout=30)
        return answer.raise_for_status().json()


def test_orthanc_sends_a_study_that_it_was_given(start: Start, tmp_path: Path) -> None:
    program("Orthanc")
    with start() as gateway, Orthanc(tmp_path, gateway) as pacs:
        kept = [pacs.ask("/instances", path.read_bytes()) for path in files("ct")]
        (parent,) = {one["ParentStudy"] for one in kept}
        sent = pacs.ask("/modalities/gateway/store", json.dumps([parent]).encode())
        imaging = study(gateway, "ct", len(kept))

        assert (sent["InstancesCount"], sent["FailedInstancesCount"]) == (len(kept), 0)
        expected = json.loads((EXPECTED / "ct.json").read_text("utf-8"))
        assert imaging == expected[f"ImagingStudy/{imaging['id']}"]
