"""The DICOMweb door of a real gateway: stored, found, retrieved, drawn, refused."""

from __future__ import annotations

import gzip
import http.client
import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.uid import EncapsulatedPDFStorage, RLELossless, generate_uid

from gateway.dicom.multipart import MultipartReader, PartBegun, boundary_of
from tests.documents import code, file_of, selection
from tests.e2e.modality import image, stored
from tests.e2e.process import GatewayProcess, until

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECTS = 'multipart/related; type="application/dicom"; boundary=frontier'
# The same in every process that collects these tests: they are in the names of some.
_STUDY, _SERIES = (generate_uid(entropy_srcs=[name]) for name in ("a study", "a series"))
_SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        return json.loads(self.body)

    @property
    def parts(self) -> list[tuple[str, bytes]]:
        """The media type with its parameters, and the content, of each part."""
        reader = MultipartReader(boundary_of(self.headers["content-type"])[0])
        found: list[tuple[str, bytes]] = []
        for event in reader.feed(self.body):
            if isinstance(event, PartBegun):
                found.append((event.headers["content-type"], b""))
            elif isinstance(event, bytes):
                found[-1] = (found[-1][0], found[-1][1] + event)
        reader.end()
        return found


def ask(
    gateway: GatewayProcess, path: str, accept: str = "", method: str = "GET", **more: str | bytes
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
    headers = {name.replace("_", "-"): str(more[name]) for name in more if name != "body"}
    if accept:
        headers["accept"] = accept
    connection.request(method, f"/dicom-web{path}", more.get("body"), headers)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    try:
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


def part10(made: Dataset) -> bytes:
    file = BytesIO()
    made.save_as(file, enforce_file_format=True)
    return file.getvalue()


def store(gateway: GatewayProcess, *contents: bytes, path: str = "/studies") -> Answer:
    head = b"--frontier\r\nContent-Type: application/dicom\r\n\r\n"
    body = b"\r\n".join([*(head + one for one in contents), b"--frontier--"])
    return ask(gateway, path, method="POST", body=body, content_type=_OBJECTS)


def slice_of(number: int) -> Dataset:
    made = image(
        StudyInstanceUID=_STUDY,
        SeriesInstanceUID=_SERIES,
        InstanceNumber=number,
        PatientName=f"{_SCRIPT}^Zoé",
        StudyDescription=_SCRIPT,
        SpecificCharacterSet="ISO_IR 192",
        NumberOfFrames=2,
        PixelData=bytes(range(256)) + bytes([number]) * 256,
    )
    made["PixelData"].VR = "OB"
    return made


SLICES = [slice_of(number) for number in (1, 2, 3)]
_INSTANCE = f"/studies/{_STUDY}/series/{_SERIES}/instances/{SLICES[0].SOPInstanceUID}"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("dicomweb") / "data")
    process.data.mkdir()
    toml = process.data / "gateway.toml"
    toml.write_text('dicomweb_origins = ["https://viewer.example"]\n', "utf-8")
    process.start()
    try:
        answer = store(process, *map(part10, SLICES))
        assert answer.status == 200, answer.body
        yield process
        assert process.stop() == 0
        assert "dicomweb.failed" not in process.log.read_text("utf-8")
    finally:
        process.kill()


# Store


def test_what_is_stored_twice_is_a_success_and_the_same_bytes_as_by_c_store(
    gateway: GatewayProcess,
) -> None:
    assert stored(gateway, SLICES[0]) == [0x0000]
    answer = store(gateway, part10(SLICES[0]))
    assert answer.status == 200
    (one,) = answer.json["00081199"]["Value"]
    assert one["00081190"]["Value"] == [f"http://127.0.0.1:{gateway.http}/dicom-web{_INSTANCE}"]


def test_an_object_of_another_study_is_refused_and_the_others_are_stored(
    gateway: GatewayProcess,
) -> None:
    other = image()
    path = f"/studies/{_STUDY}"
    answer = store(gateway, part10(SLICES[1]), part10(other), path=path)
    assert answer.status == 202
    (failed,) = answer.json["00081198"]["Value"]
    assert failed["00081155"]["Value"] == [other.SOPInstanceUID]
    assert failed["00081197"]["Value"] == [0xA900]
    assert store(gateway, part10(other), path=path).status == 409
    assert ask(gateway, f"/studies/{other.StudyInstanceUID}").status == 404


def test_metadata_and_bulk_data_become_an_object(gateway: GatewayProcess) -> None:
    made = image(PatientName="BULK")
    model = made.to_json_dict()
    model["7FE00010"] = {"vr": "OW", "BulkDataURI": "pixels/1"}
    body = (
        b"--frontier\r\nContent-Type: application/dicom+json\r\n\r\n"
        + json.dumps([model]).encode()
        + b"\r\n--frontier\r\nContent-Type: application/octet-stream\r\n"
        + b"Content-Location: pixels/1\r\n\r\n"
        + bytes(range(256))
        + b"\r\n--frontier--"
    )
    content_type = _OBJECTS.replace("dicom", "dicom+json")
    answer = ask(gateway, "/studies", method="POST", body=body, content_type=content_type)
    assert answer.status == 200, answer.body
    url = answer.json["00081199"]["Value"][0]["00081190"]["Value"][0].partition("/dicom-web")[2]
    (frame,) = ask(gateway, f"{url}/frames/1", "multipart/related").parts
    assert frame[1] == bytes(range(256))


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (_OBJECTS, b"--frontier\r\n\r\ncut off", 400),
        (_OBJECTS, b"", 400),
        (_OBJECTS, b"--frontier\r\nX: " + b"x" * 40_000 + b"\r\n\r\n--frontier--", 413),
        ('multipart/related; type="application/dicom"', b"", 400),
        ("application/json", b"{}", 415),
        (_OBJECTS.replace("dicom", "dicom+xml"), b"", 415),
        (_OBJECTS, b"--frontier\r\nContent-Type: text/plain\r\n\r\nx\r\n--frontier--", 415),
        (_OBJECTS, b"--frontier\r\n\r\nno DICOM\r\n--frontier--", 409),
        (
            _OBJECTS.replace("dicom", "dicom+json"),
            b"--frontier\r\nContent-Type: application/dicom+json\r\n\r\n{\r\n--frontier--",
            400,
        ),
    ],
)
def test_a_body_that_is_none_has_a_status_that_says_so(
    gateway: GatewayProcess, content_type: str, body: bytes, status: int
) -> None:
    answer = ask(gateway, "/studies", method="POST", body=body, content_type=content_type)
    assert answer.status == status, answer.body


# Search


def test_studies_series_and_instances_are_found(gateway: GatewayProcess) -> None:
    (study,) = ask(gateway, f"/studies?StudyInstanceUID={_STUDY}").json
    assert study["00201208"]["Value"] == [3]
    assert study["00081030"]["Value"] == [_SCRIPT]
    (series,) = ask(gateway, f"/studies/{_STUDY}/series?Modality=O*").json
    assert series["0020000E"]["Value"] == [_SERIES]
    found = ask(gateway, f"/studies/{_STUDY}/instances?limit=2")
    assert len(found.json) == 2
    assert found.json[0]["00280010"]["Value"] == [16]
    assert found.headers["warning"].startswith("299 ")
    rest = ask(gateway, f"/studies/{_STUDY}/instances?limit=2&offset=2")
    assert len(rest.json) == 1
    assert "warning" not in rest.headers
    (named,) = ask(gateway, f"/instances?SOPInstanceUID=1.2,{SLICES[0].SOPInstanceUID}").json
    assert named["00080018"]["Value"] == [SLICES[0].SOPInstanceUID]


def test_more_is_answered_when_asked_for_in_json_or_xml(gateway: GatewayProcess) -> None:
    path = f"/studies/{_STUDY}/instances?InstanceNumber=1&includefield="
    (one,) = ask(gateway, f"{path}PhotometricInterpretation,00280101").json
    assert one["00280004"]["Value"] == ["MONOCHROME2"]
    assert one["00280101"]["Value"] == [8]
    (whole,) = ask(gateway, f"{path}all").json
    assert whole["7FE00010"]["BulkDataURI"].endswith("/bulkdata/7FE00010")
    ((media, text),) = ask(
        gateway, f"{path}all", 'multipart/related; type="application/dicom+xml"'
    ).parts
    assert media == "application/dicom+xml"
    assert b"&lt;script&gt;" in text
    assert b"<script>" not in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/studies?PatientID=nobody", 204),
        ("/studies?nonsense=1", 400),
        ("/studies?limit=none", 400),
        ("/studies?fuzzymatching=perhaps", 400),
        ("/studies?RequestAttributesSequence=1", 400),
        ("/studies/not-a-uid/series", 400),
        ("/elsewhere", 404),
    ],
)
def test_a_search_that_finds_nothing_or_is_none(
    gateway: GatewayProcess, path: str, status: int
) -> None:
    assert ask(gateway, path).status == status


# Retrieve


@pytest.mark.parametrize(
    ("path", "count"), [(f"/studies/{_STUDY}", 3), (_INSTANCE.split("/inst", maxsplit=1)[0], 3)]
)
@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        'multipart/related; type="application/dicom"; transfer-syntax=*',
        "multipart/related; type=application/dicom",
        "text/html;q=0.9, multipart/related;transfer-syntax=1.2.840.10008.1.2.1;q=0.5",
    ],
)
def test_objects_come_in_parts_whatever_way_they_are_asked_for(
    gateway: GatewayProcess, path: str, count: int, accept: str
) -> None:
    answer = ask(gateway, path, accept)
    assert answer.status == 200
    assert answer.headers["content-length"] == str(len(answer.body))
    uids = {dcmread(BytesIO(content)).SOPInstanceUID for _, content in answer.parts}
    assert uids == {one.SOPInstanceUID for one in SLICES}
    assert len(answer.parts) == count
    again = ask(gateway, path, accept, if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_one_object_comes_alone_and_by_ranges(gateway: GatewayProcess) -> None:
    whole = ask(gateway, _INSTANCE, "application/dicom")
    assert dcmread(BytesIO(whole.body)).SOPInstanceUID == SLICES[0].SOPInstanceUID
    some = ask(gateway, _INSTANCE, "application/dicom", range="bytes=10-19")
    assert (some.status, some.body) == (206, whole.body[10:20])
    none = ask(gateway, _INSTANCE, "application/dicom", range="bytes=999999-")
    assert (none.status, none.headers["content-range"]) == (416, f"bytes */{len(whole.body)}")


def test_another_transfer_syntax_is_made_without_loss(gateway: GatewayProcess) -> None:
    accept = f"application/dicom; transfer-syntax={RLELossless}"
    found = dcmread(BytesIO(ask(gateway, _INSTANCE, accept).body))
    assert found.file_meta.TransferSyntaxUID == RLELossless
    found.decompress()
    assert found.PixelData == SLICES[0].PixelData


def test_metadata_is_made_once_and_comes_packed(gateway: GatewayProcess) -> None:
    path = f"/studies/{_STUDY}/metadata"
    plain = ask(gateway, path, "application/dicom+json")
    packed = ask(gateway, path, "application/json", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == plain.json
    assert len(plain.json) == 3
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert ask(gateway, path, if_none_match=plain.headers["etag"]).status == 304
    late = slice_of(4)
    late.StudyInstanceUID = study = generate_uid()
    assert store(gateway, part10(late)).status == 200
    assert len(ask(gateway, f"/studies/{study}/metadata").json) == 1
    late.SOPInstanceUID = generate_uid()
    assert store(gateway, part10(late)).status == 200
    assert len(ask(gateway, f"/studies/{study}/metadata").json) == 2


def test_what_a_note_rejects_is_nowhere_any_more(gateway: GatewayProcess) -> None:
    study = "1.2.250.1.999.8"
    series = f"{study}.1"
    made = [image(StudyInstanceUID=study, SeriesInstanceUID=series) for _ in range(2)]
    kept, gone = (str(one.SOPInstanceUID) for one in made)
    note = selection(code("113001"), gone, study=study, PatientID="BAD", StudyInstanceUID=study)
    note.SeriesInstanceUID = generate_uid()
    place = f"/studies/{study}/series/{series}"
    assert store(gateway, *map(part10, made)).status == 200
    assert len(ask(gateway, f"/studies/{study}/metadata").json) == 2
    assert ask(gateway, f"{place}/instances/{gone}/rendered").status == 200

    assert store(gateway, file_of(note)).status == 200
    until(lambda: ask(gateway, f"{place}/instances/{gone}").status == 404)
    for path in (f"/studies/{study}", place):
        (found,) = ask(gateway, path).parts
        assert dcmread(BytesIO(found[1])).SOPInstanceUID == kept
        for what in ("metadata", "instances"):
            (model,) = ask(gateway, f"{path}/{what}").json
            assert model["00080018"]["Value"] == [kept]
    (only,) = ask(gateway, f"/studies?StudyInstanceUID={study}").json
    assert only["00201208"]["Value"] == [1]
    for what in ("metadata", "frames/1", "bulkdata/7FE00010", "rendered", "thumbnail"):
        assert ask(gateway, f"{place}/instances/{gone}/{what}").status == 404, what
    old = f"/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={gone}"
    assert ask(gateway, old).status == 404


def test_frames_come_as_they_are_asked_for(gateway: GatewayProcess) -> None:
    octets = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    answer = ask(gateway, f"{_INSTANCE}/frames/2,1", octets)
    assert [content for _, content in answer.parts] == [bytes([1]) * 256, bytes(range(256))]
    alone = ask(gateway, f"{_INSTANCE}/frames/1", "application/octet-stream")
    assert alone.body == bytes(range(256))
    bulk = ask(gateway, f"{_INSTANCE}/bulkdata/7FE00010", range="bytes=255-256")
    assert (bulk.status, bulk.body) == (206, b"\xff\x01")


def test_a_picture_is_windowed_cut_and_scaled(gateway: GatewayProcess) -> None:
    path = f"{_INSTANCE}/frames/1/rendered"
    png = ask(gateway, f"{path}?window=128,256,linear-exact", "image/png")
    picture = Image.open(BytesIO(png.body))
    assert picture.size == (16, 16)
    assert picture.getpixel((15, 15)) == 254
    part = ask(gateway, f"{path}?viewport=32,32,0,8,16,8&quality=80", "image/jpeg")
    assert Image.open(BytesIO(part.body)).size == (32, 16)
    small = ask(gateway, f"/studies/{_STUDY}/thumbnail?viewport=8,8")
    assert Image.open(BytesIO(small.body)).size == (8, 8)
    uri = f"/wado?requestType=WADO&studyUID={_STUDY}&seriesUID={_SERIES}&objectUID="
    old = ask(gateway, f"{uri}{SLICES[0].SOPInstanceUID}&contentType=image/png&rows=4")
    assert Image.open(BytesIO(old.body)).size == (4, 4)


def test_a_document_is_rendered_as_what_it_is(gateway: GatewayProcess) -> None:
    made = image(
        SOPClassUID=EncapsulatedPDFStorage,
        PixelData=None,
        EncapsulatedDocument=b"%PDF-1.4" + bytes(600),
        MIMETypeOfEncapsulatedDocument="application/pdf",
    )
    answer = store(gateway, part10(made))
    url = answer.json["00081199"]["Value"][0]["00081190"]["Value"][0].partition("/dicom-web")[2]
    pdf = ask(gateway, f"{url}/rendered", "application/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body.startswith(b"%PDF-1.4")
    assert ask(gateway, f"{url}/frames/1").status == 404
    assert ask(gateway, f"{url}/thumbnail").status == 406


def test_pixel_data_that_is_cut_off_or_lies_about_its_size_is_refused(
    gateway: GatewayProcess,
) -> None:
    short = image(PixelData=bytes(100))
    bomb = image(Rows=65535, Columns=65535, BitsAllocated=32)
    for made, expected in ((short, 400), (bomb, 406)):
        answer = store(gateway, part10(made))
        url = answer.json["00081199"]["Value"][0]["00081190"]["Value"][0].partition("/dicom-web")[2]
        assert ask(gateway, f"{url}/rendered").status in (400, expected)


def test_an_object_that_claims_frames_without_number_is_refused(gateway: GatewayProcess) -> None:
    made = image()
    made.compress(RLELossless, generate_instance_uid=False)
    made.NumberOfFrames = 4_000_000_000
    answer = store(gateway, part10(made))
    url = answer.json["00081199"]["Value"][0]["00081190"]["Value"][0].partition("/dicom-web")[2]
    assert ask(gateway, f"{url}/bulkdata/7FE00010").status == 406


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("", "text/html", 406),
        ("", "multipart/related; type=application/dicom; transfer-syntax=1.2.3", 406),
        ("/metadata", "application/dicom", 406),
        ("/metadata?unknown=1", "", 400),
        ("/frames/0", "", 404),
        ("/frames/3", "", 404),
        ("/frames/x", "", 400),
        ("/frames/1", "image/jls", 406),
        ("/bulkdata/00100010", "", 404),
        ("/rendered?viewport=99999,1", "", 400),
        ("/rendered?viewport=1", "", 400),
        ("/rendered?window=1", "", 400),
        ("/rendered?window=1,0", "", 400),
        ("/rendered?quality=0", "", 400),
        ("/rendered?annotation=name", "", 400),
        ("/rendered", "image/bmp", 406),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence(
    gateway: GatewayProcess, path: str, accept: str, status: int
) -> None:
    answer = ask(gateway, f"{_INSTANCE}{path}", accept)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.endswith(b".\n")


def test_the_manifest_that_a_caller_names_must_be_here(gateway: GatewayProcess) -> None:
    path = f"/studies/{_STUDY}/series/{_SERIES}"
    assert ask(gateway, path, KOS_SOPInstanceUID="1.2.3").status == 404
    assert ask(gateway, path, KOS_SOPInstanceUID="<x>").status == 400


def test_pages_of_listed_hosts_may_ask_and_capabilities_are_told(gateway: GatewayProcess) -> None:
    listed = ask(gateway, "/studies?limit=1", origin="https://viewer.example")
    assert listed.headers["access-control-allow-origin"] == "https://viewer.example"
    other = ask(gateway, "/studies?limit=1", origin="https://other.example")
    assert "access-control-allow-origin" not in other.headers
    asked = ask(
        gateway,
        "/studies",
        method="OPTIONS",
        origin="https://viewer.example",
        access_control_request_method="GET",
    )
    assert asked.status == 204
    assert "GET" in asked.headers["access-control-allow-methods"]
    wadl = ask(gateway, "/studies", method="OPTIONS")
    assert b"RetrieveFrames" in wadl.body
    assert ask(gateway, f"/studies/{_STUDY}", method="HEAD").body == b""
    assert ask(gateway, f"/studies/{_STUDY}", method="DELETE").status == 405
