"""ImagingStudy.series and its instances (https://hl7.org/fhir/R4/imagingstudy-mappings.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, number, text, texts
from gateway.dicom.sop_classes import name_of
from gateway.fhir.datatypes import DCM, Element, coding, compact, concept, oid_system
from gateway.mapping.dicom.codes import body_site, laterality
from gateway.mapping.dicom.dates import da_tm_datetime
from gateway.mapping.dicom.persons import professionals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.dicom.json_model import Model
    from gateway.mapping.dicom.persons import Professional

_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_PERFORMERS: Final = (
    (tag.PERFORMING_PHYSICIAN_NAME, tag.PERFORMING_PHYSICIAN_IDENTIFICATION),
    (tag.OPERATORS_NAME, tag.OPERATOR_IDENTIFICATION),
)
# FHIR wants a modality; DICOM's word for none of the others.
_OTHER: Final = "OT"


def series_element(models: Sequence[Model]) -> tuple[Element, list[Professional]]:
    """Return one series out of the headers of its instances, and who is named in it."""
    first = models[0]
    people = _performers(models)
    sides = {side for model in models for side in _sides(model)}
    element = {
        "uid": text(first, tag.SERIES_INSTANCE_UID),
        "number": _count(number(first, tag.SERIES_NUMBER)),
        "modality": modality(text(first, tag.MODALITY)),
        "description": _any(models, tag.SERIES_DESCRIPTION),
        "numberOfInstances": len(models),
        "bodySite": next((site for model in models if (site := body_site(model))), None),
        "laterality": laterality(sides),
        "specimen": _specimens(models),
        "started": _started(models),
        "performer": [*map(_performer, people), *_device(first), *_custodian(models)],
        "instance": [_instance(model) for model in models],
    }
    return compact(element), people


def modality(code: str) -> Element:
    """Return the Coding of a modality."""
    return coding(DCM, code or _OTHER)


def _any(models: Sequence[Model], name: int) -> str:
    return next((found for model in models if (found := text(model, name))), "")


def _count(value: int | None) -> int | None:
    # unsignedInt; IS may be negative.
    return value if value is not None and value >= 0 else None


def _sides(model: Model) -> tuple[str, ...]:
    return texts(model, tag.IMAGE_LATERALITY) or texts(model, tag.LATERALITY)


def _started(models: Sequence[Model]) -> str | None:
    times = (
        da_tm_datetime(
            text(model, tag.SERIES_DATE),
            text(model, tag.SERIES_TIME),
            text(model, tag.TIMEZONE_OFFSET),
        )
        for model in models
    )
    return next((time for time in times if time), None)


def _performers(models: Sequence[Model]) -> list[Professional]:
    found: dict[str, Professional] = {}
    for model in models:
        for names, identification in _PERFORMERS:
            for person in professionals(model, names, identification):
                found.setdefault(str(person.reference), person)
    return list(found.values())


def _performer(person: Professional) -> Element:
    return {"function": concept(coding(_PARTICIPATION, "PRF")), "actor": person.reference}


def _device(model: Model) -> list[Element]:
    parts = (text(model, tag.MANUFACTURER), text(model, tag.MANUFACTURER_MODEL_NAME))
    display = " ".join(part for part in parts if part)
    if not display:
        return []
    actor = {"type": "Device", "display": display}
    return [{"function": concept(coding(_PARTICIPATION, "DEV")), "actor": actor}]


def _custodian(models: Sequence[Model]) -> list[Element]:
    name = _any(models, tag.INSTITUTION_NAME)
    if not name:
        return []
    actor = {"type": "Organization", "display": name}
    return [{"function": concept(coding(_PARTICIPATION, "CST")), "actor": actor}]


def _specimens(models: Sequence[Model]) -> list[Element]:
    """Return the specimens that were looked at, by their identifiers alone (0040,0560)."""
    found = (
        text(item, tag.SPECIMEN_IDENTIFIER)
        for model in models
        for item in (*items(model, tag.SPECIMEN_DESCRIPTION), model)
    )
    numbers = dict.fromkeys(one for one in found if one)
    return [{"type": "Specimen", "identifier": {"value": one}} for one in numbers]


def _instance(model: Model) -> Element:
    sop_class = text(model, tag.SOP_CLASS_UID)
    return {
        "uid": text(model, tag.SOP_INSTANCE_UID),
        "sopClass": coding("urn:ietf:rfc:3986", oid_system(sop_class), name_of(sop_class)),
        "number": _count(number(model, tag.INSTANCE_NUMBER)),
        "title": _title(model),
    }


def _title(model: Model) -> str:
    """Return what an object is called: its document title, its concept, or its image type."""
    title = text(model, tag.DOCUMENT_TITLE)
    concept_names = items(model, tag.CONCEPT_NAME_CODE)
    meaning = text(concept_names[0], tag.CODE_MEANING) if concept_names else ""
    return title or meaning or "\\".join(texts(model, tag.IMAGE_TYPE))
