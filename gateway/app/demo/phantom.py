"""The images: a small CT of a body that is no one's, two series of a few slices."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from gateway.app.demo import story as told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from gateway.app.demo.story import Story

CT_IMAGE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
_SIZE: Final = 128
_SPACING_MM: Final = 3.0
_THICKNESS_MM: Final = 2.5
# Stored value = Hounsfield units + 1024.
_AIR, _FAT, _MUSCLE, _BONE, _CANAL = 24, 924, 1074, 1724, 1044


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its number, what it is called, and how many slices it has."""

    number: int
    description: str
    kernel: str
    slices: int


SERIES: Final = (
    Series(1, "Localisateur axial", "STANDARD", 2),
    Series(2, "Rachis lombaire parties molles", "STANDARD", 4),
    Series(3, "Rachis lombaire filtre osseux", "BONE", 4),
)


def slices(story: Story) -> Iterator[Dataset]:
    """Give every image of the study."""
    for series in SERIES:
        for number in range(1, series.slices + 1):
            yield _image(story, series, number)


def _image(story: Story, series: Series, number: int) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset  # noqa: PLC0415 - the demo's alone
    from pydicom.uid import UID  # noqa: PLC0415 - as above

    image = Dataset()
    for element, value in {
        **_patient(),
        **_examination(story),
        **_series(story, series),
        **_position(number),
        **_pixels(number),
    }.items():
        setattr(image, element, value)
    image.SOPClassUID = CT_IMAGE_STORAGE
    image.SOPInstanceUID = story.uid("image", series.number, number)
    for element, oid in (
        ("IssuerOfPatientIDQualifiersSequence", told.CENTRE_IPP_OID),
        ("IssuerOfAccessionNumberSequence", told.CENTRE_ACCESSION_OID),
        ("OrderPlacerIdentifierSequence", told.HOUSE_ORDER_OID),
    ):
        setattr(image, element, [_issuer(Dataset(), oid)])
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = UID(_EXPLICIT_LITTLE)
    return image


def _issuer(item: Dataset, oid: str) -> Dataset:
    item.UniversalEntityID = oid
    item.UniversalEntityIDType = "ISO"
    return item


def _patient() -> dict[str, object]:
    """Return the patient as the centre's modality knows her: its own number, no INS."""
    return {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": f"{told.FAMILY}^{told.GIVEN}",
        "PatientID": told.CENTRE_IPP,
        "IssuerOfPatientID": "IMAGERIE-ILL",
        "PatientBirthDate": told.BIRTH_DATE,
        "PatientSex": "F",
    }


def _examination(story: Story) -> dict[str, object]:
    return {
        "StudyInstanceUID": story.study_uid,
        "StudyID": story.filler,
        "StudyDate": f"{story.examined:%Y%m%d}",
        "StudyTime": f"{story.examined:%H%M%S}",
        "TimezoneOffsetFromUTC": f"{story.examined:%z}",
        "StudyDescription": told.EXAM,
        "AccessionNumber": story.accession,
        "PlacerOrderNumberImagingServiceRequest": story.placer,
        "ReferringPhysicianName": "DEMO-MULLER^Claire^^Dr",
        "InstitutionName": told.CENTRE,
        "Manufacturer": "Passerelle",
        "ManufacturerModelName": "Fantome de demonstration",
    }


def _series(story: Story, series: Series) -> dict[str, object]:
    return {
        "Modality": "CT",
        "SeriesInstanceUID": story.uid("series", series.number),
        "SeriesNumber": series.number,
        "SeriesDescription": series.description,
        "SeriesDate": f"{story.examined:%Y%m%d}",
        "SeriesTime": f"{story.examined:%H%M%S}",
        "BodyPartExamined": "LSPINE",
        "ConvolutionKernel": series.kernel,
        "KVP": "120",
        "FrameOfReferenceUID": story.uid("frame"),
        "PositionReferenceIndicator": "",
    }


def _position(number: int) -> dict[str, object]:
    corner = -_SIZE * _SPACING_MM / 2
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "InstanceNumber": number,
        "PatientPosition": "HFS",
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [corner, corner, -number * _THICKNESS_MM],
        "SliceThickness": _THICKNESS_MM,
        "PixelSpacing": [_SPACING_MM, _SPACING_MM],
    }


def _pixels(number: int) -> dict[str, object]:
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": _SIZE,
        "Columns": _SIZE,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "RescaleType": "HU",
        "WindowCenter": 60,
        "WindowWidth": 400,
        "PixelData": _drawn(number),
    }


@cache
def _drawn(number: int) -> bytes:
    """Draw one slice: a body with its vertebra, whose canal a disc narrows further down."""
    rows = range(_SIZE)
    return array("H", [_tissue(x, y, number) for y in rows for x in rows]).tobytes()


def _tissue(x: int, y: int, number: int) -> int:
    # The smallest ellipse around the point decides: centre, half axes, stored value.
    for centre_x, centre_y, half_x, half_y, value in (
        (60, 79, 3, 2 + number, _MUSCLE),
        (64, 82, 7, 5, _CANAL),
        (64, 68, 14, 11, _BONE),
        (64, 86, 10, 9, _BONE),
        (64, 64, 50, 36, _MUSCLE),
        (64, 64, 56, 42, _FAT),
    ):
        if ((x - centre_x) / half_x) ** 2 + ((y - centre_y) / half_y) ** 2 <= 1:
            return value
    return _AIR
