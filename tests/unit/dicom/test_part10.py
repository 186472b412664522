from __future__ import annotations

import io

import pytest
from pydicom import dcmread

from gateway.dicom.part10 import file_head, read_file_meta
from gateway.errors import Malformed

EXPLICIT = "1.2.840.10008.1.2.1"


def test_pydicom_reads_the_file_meta_that_is_written() -> None:
    head = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", EXPLICIT)
    meta = dcmread(io.BytesIO(head)).file_meta

    assert {element.keyword: element.value for element in meta} == {
        "FileMetaInformationGroupLength": len(head) - 144,
        "FileMetaInformationVersion": b"\x00\x01",
        "MediaStorageSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "MediaStorageSOPInstanceUID": "1.2.3.4",
        "TransferSyntaxUID": EXPLICIT,
        "ImplementationClassUID": "2.25.140961432066997953237424925603975035921",
        "ImplementationVersionName": "PASSERELLE",
    }


def test_the_dataset_is_found_behind_the_file_meta() -> None:
    head = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3", EXPLICIT)
    meta = read_file_meta(head + b"\x08\x00\x05\x00CS\x00\x00")

    assert (meta.dataset_offset, meta.transfer_syntax) == (len(head), EXPLICIT)


@pytest.mark.parametrize("content", [b"", bytes(200), bytes(128) + b"DICM"])
def test_what_is_no_dicom_file_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        read_file_meta(content)
