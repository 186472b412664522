from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread

from gateway.dicom.document import read_dataset
from gateway.dicom.writer import charset_for, write_dataset

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
ENTRY: dict[str, Any] = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.31"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "LEFÈVRE^Zoé", "Ideographic": "山田"}]},
    "00100020": {"vr": "LO", "Value": ["4711"]},
    "00280010": {"vr": "US", "Value": [512]},
    "00400100": {
        "vr": "SQ",
        "Value": [
            {"00080060": {"vr": "CS", "Value": ["CT"]}, "00400003": {"vr": "TM"}},
            {"00400007": {"vr": "LO", "Value": ["Thorax", "œdème"]}},
        ],
    },
}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_what_is_written_is_read_as_it_was(syntax: str) -> None:
    raw = write_dataset(ENTRY, explicit=syntax == EXPLICIT)

    assert read_dataset(raw, syntax).model == ENTRY


def test_pydicom_reads_what_is_written() -> None:
    raw = write_dataset(ENTRY, explicit=True)
    found = dcmread(BytesIO(raw), force=True)

    assert str(found.PatientName).split("=", maxsplit=1)[0] == "LEFÈVRE^Zoé"
    assert found.ScheduledProcedureStepSequence[0].Modality == "CT"


def test_a_ligature_is_two_letters_where_there_is_none() -> None:
    entry = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "CŒUR^Zoé"}]}}

    raw = write_dataset(entry, explicit=True, charset="ISO_IR 100")

    assert b"ISO_IR 100" in raw
    assert "COEUR^Zoé".encode("latin-1") in raw
    assert b"?" not in raw


@pytest.mark.parametrize(
    ("text", "demanded", "expected"),
    [
        ("DUPONT", ("ISO_IR 100",), ""),
        ("CŒUR", (), "ISO_IR 192"),
        ("CŒUR", ("ISO_IR 100",), "ISO_IR 100"),
        ("山田", ("ISO_IR 100",), "ISO_IR 192"),
        ("Zoé", ("no such set",), "ISO_IR 192"),
        ("Zoé", ("", "ISO 2022 IR 100"), "ISO_IR 192"),
    ],
)
def test_the_character_set_is_the_one_that_the_peer_asks_in(
    text: str, demanded: tuple[str, ...], expected: str
) -> None:
    assert charset_for({"00100010": {"vr": "PN", "Value": [text]}}, demanded) == expected


def test_a_backslash_in_a_text_does_not_make_two_values() -> None:
    raw = write_dataset({"00100020": {"vr": "LO", "Value": ["a\\b"]}}, explicit=True)

    assert read_dataset(raw, EXPLICIT).model["00100020"]["Value"] == ["a/b"]
