"""An object in another transfer syntax (PS3.5 annex A, PS3.18 section 8.7.3.5).

The DICOMweb door has it done in processes of their own: codecs are other people's C, and what they
read is anybody's. The DIMSE door does it seldom: pydicom, half a second and 40 MB, comes with the
first object that needs it.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from gateway.dicom.dataset import swapped
from gateway.dicom.part10 import read_file_meta
from gateway.dicom.transfer_syntaxes import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    is_encapsulated,
)
from gateway.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pydicom

# Bytes of one number.
_WIDTHS: Final = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}
_PIXELS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

# What every receiver of images takes.
_TAKEN: Final = frozenset({EXPLICIT_LITTLE, IMPLICIT_LITTLE})


def dataset_in(transfer_syntax: str, file: bytes) -> bytes:
    """Return the encoded dataset of a Part 10 file in an uncompressed syntax; raises `Unsupported`.

    Without loss, and in this process.
    """
    from pydicom.uid import UID  # noqa: PLC0415 - see above

    if transfer_syntax not in _TAKEN or UID(read_file_meta(file).transfer_syntax).is_private:
        message = "The object cannot be written in the transfer syntax that the receiver takes."
        raise Unsupported(message)
    target = BytesIO()
    try:
        transcode(BytesIO(file), target, transfer_syntax)
    except Exception as fault:
        # Decoders and pydicom have a dozen ways to say it.
        message = "The object cannot be decoded for a receiver that takes another transfer syntax."
        raise Unsupported(message) from fault
    whole = target.getvalue()
    return whole[read_file_meta(whole).dataset_offset :]


def transcode(source: Path | BinaryIO, target: Path | BinaryIO, transfer_syntax: str) -> None:
    """Write the object of a Part 10 file in another transfer syntax; raises what codecs raise."""
    import pydicom  # noqa: PLC0415 - see above
    from pydicom.uid import UID  # noqa: PLC0415 - see above

    dataset = pydicom.dcmread(source)
    stored = str(dataset.file_meta.TransferSyntaxUID)
    if stored == EXPLICIT_BIG:
        _turn(dataset)
    has_pixels = any(name in dataset for name in _PIXELS)
    if is_encapsulated(stored) and has_pixels:
        dataset.decompress(generate_instance_uid=False)
    if is_encapsulated(transfer_syntax) and has_pixels:
        dataset.compress(UID(transfer_syntax), generate_instance_uid=False)
    else:
        native = EXPLICIT_LITTLE if is_encapsulated(transfer_syntax) else transfer_syntax
        dataset.file_meta.TransferSyntaxUID = UID(native)
    _save(dataset, target)


def compose(
    metadata: dict[str, Any], values: Mapping[str, tuple[str, str, str]], target: Path
) -> None:
    """Write a Part 10 file from DICOM JSON and the files of its bulk data (PS3.18 10.5.1).

    `values` are path, media type and transfer syntax by BulkDataURI. Raises `KeyError` for a value
    that did not come, and what pydicom raises.
    """
    import pydicom  # noqa: PLC0415 - see above
    from pydicom.encaps import encapsulate  # noqa: PLC0415 - see above
    from pydicom.uid import UID  # noqa: PLC0415 - see above

    said = metadata.pop("00020010", None) or metadata.pop("00083002", None) or {}
    for name in [name for name in metadata if name.startswith("0002")]:
        del metadata[name]
    pixels = values.get(metadata.get("7FE00010", {}).get("BulkDataURI", ""))
    named = next((one for one in said.get("Value") or [] if isinstance(one, str)), "")
    transfer_syntax = (pixels[2] if pixels else "") or named or EXPLICIT_LITTLE

    def read(_tag: str, _vr: str, uri: str) -> bytes:
        with open(values[uri][0], "rb") as file:  # noqa: PTH123 - a name that came over a pipe
            return file.read()

    dataset = pydicom.Dataset.from_json(metadata, read)
    if is_encapsulated(transfer_syntax) and pixels is not None:
        dataset.PixelData = encapsulate([dataset.PixelData])
        dataset["PixelData"].is_undefined_length = True
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    _save(dataset, target)


def _turn(dataset: pydicom.Dataset) -> None:
    """Turn the numbers of a big endian dataset that pydicom leaves as they are."""
    for one in dataset.iterall():
        width = _WIDTHS.get(one.VR, 1)
        if width > 1 and isinstance(one.value, bytes):
            one.value = swapped(one.value, width)
    character_set = dataset.original_character_set
    dataset.set_original_encoding(False, True, character_set)  # noqa: FBT003 - implicit, little


def _save(dataset: pydicom.Dataset, target: Path | BinaryIO) -> None:
    from pydicom.uid import UID  # noqa: PLC0415 - see above

    meta = dataset.file_meta
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    syntax = UID(meta.TransferSyntaxUID)
    implicit = syntax.is_implicit_VR if not syntax.is_private else False
    dataset.save_as(
        target,
        implicit_vr=implicit,
        little_endian=True,
        enforce_file_format=True,
        overwrite=True,
    )
