"""The DRIM-M manifest of a study: a Key Object Selection that says where its images are.

PS3.3 A.35.4, PS3.16 TID 2010; ANS, DRIMbox. It is registered beside the report, so it is refused
when the images and the report do not name the same examination of the same patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.cda.header import read_header
from gateway.cda.patient import patient_identifiers
from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text, texts
from gateway.dicom.part10 import IMPLEMENTATION_CLASS_UID
from gateway.dicom.sop_classes import ObjectKind, kind_of
from gateway.errors import Conflict, RequiredMissing
from gateway.fhir.datatypes import oid_system, stable_id
from gateway.mapping.dicom.authorities import INS_TYPES, order_issuer, patient_issuer
from gateway.mapping.to_dicom.manifest_content import charset_of, content, evidence, request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.cda.header import InstanceIdentifier
    from gateway.dicom.json_model import Model

KEY_OBJECTS: Final = "1.2.840.10008.5.1.4.1.1.88.59"
# Fixed by the DRIMbox: manifests of a study stand together, behind its images.
_SERIES_NUMBER: Final = 59
_INS_ISSUER: Final = "ASIP-SANTE-INS-NIR"
_OID: Final = "urn:oid:"


@dataclass(frozen=True, slots=True)
class Site:
    """Who writes the manifest, and where the images are fetched.

    `dicomweb` is the address of the DICOMweb root, `location` the OID of the place (0040,E011);
    `structure` the number of the health facility as XON, `ae_title` what C-MOVE would call.
    """

    dicomweb: str
    location: str
    institution: str
    structure: str = ""
    ae_title: str = ""
    manufacturer: str = "Passerelle"


def manifest(models: Sequence[Model], report: bytes, site: Site, at: datetime) -> bytes:
    """Return the manifest of a study, a Part 10 file; `models` are the headers of its objects.

    `report` is the CDA document that it goes with, `at` when it is written, with a time zone. The
    same study gives the same UIDs. Raises `RequiredMissing` when there is nothing to show or no
    INS, `Conflict` when accession number or patient are not those of the report.
    """
    shown = [one for one in models if kind_of(_sop_class(one)) is ObjectKind.IMAGE]
    if not shown:
        message = "The study has no images to make a manifest of."
        raise RequiredMissing(message, expression="ImagingStudy.series")
    ins = _ins(shown[0])
    _require_same_examination(shown, report)
    _require_same_patient(shown, report)
    return _file(_dataset(shown, ins, site, at))


def _sop_class(model: Model) -> str:
    return text(model, tag.SOP_CLASS_UID)


def _ins(model: Model) -> Model:
    """Return the item that holds the national identity: of the object, or of the other numbers."""
    for holder in (model, *items(model, tag.OTHER_PATIENT_IDS)):
        if patient_issuer(holder) in INS_TYPES and text(holder, tag.PATIENT_ID):
            return holder
    message = "The images do not name the patient by the INS (0010,0020)."
    raise RequiredMissing(message, expression="Patient.identifier")


def _require_same_examination(models: Sequence[Model], report: bytes) -> None:
    header = read_header(report)
    said = {one for model in models for one in _accessions(model)}
    if header.accession is None or not said:
        message = "Report and images must both have an accession number (0008,0050)."
        raise RequiredMissing(message, expression="ImagingStudy.identifier")
    if not all(_same(header.accession, system, value) for system, value in said):
        message = "The accession number of the images (0008,0050) is not that of the report."
        raise Conflict(message, expression="ImagingStudy.identifier")
    study = text(models[0], tag.STUDY_INSTANCE_UID)
    if header.study and header.study != study:
        message = "The Study Instance UID (0020,000D) is not that of the report."
        raise Conflict(message, expression="ImagingStudy.identifier")


def _accessions(model: Model) -> list[tuple[str, str]]:
    holders = (model, *items(model, tag.REQUEST_ATTRIBUTES))
    return [
        (order_issuer(one, tag.ISSUER_OF_ACCESSION_NUMBER), text(one, tag.ACCESSION_NUMBER))
        for one in holders
        if text(one, tag.ACCESSION_NUMBER)
    ]


def _same(named: InstanceIdentifier, system: str, value: str) -> bool:
    agree = not system or not named.root or system == oid_system(named.root)
    return agree and value == (named.extension or named.root)


def _require_same_patient(models: Sequence[Model], report: bytes) -> None:
    """Compare every number of the patient: INS, and the local one (IPP) where both name one."""
    named = patient_identifiers(report)
    for model in models:
        for holder in (model, *items(model, tag.OTHER_PATIENT_IDS)):
            system, value = patient_issuer(holder), text(holder, tag.PATIENT_ID)
            known = [one for one in named if oid_system(one.root) == system]
            if known and value not in {one.extension for one in known}:
                message = "The patient of the images (0010,0020) is not that of the report."
                raise Conflict(message, expression="ImagingStudy.subject")
    numbers = {(oid_system(one.root), one.extension) for one in named}
    own = (patient_issuer(_ins(models[0])), text(_ins(models[0]), tag.PATIENT_ID))
    if own not in numbers:
        message = "The report does not name the patient by the INS of the images (0010,0020)."
        raise Conflict(message, expression="ImagingStudy.subject")


def _dataset(models: Sequence[Model], ins: Model, site: Site, at: datetime) -> Dataset:
    first = models[0]
    study = text(first, tag.STUDY_INSTANCE_UID)
    found = Dataset()
    found.SOPClassUID = UID(KEY_OBJECTS)
    found.SOPInstanceUID = _uid(study, "manifest")
    found.SeriesInstanceUID = _uid(study, "manifest series")
    _patient(found, first, ins)
    _study(found, first)
    found.Modality, found.SeriesNumber, found.InstanceNumber = "KO", _SERIES_NUMBER, 1
    found.SeriesDescription = "Manifest"
    found.ReferencedPerformedProcedureStepSequence = []
    found.Manufacturer = site.manufacturer
    found.InstitutionName = f"{site.institution}^^^^^^^^^{site.structure}".rstrip("^")
    found.ContentDate, found.ContentTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    found.TimezoneOffsetFromUTC = f"{at:%z}"
    found.ReferencedRequestSequence = [request(one) for one in _requests(models)]
    found.CurrentRequestedProcedureEvidenceSequence = [evidence(models, site)]
    content(found, models)
    found.SpecificCharacterSet = charset_of(found)
    return found


def _requests(models: Sequence[Model]) -> list[Model]:
    """Return one model for each accession number."""
    found = {text(one, tag.ACCESSION_NUMBER): one for one in reversed(models)}
    return [found[number] for number in sorted(found)]


def _patient(found: Dataset, model: Model, ins: Model) -> None:
    found.PatientName = next(iter(texts(model, tag.PATIENT_NAME)), "")
    found.PatientBirthDate = text(model, tag.PATIENT_BIRTH_DATE)
    found.PatientSex = text(model, tag.PATIENT_SEX)
    _number(found, ins)
    other = Dataset()
    _number(other, ins)
    other.TypeOfPatientID = "TEXT"
    found.OtherPatientIDsSequence = [other]


def _number(found: Dataset, ins: Model) -> None:
    qualifiers = Dataset()
    qualifiers.UniversalEntityID = patient_issuer(ins).removeprefix(_OID)
    qualifiers.UniversalEntityIDType = "ISO"
    found.PatientID = text(ins, tag.PATIENT_ID)
    found.IssuerOfPatientID = _INS_ISSUER
    found.IssuerOfPatientIDQualifiersSequence = [qualifiers]


def _study(found: Dataset, model: Model) -> None:
    found.StudyInstanceUID = UID(text(model, tag.STUDY_INSTANCE_UID))
    found.StudyDate, found.StudyTime = text(model, tag.STUDY_DATE), text(model, tag.STUDY_TIME)
    found.StudyDescription = text(model, tag.STUDY_DESCRIPTION)
    found.ReferringPhysicianName = text(model, tag.REFERRING_PHYSICIAN_NAME)
    found.StudyID = text(model, tag.STUDY_ID)
    # One item of the referenced requests for each accession number says it.
    found.AccessionNumber = ""


def _uid(study: str, what: str) -> UID:
    """Return a UID under 2.25 that is always the same for a study (PS3.5 B.2)."""
    return UID(f"2.25.{UUID(stable_id('Manifest', study, what)).int}")


def _file(dataset: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    dataset.file_meta = meta
    target = BytesIO()
    dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()
