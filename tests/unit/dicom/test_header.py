from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from gateway.dicom.header import HEAD_BYTES, InstanceHeader, read_header, read_header_from
from gateway.dicom.transfer_syntaxes import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
)
from gateway.errors import Malformed

CT = "1.2.840.10008.5.1.4.1.1.2"
PRIVATE_SYNTAX = "1.3.46.670589.33.1.4.1"


def a_dataset(**more: Any) -> Dataset:  # noqa: ANN401 - attribute values of any VR
    issuer = Dataset()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = "1.2.250.1.999.21", "ISO"
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = "1.2.3.1"
    dataset.AccessionNumber = "SC1"
    dataset.IssuerOfAccessionNumberSequence = Sequence([issuer])
    dataset.PatientName = "LEFÈVRE^Zoé"
    dataset.StudyInstanceUID = "1.2.3"
    dataset.SeriesInstanceUID = "1.2.3.0"
    dataset.InstanceNumber = 7
    dataset.Rows = 2
    dataset.add_new(0x7FE00010, "OW", bytes(64))
    for name, value in more.items():
        setattr(dataset, name, value)
    return dataset


def encode(dataset: Dataset, *, explicit: bool = True, little: bool = True) -> bytes:
    raw = io.BytesIO()
    dataset.set_original_encoding(not explicit, little)
    from pydicom.filebase import DicomBytesIO  # noqa: PLC0415 - a detail of this function

    target = DicomBytesIO()
    target.is_implicit_VR, target.is_little_endian = not explicit, little
    write_dataset(target, dataset)
    raw.write(target.getvalue())
    return raw.getvalue()


def deflate(content: bytes) -> bytes:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return machine.compress(content) + machine.flush()


EXPECTED = InstanceHeader(
    study_uid="1.2.3",
    series_uid="1.2.3.0",
    sop_class=CT,
    sop_instance="1.2.3.1",
    attributes={
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080016": {"vr": "UI", "Value": [CT]},
        "00080018": {"vr": "UI", "Value": ["1.2.3.1"]},
        "00080050": {"vr": "SH", "Value": ["SC1"]},
        "00080051": {
            "vr": "SQ",
            "Value": [
                {
                    "00400032": {"vr": "UT", "Value": ["1.2.250.1.999.21"]},
                    "00400033": {"vr": "CS", "Value": ["ISO"]},
                }
            ],
        },
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "LEFÈVRE^Zoé"}]},
        "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
        "0020000E": {"vr": "UI", "Value": ["1.2.3.0"]},
        "00200013": {"vr": "IS", "Value": [7]},
    },
    complete=True,
)


@pytest.mark.parametrize(
    ("syntax", "encoded"),
    [
        (EXPLICIT_LITTLE, encode(a_dataset())),
        (IMPLICIT_LITTLE, encode(a_dataset(), explicit=False)),
        (EXPLICIT_BIG, encode(a_dataset(), little=False)),
        (DEFLATED, deflate(encode(a_dataset()))),
        (PRIVATE_SYNTAX, encode(a_dataset())),
    ],
)
def test_the_header_is_the_same_in_every_encoding(syntax: str, encoded: bytes) -> None:
    assert read_header(encoded, syntax) == EXPECTED


@pytest.mark.parametrize(
    ("announced", "encoded"),
    [
        (IMPLICIT_LITTLE, encode(a_dataset())),
        (EXPLICIT_LITTLE, encode(a_dataset(), explicit=False)),
        (EXPLICIT_LITTLE, encode(a_dataset(), little=False)),
        (DEFLATED, encode(a_dataset())),
    ],
)
def test_a_wrongly_announced_encoding_is_seen_in_the_first_element(
    announced: str, encoded: bytes
) -> None:
    assert read_header(encoded, announced) == EXPECTED


def test_sequences_of_undefined_length_are_read() -> None:
    dataset = a_dataset()
    dataset["IssuerOfAccessionNumberSequence"].is_undefined_length = True
    dataset.IssuerOfAccessionNumberSequence[0].is_undefined_length_sequence_item = True

    assert read_header(encode(dataset), EXPLICIT_LITTLE) == EXPECTED


def test_ten_thousand_nested_sequences_are_jumped_over() -> None:
    nest = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    close = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    inside = b"\x09\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    encoded = encode(a_dataset())
    at = encoded.index(b"\x10\x00\x10\x00PN")
    deep = inside + nest * 10_000 + close * 10_000 + close

    assert read_header(encoded[:at] + deep + encoded[at:], EXPLICIT_LITTLE) == EXPECTED


def test_the_head_alone_is_enough_when_pixels_are_cut_off() -> None:
    encoded = encode(a_dataset())

    assert read_header(encoded[:-50], EXPLICIT_LITTLE) == EXPECTED


def test_a_head_that_ends_too_early_says_so() -> None:
    encoded = encode(a_dataset())
    header = read_header(encoded[: encoded.index(b"\xe0\x7f\x10\x00")], EXPLICIT_LITTLE)

    assert header.complete is False


def test_a_header_behind_a_large_private_element_is_read_from_the_file() -> None:
    dataset = a_dataset()
    dataset.add_new(0x00091001, "OB", bytes(HEAD_BYTES))
    file = io.BytesIO(b"head" + encode(dataset))
    file.seek(4)

    assert read_header_from(file, EXPLICIT_LITTLE) == EXPECTED


def test_a_deflated_bomb_is_inflated_no_further_than_a_header() -> None:
    bomb = deflate(encode(a_dataset(PatientComments="x")) + bytes(1 << 26))

    assert read_header(bomb, DEFLATED).study_uid == "1.2.3"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("StudyInstanceUID", "The object has no Study Instance UID."),
        ("SeriesInstanceUID", "The object has no Series Instance UID."),
        ("SOPClassUID", "The object has no SOP Class UID."),
        ("SOPInstanceUID", "The object has no SOP Instance UID."),
    ],
)
def test_an_object_without_its_uids_is_refused_by_name(name: str, sentence: str) -> None:
    dataset = a_dataset()
    delattr(dataset, name)

    with pytest.raises(Malformed) as refused:
        read_header(encode(dataset), EXPLICIT_LITTLE)

    assert refused.value.text == sentence


def test_a_uid_with_letters_is_refused() -> None:
    encoded = encode(a_dataset()).replace(b"1.2.3.1\0", b"1.2.3.x\0")

    with pytest.raises(Malformed, match="SOP Instance UID of the object is not a UID"):
        read_header(encoded, EXPLICIT_LITTLE)


@given(st.binary(max_size=400), st.sampled_from([EXPLICIT_LITTLE, IMPLICIT_LITTLE, DEFLATED]))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes, syntax: str) -> None:
    with pytest.raises(Malformed):
        read_header(noise, syntax)


@given(st.data())
def test_a_mutated_object_is_read_or_refused(data: st.DataObject) -> None:
    encoded = bytearray(encode(a_dataset()))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(encoded)))

    try:
        header = read_header(bytes(encoded[:cut]), EXPLICIT_LITTLE)
    except Malformed:
        return
    assert header.study_uid
