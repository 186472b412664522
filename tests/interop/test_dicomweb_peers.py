"""Orthanc as a peer and as the PACS behind; OHIF in a browser; the pixels of the corpus."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from gateway.dicom.multipart import MultipartReader, PartBegun, boundary_of, closing, part_head
from scripts import ohif
from scripts.peers import BROWSER_MODULES, INSTALL_CLIENTS
from tests.conftest import free_port
from tests.documents import code, file_of, selection
from tests.e2e.modality import image
from tests.e2e.process import GatewayProcess
from tests.interop.clients.environment import HERE as CLIENTS
from tests.interop.peers import HOST, eventually, program, search, storescu

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from tests.interop.conftest import Start

_PLUGINS = Path("/usr/share/orthanc/plugins")
# Objects of the corpus that the installed codecs, pydicom's own reading of them, or both, do not
# take: 12-bit JPEG, one bit in RLE, a syntax that pydicom does not know, values that are none.
_UNREAD = ("JPEG-lossy", "liver_rle", "liver_deflate", "badVR", "image_dfl", "rtdose")

# Compressed in each way that is decoded here, with one frame or more.
_READ = {
    "JPEG2000",
    "MR_small_RLE",
    "MR_small_jp2klossless",
    "MR_small_jpeg_ls_lossless",
    "OBXXXX1A_rle_2frame",
    "SC_rgb_rle_2frame",
    "emri_small_jpeg_2k_lossless",
    "examples_jpeg2k",
    "examples_ybr_color",
}


def root(gateway: GatewayProcess) -> str:
    return f"http://{HOST}:{gateway.http}/dicom-web"


def stow(where: str, *contents: bytes) -> dict[str, Any]:
    """Store objects; what is none, as some of the corpus, is answered with an empty answer."""
    head = part_head("frontier", {"Content-Type": "application/dicom"})
    body = b"".join(head + one for one in contents) + closing("frontier")
    media = 'multipart/related; type="application/dicom"; boundary=frontier'
    answer = httpx.post(f"{where}/studies", content=body, headers={"Content-Type": media})
    found: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
    return found


def parts(answer: httpx.Response) -> list[bytes]:
    reader = MultipartReader(boundary_of(answer.headers["content-type"])[0])
    found: list[bytes] = []
    for event in reader.feed(answer.content):
        if isinstance(event, PartBegun):
            found.append(b"")
        elif isinstance(event, bytes):
            found[-1] += event
    return found


@contextmanager
def orthanc(place: Path, gateway_root: str = "") -> Iterator[str]:
    """Serve Orthanc with its DICOMweb plugin; yield its address."""
    http = free_port()
    settings = {
        "StorageDirectory": str(place / "storage"),
        "IndexDirectory": str(place / "storage"),
        "HttpPort": http,
        "DicomPort": free_port(),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [str(one) for one in _PLUGINS.glob("*DicomWeb*.so")],
        "DicomWeb": {"Servers": {"gateway": [f"{gateway_root}/"]} if gateway_root else {}},
    }
    place.mkdir(exist_ok=True)
    (place / "orthanc.json").write_text(json.dumps(settings), "utf-8")
    with (place / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(
            [program("Orthanc"), str(place / "orthanc.json")], stdout=log, stderr=log
        )
    address = f"http://{HOST}:{http}"
    try:
        assert eventually(lambda: _answers(f"{address}/dicom-web/studies"))
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code in (200, 204)
    except httpx.TransportError:
        return False


def _ct(shared: Path) -> list[Path]:
    return sorted((shared / "corpus" / "dicom" / "synthetic_fr").glob("ct_CT_*.dcm"))


def test_orthanc_stores_to_the_gateway_and_retrieves_from_it(
    start: Start, shared: Path, tmp_path: Path
) -> None:
    program("Orthanc")
    files = _ct(shared)
    with start() as gateway, orthanc(tmp_path / "orthanc", root(gateway)) as other:
        kept = [httpx.post(f"{other}/instances", content=one.read_bytes()).json() for one in files]
        (study,) = {one["ParentStudy"] for one in kept}
        servers = f"{other}/dicom-web/servers/gateway"
        sent = httpx.post(f"{servers}/stow", json={"Resources": [study]}, timeout=60)
        assert sent.raise_for_status().is_success
        uid = dcmread(files[0], stop_before_pixels=True).StudyInstanceUID
        found = httpx.get(f"{root(gateway)}/studies/{uid}/instances").json()
        assert len(found) == len(files)

        httpx.delete(f"{other}/studies/{study}").raise_for_status()
        asked = {"Uri": "/studies", "Arguments": {"StudyInstanceUID": uid}}
        (seen,) = httpx.post(f"{servers}/qido", json=asked).raise_for_status().json()
        assert seen["0020000D"]["Value"] == uid
        wanted = {"Resources": [{"Study": uid}], "Synchronous": True}
        httpx.post(f"{servers}/retrieve", json=wanted, timeout=60).raise_for_status()
        back = httpx.get(f"{other}/studies/{study}/instances").json()
        assert len(back) == len(files)


def test_what_orthanc_keeps_is_passed_through_when_the_study_is_known(
    start: Start, shared: Path, tmp_path: Path
) -> None:
    program("Orthanc")
    files = _ct(shared)
    report = files[0].with_name("ct_SR_preliminary.dcm")
    uid = dcmread(report, stop_before_pixels=True).StudyInstanceUID
    with orthanc(tmp_path / "orthanc") as pacs:
        for one in files:
            httpx.post(f"{pacs}/instances", content=one.read_bytes()).raise_for_status()
        with start(GATEWAY_PACS_DICOMWEB_URL=f"{pacs}/dicom-web") as gateway:
            unknown = httpx.get(f"{root(gateway)}/studies/{uid}")
            assert unknown.status_code == 404
            assert httpx.get(f"{root(gateway)}/studies").status_code == 204

            stow(root(gateway), report.read_bytes())
            assert eventually(lambda: search(gateway, "ImagingStudy"))
            study = httpx.get(f"{root(gateway)}/studies/{uid}", timeout=60)
            assert len(parts(study)) == len(files)
            metadata = httpx.get(f"{root(gateway)}/studies/{uid}/metadata", timeout=60).json()
            assert len(metadata) == len(files)
            instances = httpx.get(f"{root(gateway)}/studies/{uid}/instances").json()
            assert len(instances) == len(files) + 1
            urls = [one["00081190"]["Value"][0] for one in instances]
            assert all(url.startswith(root(gateway)) for url in urls)
            picture = httpx.get(f"{urls[-1]}/rendered", headers={"Accept": "image/png"})
            assert Image.open(BytesIO(picture.content)).format == "PNG"


def test_what_is_rejected_or_labelled_is_not_passed_through(
    start: Start, shared: Path, tmp_path: Path
) -> None:
    program("Orthanc")
    files = _ct(shared)
    first, *_ = heads = [dcmread(one, stop_before_pixels=True) for one in files]
    uid, patient = first.StudyInstanceUID, first.PatientID
    other = image(PatientID="OTHER", StudyInstanceUID=generate_uid())
    with orthanc(tmp_path / "orthanc") as pacs:
        for content in (*(one.read_bytes() for one in files), file_of(other)):
            httpx.post(f"{pacs}/instances", content=content).raise_for_status()
        with start(GATEWAY_PACS_DICOMWEB_URL=f"{pacs}/dicom-web") as gateway:
            web = root(gateway)
            note = selection(code("113001"), first.SOPInstanceUID, study=uid, PatientID=patient)
            note.StudyInstanceUID, note.SeriesInstanceUID = uid, generate_uid()
            report = image(PatientID="OTHER", StudyInstanceUID=other.StudyInstanceUID)
            stow(web, file_of(note), file_of(report))
            assert eventually(lambda: len(search(gateway, "ImagingStudy")) == 2)

            series = f"{web}/studies/{uid}/series/{first.SeriesInstanceUID}"
            rejected = f"{series}/instances/{first.SOPInstanceUID}"
            for what in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail"):
                assert httpx.get(rejected + what).status_code == 404, what
            shown = {one.SOPInstanceUID for one in heads[1:]}
            studies = httpx.get(f"{web}/studies/{uid}", timeout=60)
            assert {str(_uid(one)) for one in parts(studies)} == shown
            for what in ("metadata", "instances"):
                found = httpx.get(f"{web}/studies/{uid}/{what}", timeout=60).json()
                assert {one["00080018"]["Value"][0] for one in found} == shown, what

            rest = selection(code("113001"), *shown, study=uid, PatientID=patient)
            rest.StudyInstanceUID, rest.SeriesInstanceUID = uid, generate_uid()
            rest.SOPInstanceUID = generate_uid()
            stow(web, file_of(rest))
            whole = f"{web}/studies/{uid}"
            assert eventually(lambda: httpx.get(whole).status_code == 404)
            assert httpx.get(f"{whole}/metadata").status_code == 404
            assert httpx.get(f"{whole}/instances").status_code == 204

            place = f"/series/{other.SeriesInstanceUID}/instances/{other.SOPInstanceUID}"
            hidden = f"{web}/studies/{other.StudyInstanceUID}"
            assert httpx.get(hidden + place).status_code == 200
            label(gateway, f"urn:oid:{other.StudyInstanceUID}")
            for path in ("", "/metadata", place, f"{place}/frames/1", f"{place}/rendered"):
                assert httpx.get(hidden + path).status_code == 404, path
            for path in ("/series", "/instances"):
                assert httpx.get(hidden + path).status_code == 204, path
            # Nor by the address of a study that may be seen.
            assert httpx.get(f"{web}/studies/{uid}{place}").status_code == 404
            known = f"/studies/{uid}/series/1/instances/1/bulkdata"
            up = "%2e%2e/" * 6
            for path in (f"studies/{other.StudyInstanceUID}", "../system", "../instances"):
                assert httpx.get(f"{web}{known}/{up}{path}").status_code == 404, path


def _uid(content: bytes) -> str:
    found: str = dcmread(BytesIO(content), stop_before_pixels=True).SOPInstanceUID
    return found


def label(gateway: GatewayProcess, study: str) -> None:
    """Hide a study from everybody, as the one who answers for it would."""
    base = f"http://{HOST}:{gateway.http}/fhir/ImagingStudy"
    (entry,) = httpx.get(base, params={"identifier": study}).json()["entry"]
    resource = entry["resource"]
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    resource["meta"]["security"] = [{"system": system, "code": "V"}]
    httpx.put(f"{base}/{resource['id']}", json=resource).raise_for_status()


@pytest.mark.timeout(300)
def test_frames_of_the_corpus_are_what_pydicom_reads(start: Start, shared: Path) -> None:
    files = sorted((shared / "corpus" / "dicom").glob("*/*.dcm"))
    read = set()
    with start() as gateway:
        for path in files:
            expected = _pixels(path)
            if expected is None:
                continue
            held = stow(root(gateway), path.read_bytes())
            if not held:
                continue
            url = held["00081199"]["Value"][0]["00081190"]["Value"][0]
            answer = httpx.get(
                f"{url}/frames/1", headers={"Accept": "application/octet-stream"}, timeout=60
            )
            assert answer.status_code == 200, f"{path.name}: {answer.text[:200]}"
            if len(answer.content) != expected.nbytes:
                # Another object under the same UID came first: this one is kept aside.
                continue
            assert answer.content == expected.tobytes(), path.name
            read.add(path.stem)
    assert read == _READ


def _pixels(path: Path) -> np.ndarray[Any, Any] | None:
    """Return the first frame as pydicom decodes it, None for what is no such image."""
    if any(path.stem.startswith(name) for name in _UNREAD):
        return None
    head = dcmread(path, stop_before_pixels=True, force=True)
    syntax = head.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)
    if syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        # Cut out of the object as they lie: what is compared is what is turned or decoded.
        return None
    native = not syntax.is_encapsulated
    colours = head.get("SamplesPerPixel", 1) > 1
    # As it lies: what pydicom turns into another order or colour space is compared elsewhere.
    if "Rows" not in head or (native and colours) or head.get("BitsAllocated") == 1:
        return None
    try:
        pixels = pixel_array(path, index=0)
    except (AttributeError, ValueError, RuntimeError):
        return None
    return pixels.astype(pixels.dtype.newbyteorder("<"))


@pytest.mark.timeout(300)
def test_ohif_shows_a_study(shared: Path, tmp_path: Path) -> None:
    node, chromium = shutil.which("node"), program("chromium")
    if node is None or not BROWSER_MODULES.is_dir() or not (ohif.PLACE / "index.html").is_file():
        pytest.skip(f"OHIF and what drives a browser are {INSTALL_CLIENTS}")
    port = free_port()
    data = tmp_path / "data"
    data.mkdir()
    listed = f'dicomweb_origins = ["http://{HOST}:{port}"]\n'
    (data / "gateway.toml").write_text(listed, "utf-8")
    gateway = GatewayProcess(data).start()
    viewer = ohif.server(ohif.PLACE, port, root(gateway))
    serving = threading.Thread(target=viewer.serve_forever)
    serving.start()
    try:
        storescu(gateway, *_ct(shared))
        uid = dcmread(_ct(shared)[0], stop_before_pixels=True).StudyInstanceUID
        picture = tmp_path / "ohif.png"
        url = f"http://{HOST}:{port}/viewer?StudyInstanceUIDs={uid}"
        command = [node, str(CLIENTS / "browser" / "screenshot.mjs"), chromium, url, str(picture)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        told = json.loads(done.stdout)
        assert told["failures"] == []
        assert told["shown"] >= 100, told["text"]
        assert "SCANNER THORACIQUE" in told["text"]
        with Image.open(picture) as shown:
            grays = shown.convert("L").resize((64, 40)).tobytes()
        # A gradient, and no message on a black page.
        assert len({gray // 8 for gray in grays}) > 16
    finally:
        viewer.shutdown()
        serving.join()
        viewer.server_close()
        gateway.stop()
        gateway.kill()
