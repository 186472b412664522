"""An object in another transfer syntax says the same."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from gateway.dicom.transcoding import dataset_in
from gateway.errors import Unsupported
from tests.e2e.modality import image

_PIXELS = bytes(range(256)) * 2


def held_in(syntax: str) -> bytes:
    """Return an image of sixteen bits as it is held in a transfer syntax."""
    made = image(BitsAllocated=16, BitsStored=16, HighBit=15, PixelData=_PIXELS)
    made["PixelData"].VR = "OW"
    target = BytesIO()
    if syntax == RLELossless:
        made.compress(RLELossless, generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian:
        made.PixelData = b"".join(_PIXELS[at : at + 2][::-1] for at in range(0, len(_PIXELS), 2))
    made.file_meta.TransferSyntaxUID = UID(syntax)
    dcmwrite(target, made, enforce_file_format=True)
    return target.getvalue()


def read(encoded: bytes, syntax: str) -> Dataset:
    found = dcmread(BytesIO(encoded), force=True)
    found.file_meta.TransferSyntaxUID = UID(syntax)
    return found


@pytest.mark.parametrize("wanted", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    "held",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        RLELossless,
    ],
)
def test_the_pixels_are_the_same_in_every_uncompressed_syntax(held: str, wanted: str) -> None:
    found = read(dataset_in(wanted, held_in(held)), wanted)
    assert found.PixelData == _PIXELS
    assert (found.Rows, str(found.PatientName)) == (16, "DURAND^Zoe")


@pytest.mark.parametrize(
    ("held", "wanted"),
    [(ExplicitVRLittleEndian, JPEG2000Lossless), (ExplicitVRLittleEndian, ExplicitVRBigEndian)],
)
def test_a_syntax_that_is_not_written_for_a_receiver_is_refused(held: str, wanted: str) -> None:
    with pytest.raises(Unsupported):
        dataset_in(wanted, held_in(held))


def test_a_private_syntax_and_pixels_that_are_none_are_refused() -> None:
    whole = held_in(RLELossless)
    private = whole.replace(RLELossless.encode(), b"1.2.3.4.5.6.7.8.9.10\0")
    with pytest.raises(Unsupported):
        dataset_in(ExplicitVRLittleEndian, private)
    with pytest.raises(Unsupported):
        dataset_in(ExplicitVRLittleEndian, whole[:-400])
