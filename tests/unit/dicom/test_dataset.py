from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from gateway.dicom.dataset import Dataset as Whole
from gateway.dicom.dataset import read_file, swapped
from gateway.dicom.frames import frame_span, image_of, read_frame
from gateway.dicom.native_xml import native_xml
from gateway.errors import GatewayError, Malformed, NotFound


def image(syntax: UID = ExplicitVRLittleEndian, frames: int = 2) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    made.PatientName = "DUPRÉ^Zoé"
    made.PixelSpacing = ["0.5", "2"]
    made.Rows, made.Columns, made.NumberOfFrames = 2, 3, frames
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.SamplesPerPixel, made.PixelRepresentation = 1, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.SmallestImagePixelValue = -5
    inner = Dataset()
    inner.ICCProfile = bytes(range(256)) * 4
    inner.CodeMeaning = "<b>&"
    made.OpticalPathSequence = [Dataset(), inner]
    if not syntax.is_compressed:
        numbers = [number * 7 for number in range(6 * frames)]
        pixels = b"".join(number.to_bytes(2, "little") for number in numbers)
        made.PixelData = pixels if syntax.is_little_endian else swapped(pixels, 2)
        made["PixelData"].VR = "OW"
    return made


def written(made: Dataset) -> bytes:
    file = BytesIO()
    syntax = made.file_meta.TransferSyntaxUID
    made.save_as(
        file,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=True,
    )
    return file.getvalue()


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_the_model_is_what_pydicom_reads(syntax: UID) -> None:
    found = read_file(written(image(syntax)), "bulk/{}".format)
    model = Dataset.from_json(found.model, lambda *_: b"")
    assert model.PatientName == "DUPRÉ^Zoé"
    assert found.model["00080005"]["Value"] == ["ISO_IR 192"]
    assert found.model["00280030"] == {"vr": "DS", "Value": [0.5, 2]}
    assert found.model["00280106"] == {"vr": "SS", "Value": [-5]}
    assert found.model["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulk/7FE00010"}


def test_a_nested_value_is_named_by_the_way_to_it() -> None:
    found = read_file(written(image()), "bulk/{}".format)
    items = found.model["00480105"]["Value"]
    assert items[0] == {}
    assert items[1]["00282000"] == {"vr": "OB", "BulkDataURI": "bulk/00480105/1/00282000"}
    assert found.value(found.bulk["00480105/1/00282000"]) == bytes(range(256)) * 4


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_native_frames_are_cut_and_come_in_little_endian(syntax: UID) -> None:
    found = read_file(written(image(syntax)))
    second = read_frame(found, image_of(found), 2)
    assert second == b"".join((number * 7).to_bytes(2, "little") for number in range(6, 12))
    for number in (0, 3):
        with pytest.raises(NotFound):
            read_frame(found, image_of(found), number)


def test_bits_of_packed_frames_begin_anywhere() -> None:
    made = image()
    made.BitsAllocated = made.BitsStored = 1
    made.Rows, made.Columns, made.NumberOfFrames = 1, 3, 2
    made.PixelData = b"\x2e\x00"  # 0111 01: frame 1 is 0 1 1, frame 2 is 1 0 1
    found = read_file(written(made))
    frames = [read_frame(found, image_of(found), number) for number in (1, 2)]
    assert frames == [b"\x2e", b"\x05"]


def encapsulated(content: bytes, frames: int) -> Whole:
    made = image(JPEG2000Lossless, frames)
    made.PixelData = content
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return read_file(written(made))


@pytest.mark.parametrize("has_bot", [True, False])
@pytest.mark.parametrize("fragments", [1, 2])
def test_fragments_are_put_together_by_the_table_or_by_what_begins_a_frame(
    *, has_bot: bool, fragments: int
) -> None:
    frames = [b"\xff\x4f\xff\x51" + bytes([number]) * 40 for number in range(3)]
    found = encapsulated(encapsulate(frames, fragments_per_frame=fragments, has_bot=has_bot), 3)
    image_ = image_of(found)
    assert [read_frame(found, image_, number) for number in (1, 2, 3)] == frames
    spans = [frame_span(found, image_, number) for number in (1, 2, 3)]
    assert [span and found.buffer[span[0] : span[1]] for span in spans] == (
        frames if fragments == 1 else [None] * 3
    )


@pytest.mark.parametrize(
    ("syntax", "bits", "one"),
    [
        (ExplicitVRLittleEndian, 16, True),
        (ExplicitVRBigEndian, 16, False),
        (ExplicitVRLittleEndian, 1, False),
    ],
)
def test_a_native_frame_is_one_stretch_where_it_lies_as_it_is_answered(
    syntax: UID, bits: int, *, one: bool
) -> None:
    made = image(syntax)
    made.BitsAllocated = bits
    found = read_file(written(made))
    span = frame_span(found, image_of(found), 2)

    assert (span is not None) is one
    if span is not None:
        assert found.buffer[span[0] : span[1]] == read_frame(found, image_of(found), 2)


def test_pixel_data_that_is_cut_off_is_malformed_and_an_object_without_is_no_image() -> None:
    whole = written(image())
    found = read_file(whole[:-4])
    assert len(read_frame(found, image_of(found), 1)) == 12
    with pytest.raises(Malformed):
        read_frame(found, image_of(found), 2)
    made = image()
    del made.PixelData
    found = read_file(written(made))
    with pytest.raises(NotFound):
        image_of(found)


@given(st.integers(0, 1200), st.binary(min_size=1, max_size=4))
def test_any_damage_is_read_or_refused(at: int, damage: bytes) -> None:
    whole = written(image())
    damaged = whole[:at] + damage + whole[at + len(damage) :]
    try:
        found = read_file(damaged)
        image_ = image_of(found)
        read_frame(found, image_, image_.frames)
    except GatewayError:
        return
    assert found.model


def test_numbers_are_turned_whole() -> None:
    assert swapped(b"\x01\x02\x03\x04\x05", 2) == b"\x02\x01\x04\x03"
    assert swapped(b"\x01\x02\x03\x04", 4) == b"\x04\x03\x02\x01"


def test_the_native_model_escapes_text_and_names_persons_by_component() -> None:
    text = native_xml(read_file(written(image()), "bulk/{}".format).model).decode()
    assert "<FamilyName>DUPRÉ</FamilyName><GivenName>Zoé</GivenName>" in text
    assert "&lt;b&gt;&amp;" in text
    assert '<BulkData uri="bulk/7FE00010"/>' in text


def test_pydicom_reads_the_same_pixels() -> None:
    whole = written(image())
    found = read_file(whole)
    assert read_frame(found, image_of(found), 1) == dcmread(BytesIO(whole)).PixelData[:12]
