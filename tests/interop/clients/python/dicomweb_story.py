"""dicomweb-client against the DICOMweb root beside argv[1]: what its users do, told as JSON."""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import Any

import numpy as np
from dicomweb_client.api import DICOMwebClient
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

STUDY, SERIES = generate_uid(), generate_uid()


def image(number: int) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = STUDY, SERIES
    made.PatientID, made.PatientName, made.Modality = "DW-1", "DUPRÉ-DICOMWEB^Zoé", "OT"
    made.StudyDate, made.InstanceNumber, made.NumberOfFrames = "20260912", number, 2
    made.Rows = made.Columns = 32
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.SamplesPerPixel, made.PixelRepresentation = 1, 0
    made.PhotometricInterpretation = "MONOCHROME2"
    made.PixelData = (np.arange(2048, dtype="<u2") + number).tobytes()
    return made


def main(base: str) -> dict[str, Any]:
    client = DICOMwebClient(base.replace("/fhir", "/dicom-web"))
    images = [image(number) for number in (1, 2, 3)]
    stored = client.store_instances(images, study_instance_uid=STUDY)
    told: dict[str, Any] = {"stored": len(stored.ReferencedSOPSequence)}
    told |= searches(client)
    told |= retrievals(client, images)
    return told


def searches(client: DICOMwebClient) -> dict[str, Any]:
    wanted = {"PatientName": "dupre-dicomweb*", "StudyDate": "20260901-20260930"}
    (study,) = map(Dataset.from_json, client.search_for_studies(search_filters=wanted))
    series = client.search_for_series(STUDY, fields=["Manufacturer", "00081030"])
    found = client.search_for_instances(STUDY, SERIES, limit=2, offset=1)
    fuzzy = client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "zoe"})
    return {
        "name": str(study.PatientName),
        "counted": int(study.NumberOfStudyRelatedInstances),
        "series": [one["0020000E"]["Value"] == [SERIES] for one in series],
        "numbers": len(found),
        "fuzzy": STUDY in {one["0020000D"]["Value"][0] for one in fuzzy},
        "nothing": client.search_for_studies(search_filters={"PatientID": "nobody"}),
    }


def retrievals(client: DICOMwebClient, images: list[Dataset]) -> dict[str, Any]:
    first = images[0]
    where = (STUDY, SERIES, first.SOPInstanceUID)
    whole = client.retrieve_study(STUDY)
    stored = client.retrieve_instance(*where, media_types=(("application/dicom", "*"),))
    metadata = client.retrieve_study_metadata(STUDY)
    model = Dataset.from_json(client.retrieve_instance_metadata(*where))
    frames = client.retrieve_instance_frames(*where, [2, 1])
    picture = client.retrieve_instance_rendered(*where, media_types=("image/png",))
    (bulk,) = client.retrieve_bulkdata(
        next(one for one in metadata if one["00080018"]["Value"] == [first.SOPInstanceUID])[
            "7FE00010"
        ]["BulkDataURI"]
    )
    file = BytesIO()
    stored.save_as(file)
    return {
        "study": sorted(int(one.InstanceNumber) for one in whole),
        "pixels": dcmread(BytesIO(file.getvalue())).PixelData == first.PixelData,
        "metadata": len(metadata),
        "rows": int(model.Rows),
        "frames": b"".join(reversed(frames)) == first.PixelData,
        "bulk": bulk == first.PixelData,
        "picture": picture[:4].hex(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
