"""Structured reports and other documents of our own making, as Part 10 files."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.fhir.validation import validate
from gateway.fhir.wire import dumps, loads
from gateway.mapping.dicom.documents import map_document

STUDY = "1.2.250.1.999.7"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
CDA = "1.2.840.10008.5.1.4.1.1.104.2"
CT = "1.2.840.10008.5.1.4.1.1.2"

SUBJECT = "urn:uuid:00000000-0000-5000-8000-000000000001"
STUDY_URL = "urn:uuid:00000000-0000-5000-8000-000000000002"


def code(value: str, scheme: str = "DCM", meaning: str = "") -> Dataset:
    """Return a code item."""
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator = value, scheme
    found.CodeMeaning = meaning or value
    return found


def item(kind: str, name: Dataset | None, *children: Dataset, **values: Any) -> Dataset:  # noqa: ANN401 - values of any VR
    """Return a content item; `by` is its relationship, otherwise CONTAINS."""
    found = Dataset()
    found.RelationshipType = values.pop("by", "CONTAINS")
    found.ValueType = kind
    if name is not None:
        found.ConceptNameCodeSequence = [name]
    for attribute, value in values.items():
        setattr(found, attribute, value)
    if children:
        found.ContentSequence = list(children)
    return found


def container(name: Dataset | None, *children: Dataset) -> Dataset:
    return item("CONTAINER", name, *children)


def num(name: Dataset, value: str, unit: str, *children: Dataset) -> Dataset:
    measured = Dataset()
    measured.add_new(0x0040A30A, "DS", value)
    measured.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    return item("NUM", name, *children, MeasuredValueSequence=[measured])


def coded(name: Dataset, value: Dataset, *children: Dataset, by: str = "CONTAINS") -> Dataset:
    return item("CODE", name, *children, ConceptCodeSequence=[value], by=by)


def words(name: Dataset, value: str, *children: Dataset, by: str = "CONTAINS") -> Dataset:
    return item("TEXT", name, *children, TextValue=value, by=by)


def uid(name: Dataset, value: str, by: str = "CONTAINS") -> Dataset:
    return item("UIDREF", name, UID=value, by=by)


def image(uid_: str, name: Dataset | None = None, by: str = "CONTAINS") -> Dataset:
    referenced = Dataset()
    referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID = CT, uid_
    return item("IMAGE", name, ReferencedSOPSequence=[referenced], by=by)


def document(sop_class: str, number: int = 1, **attributes: Any) -> Dataset:  # noqa: ANN401 - as above
    """Return the dataset of a document of the study."""
    found = Dataset()
    found.SpecificCharacterSet = "ISO_IR 192"
    found.SOPClassUID, found.SOPInstanceUID = sop_class, f"{STUDY}.9.{number}"
    found.StudyDate, found.StudyTime = "20260915", "091500"
    found.ContentDate, found.ContentTime = "20260915", "093000"
    found.TimezoneOffsetFromUTC = "+0200"
    found.Modality = "SR"
    found.PatientName, found.PatientID = "LEFÈVRE^François", "R77"
    found.StudyInstanceUID, found.SeriesInstanceUID = STUDY, f"{STUDY}.9"
    for name, value in attributes.items():
        setattr(found, name, value)
    return found


def report(
    title: Dataset,
    *children: Dataset,
    sop_class: str = ENHANCED_SR,
    **more: Any,  # noqa: ANN401 - as above
) -> Dataset:
    """Return an SR document with that content."""
    return document(
        sop_class,
        ValueType="CONTAINER",
        ConceptNameCodeSequence=[title],
        ContentSequence=list(children),
        **more,
    )


def selection(title: Dataset, *uids: str, study: str = STUDY, **more: Any) -> Dataset:  # noqa: ANN401 - as above
    """Return key objects that point to CT images of one series."""
    referenced = []
    for one in uids:
        sop = Dataset()
        sop.ReferencedSOPClassUID, sop.ReferencedSOPInstanceUID = CT, one
        referenced.append(sop)
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = f"{study}.1", referenced
    series.RetrieveURL = more.pop("retrieve_url", "")
    evidence = Dataset()
    evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = study, [series]
    children = [*more.pop("children", []), *(image(one) for one in uids)]
    return report(
        title,
        *children,
        sop_class=KEY_OBJECTS,
        CurrentRequestedProcedureEvidenceSequence=[evidence],
        **more,
    )


def file_of(dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Return a dataset as a Part 10 file."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    target = BytesIO()
    dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()


def resources(dataset: Dataset, *types: str) -> list[dict[str, Any]]:
    """Return what a document becomes, all of it valid R4; only these types when there are any."""
    mapped = map_document(file_of(dataset), SUBJECT, STUDY_URL)
    found = [loads(dumps(one.resource)) for one in mapped.entries]
    assert [validate(one) for one in found] == [()] * len(found)
    return [one for one in found if not types or one["resourceType"] in types]
