"""A modality for the tests: small objects, and associations that end as they should not."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

if TYPE_CHECKING:
    from tests.e2e.process import GatewayProcess

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def image(**more: object) -> Dataset:
    """Return a secondary capture of a study of its own; None takes an attribute away."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = SECONDARY_CAPTURE
    made.SOPInstanceUID, made.StudyInstanceUID = generate_uid(), generate_uid()
    made.SeriesInstanceUID = generate_uid()
    made.PatientID, made.PatientName, made.Modality = "BAD", "DURAND^Zoe", "OT"
    made.Rows = made.Columns = 16
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.SamplesPerPixel, made.PixelRepresentation = 7, 1, 0
    made.PhotometricInterpretation = "MONOCHROME2"
    made.PixelData = bytes(256)
    for name, value in more.items():
        if value is None:
            delattr(made, name)
        else:
            setattr(made, name, value)
    return made


def associated(gateway: GatewayProcess) -> Any:  # noqa: ANN401 - pynetdicom is untyped
    caller = AE(ae_title="SCANNER")
    caller.add_requested_context(SECONDARY_CAPTURE, ExplicitVRLittleEndian)
    association = caller.associate("127.0.0.1", gateway.dicom)
    assert association.is_established
    return association


def stored(gateway: GatewayProcess, *objects: Dataset) -> list[int]:
    """Send objects over one association and return their statuses."""
    association = associated(gateway)
    statuses = [int(association.send_c_store(one).Status) for one in objects]
    association.release()
    return statuses


def request(one: Dataset, uid: str | None = None, content: bytes | None = None) -> C_STORE:
    """Return a C-STORE-RQ that may say another UID, or carry other bytes, than the object."""
    asked = C_STORE()
    asked.MessageID = 7
    asked.AffectedSOPClassUID = one.SOPClassUID
    asked.AffectedSOPInstanceUID = uid or one.SOPInstanceUID
    asked.Priority = 2
    encoded = encode(one, is_implicit_vr=False, is_little_endian=True)
    asked.DataSet = BytesIO((encoded or b"") if content is None else content)
    return asked


def status_of(gateway: GatewayProcess, asked: C_STORE) -> int:
    """Send a request as it is and return the status of its answer."""
    association = associated(gateway)
    (context,) = association.accepted_contexts
    # Else its own thread takes the answer, which it does not await.
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(asked, context.context_id)
    _, answer = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    association.release()
    return int(answer.Status)
