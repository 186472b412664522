"""Synthetic DICOM files: small objects of 11 KB and CT slices of 0.5 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)

from bench.people import Person

if TYPE_CHECKING:
    from pathlib import Path

# A root for examples (PS3.5 B.2 leaves the choice of a UUID-derived one).
_ROOT = "2.25.20260312"
SMALL, SLICE = 72, 512


def write_images(place: Path, count: int, side: int, *, study: int) -> None:
    """Write `count` images of `side` x `side` pixels of 16 bits, five series, into `place`."""
    place.mkdir(parents=True)
    pixels = bytes(range(256)) * (side * side * 2 // 256 + 1)
    for number in range(count):
        image = _image(number, side, study)
        image.PixelData = pixels[: side * side * 2]
        image.save_as(place / f"{number:05d}.dcm", enforce_file_format=True)


def write_frames(file: Path, megabytes: int) -> None:
    """Write one multi-frame object of about so many MB, frames of 0.5 MB."""
    image = _image(0, SLICE, 950)
    image.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.NumberOfFrames = 2 * megabytes
    image.PixelData = bytes(SLICE * SLICE * 2) * image.NumberOfFrames
    image.save_as(file, enforce_file_format=True)


def _image(number: int, side: int, study: int) -> Dataset:
    person = Person(study)
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CTImageStorage
    image.StudyInstanceUID = f"{_ROOT}.{study}"
    series = number % 5
    image.SeriesInstanceUID = f"{_ROOT}.{study}.{series}"
    image.SOPInstanceUID = f"{_ROOT}.{study}.{series}.{number}"
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.StudyDate, image.StudyTime, image.Modality = "20260312", "093000", "CT"
    image.AccessionNumber, image.StudyID = f"B{study:08d}", str(study)
    image.Manufacturer, image.InstitutionName = "Banc d'essai", "CENTRE IMAGERIE"
    image.PatientName = f"{person.family}^{person.given}"
    image.PatientID, image.IssuerOfPatientID = f"BQ{study:06d}", "RIS"
    image.PatientBirthDate, image.PatientSex = person.born, "F" if person.is_woman else "M"
    image.StudyDescription = "TDM thorax"
    image.SeriesNumber, image.InstanceNumber = series + 1, number + 1
    image.Rows = image.Columns = side
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.SamplesPerPixel, image.PixelRepresentation = 1, 0
    image.PhotometricInterpretation = "MONOCHROME2"
    return image
