"""An object in another transfer syntax, where its receiver does not take the one it is held in.

Lossless ways only: between uncompressed syntaxes, and from a compressed one to an uncompressed one
where a decoder is installed (PS3.5 annex A).
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from pydicom import dcmread
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.dicom.part10 import read_file_meta
from gateway.dicom.transfer_syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from gateway.errors import Unsupported

_TARGETS: Final = frozenset({EXPLICIT_LITTLE, IMPLICIT_LITTLE})


def transcode(file: bytes, transfer_syntax: str) -> bytes:
    """Return the encoded dataset of a Part 10 file in another syntax; raises `Unsupported`."""
    if transfer_syntax not in _TARGETS:
        message = "The object cannot be written in the transfer syntax that the receiver takes."
        raise Unsupported(message)
    if read_file_meta(file).transfer_syntax == EXPLICIT_BIG:
        # pydicom does not turn the bytes of pixels around.
        message = "The object is held in big endian, which is not changed here."
        raise Unsupported(message)
    try:
        dataset = dcmread(BytesIO(file), force=True)
        if UID(dataset.file_meta.TransferSyntaxUID).is_compressed:
            dataset.decompress(generate_instance_uid=False)
        else:
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return _written(dataset, transfer_syntax)
    except Exception as fault:
        # Decoders and pydicom have a dozen ways to say it.
        message = "The object cannot be decoded for a receiver that takes another transfer syntax."
        raise Unsupported(message) from fault


def _written(dataset: object, transfer_syntax: str) -> bytes:
    target = BytesIO()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)  # type: ignore[attr-defined]
    dcmwrite(target, dataset, enforce_file_format=True)  # type: ignore[arg-type]
    whole = target.getvalue()
    return whole[read_file_meta(whole).dataset_offset :]
