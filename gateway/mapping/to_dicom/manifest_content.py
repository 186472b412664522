"""What a manifest lists: requests, series and objects, and the text that describes them.

PS3.3 C.17.6 (Key Object Document), C.17.3 (SR Document Content).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.mapping.dicom.authorities import order_issuer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.dicom.json_model import Model
    from gateway.mapping.to_dicom.manifest import Site

_OID: Final = "urn:oid:"
_LATIN_1: Final = "ISO_IR 100"
_UNICODE: Final = "ISO_IR 192"


def request(model: Model) -> Dataset:
    """Return the item of the Referenced Request Sequence (0040,A370) of one accession number."""
    found = Dataset()
    found.StudyInstanceUID = UID(text(model, tag.STUDY_INSTANCE_UID))
    found.ReferencedStudySequence = []
    holders = (model, *items(model, tag.REQUEST_ATTRIBUTES))
    found.AccessionNumber = _first(holders, tag.ACCESSION_NUMBER)
    found.PlacerOrderNumberImagingServiceRequest = _first(holders, tag.PLACER_ORDER_NUMBER)
    found.FillerOrderNumberImagingServiceRequest = _first(holders, tag.FILLER_ORDER_NUMBER)
    found.RequestedProcedureID = _first(holders, tag.REQUESTED_PROCEDURE_ID)
    found.RequestedProcedureDescription = _first(holders, tag.REQUESTED_PROCEDURE_DESCRIPTION)
    found.RequestedProcedureCodeSequence = []
    issuers = (
        ("IssuerOfAccessionNumberSequence", tag.ISSUER_OF_ACCESSION_NUMBER),
        ("OrderPlacerIdentifierSequence", tag.ORDER_PLACER_ISSUER),
        ("OrderFillerIdentifierSequence", tag.ORDER_FILLER_ISSUER),
    )
    for keyword, sequence in issuers:
        system = next((one for holder in holders if (one := order_issuer(holder, sequence))), "")
        if system.startswith(_OID):
            setattr(found, keyword, [_authority(system)])
    return found


def _first(holders: Sequence[Model], name: int) -> str:
    return next((found for one in holders if (found := text(one, name))), "")


def _authority(system: str) -> Dataset:
    found = Dataset()
    found.UniversalEntityID = system.removeprefix(_OID)
    found.UniversalEntityIDType = "ISO"
    return found


def evidence(models: Sequence[Model], site: Site) -> Dataset:
    """Return the item of (0040,A375): every object by series, and where it is fetched."""
    study = text(models[0], tag.STUDY_INSTANCE_UID)
    found = Dataset()
    found.StudyInstanceUID = UID(study)
    found.ReferencedSeriesSequence = [
        _series(uid, members, study, site) for uid, members in _by_series(models).items()
    ]
    return found


def _by_series(models: Sequence[Model]) -> dict[str, list[Model]]:
    found: dict[str, list[Model]] = defaultdict(list)
    for one in models:
        found[text(one, tag.SERIES_INSTANCE_UID)].append(one)
    return found


def _series(uid: str, members: list[Model], study: str, site: Site) -> Dataset:
    found = Dataset()
    found.SeriesInstanceUID = UID(uid)
    found.RetrieveURL = f"{site.dicomweb.rstrip('/')}/studies/{study}/series/{uid}"
    found.RetrieveLocationUID = UID(site.location)
    if site.ae_title:
        found.RetrieveAETitle = site.ae_title
    found.ReferencedSOPSequence = [_reference(one) for one in members]
    return found


def _reference(model: Model) -> Dataset:
    found = Dataset()
    found.ReferencedSOPClassUID = UID(text(model, tag.SOP_CLASS_UID))
    found.ReferencedSOPInstanceUID = UID(text(model, tag.SOP_INSTANCE_UID))
    return found


def content(found: Dataset, models: Sequence[Model]) -> None:
    """Write the content tree: the description, then each image (TID 2010)."""
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    found.ValueType, found.ContinuityOfContent = "CONTAINER", "SEPARATE"
    found.ConceptNameCodeSequence = [_code("113030", "Manifest")]
    found.ContentTemplateSequence = [template]
    described = Dataset()
    described.RelationshipType, described.ValueType = "CONTAINS", "TEXT"
    described.ConceptNameCodeSequence = [_code("113012", "Key Object Description")]
    described.TextValue = _description(models)
    found.ContentSequence = [described, *map(_image, models)]


def _image(model: Model) -> Dataset:
    found = Dataset()
    found.RelationshipType, found.ValueType = "CONTAINS", "IMAGE"
    found.ReferencedSOPSequence = [_reference(model)]
    return found


def _description(models: Sequence[Model]) -> str:
    """Return what the DRIMbox reads: the examination, its acts, and a line for each series."""
    acts = {
        text(item, tag.CODE_MEANING): None
        for one in models
        for item in items(one, tag.PROCEDURE_CODE)
        if text(item, tag.CODE_MEANING)
    }
    lines = [
        f"Examen : {_first(models, tag.STUDY_DESCRIPTION)}",
        *(f"Acte = {act}" for act in acts),
        *(_series_line(uid, members) for uid, members in _by_series(models).items()),
    ]
    return "\n".join(lines)


def _series_line(uid: str, members: list[Model]) -> str:
    said = _first(members, tag.SERIES_DESCRIPTION)
    return f"Série-{uid} : {_first(members, tag.MODALITY)} @ : {said}"


def _code(value: str, meaning: str) -> Dataset:
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = value, "DCM", meaning
    return found


def charset_of(dataset: Dataset) -> str:
    """Return Latin-1, which the DRIMbox writes, unless something would be lost: it has no œ."""
    words = "".join(str(one.value) for one in dataset.iterall() if one.VR != "SQ")
    try:
        words.encode("latin_1")
    except UnicodeEncodeError:
        return _UNICODE
    return _LATIN_1
