"""A study as received, to ImagingStudy and the Patient and Practitioners it names.

FHIR R4 ImagingStudy "dicom" mapping, with the identifiers of IHE RAD MADO and HL7 Europe imaging.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, number, text
from gateway.dicom.sop_classes import ObjectKind, kind_of
from gateway.errors import Issue
from gateway.fhir.datatypes import (
    DCM,
    DICOM_UID,
    Element,
    compact,
    concept,
    identifier,
    oid_system,
    reference,
    stable_id,
    urn,
)
from gateway.mapping.dicom.codes import ACQUISITION, concepts
from gateway.mapping.dicom.dates import da_tm_datetime
from gateway.mapping.dicom.endpoints import own, viewer
from gateway.mapping.dicom.listed import listed_series, with_listed
from gateway.mapping.dicom.numbers import identifier_of, order_links
from gateway.mapping.dicom.persons import patient, patient_numbers, professionals
from gateway.mapping.dicom.series import modality, series_element
from gateway.mapping.entry import Entry, Key, Link, LinkKind, Mapped, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.dicom.json_model import Model
    from gateway.mapping.dicom.key_objects import Reference, SeriesFacts
    from gateway.mapping.dicom.persons import Professional

_LAST: Final = 1 << 31


class HeldInstance(Protocol):
    """What the store holds of an object: `header` is its DICOM JSON model."""

    @property
    def sop_uid(self) -> str:
        """SOP Instance UID."""

    @property
    def sop_class(self) -> str:
        """SOP Class UID."""

    @property
    def header(self) -> bytes:
        """JSON."""

    @property
    def calling_ae(self) -> str:
        """Who sent it."""


@dataclass(frozen=True, slots=True)
class StudyInstance:
    """The header of one object, and the AE title it came from."""

    attributes: Model
    calling_ae: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The objects that a manifest lists, and what it says of their series, by series UID."""

    references: tuple[Reference, ...]
    series: Mapping[str, SeriesFacts]


@dataclass(frozen=True, slots=True)
class Context:
    """What a study does not say itself.

    `accession_system` is the system of accession numbers that come without issuer; `dicomweb` the
    address of our DICOMweb root; `viewer` that of a viewer, with `{study}` for the UID; `emptied`
    the status of a study of which everything was rejected.
    """

    accession_system: str = ""
    dicomweb: str = ""
    viewer: str = ""
    manifests: tuple[Manifest, ...] = ()
    emptied: str = ""


def map_study(study: Sequence[StudyInstance], context: Context) -> Mapped:
    """Map the objects of one study, in whatever order they came; there is at least one."""
    ordered = sorted(study, key=_place)
    models = [one.attributes for one in ordered]
    study_uid = text(models[0], tag.STUDY_INSTANCE_UID)
    who = next((one for one in ordered if text(one.attributes, tag.PATIENT_ID)), ordered[0])
    person = patient(who.attributes, who.calling_ae, study_uid)
    links = order_links(models, context.accession_system)
    resource, people = _imaging_study(models, study_uid, links)
    key = Key(DICOM_UID, oid_system(study_uid))
    resource["subject"] = reference(person.full_url)
    endpoints = _content(resource, models, study_uid, context)
    entry = Entry(resource, urn(stable_id("ImagingStudy", *key)), (key,), Write.ASSERT)
    practitioners = {one.entry.full_url: one.entry for one in people if one.entry is not None}
    return Mapped(
        entries=(person, *practitioners.values(), *endpoints.values(), entry),
        links=(Link(LinkKind.STUDY, *key), *links),
        warnings=tuple(_warnings(models)),
        subject=person.full_url,
        study=entry.full_url,
    )


def _content(
    resource: Element, models: list[Model], study_uid: str, context: Context
) -> dict[str, Entry]:
    """Complete the study with what manifests list and where it is; return the Endpoints."""
    if context.emptied:
        counts = {"status": context.emptied, "numberOfSeries": 0, "numberOfInstances": 0}
        resource |= counts
        resource.pop("series", None)
        return {}
    listed = _listed(models, study_uid, context.manifests)
    found = _own_endpoints(models, study_uid, context)
    if found:
        resource["endpoint"] = [reference(one.full_url) for one in found.values()]
    if listed:
        series, more = listed_series(listed, context.manifests)
        resource["series"] = with_listed(resource["series"], series)
        resource["numberOfSeries"] = len(resource["series"])
        total = sum(one["numberOfInstances"] for one in resource["series"])
        resource["numberOfInstances"] = total
        resource["modality"] = [modality(code) for code in _modalities(resource["series"])]
        found |= more
    return found


def _listed(
    models: list[Model], study_uid: str, manifests: tuple[Manifest, ...]
) -> list[Reference]:
    """Return the objects of this study that manifests list and that are not here."""
    here = {text(model, tag.SOP_INSTANCE_UID) for model in models}
    every = {
        one.sop_instance: one
        for manifest in manifests
        for one in manifest.references
        if one.study == study_uid and one.sop_instance not in here
    }
    return list(every.values())


def _own_endpoints(models: list[Model], study_uid: str, context: Context) -> dict[str, Entry]:
    images = any(kind_of(text(one, tag.SOP_CLASS_UID)) is ObjectKind.IMAGE for one in models)
    found = [own(context.dicomweb)] if context.dicomweb else []
    found += [viewer(context.viewer, study_uid)] if context.viewer and images else []
    return {one.full_url: one for one in found}


def _place(one: StudyInstance) -> tuple[object, ...]:
    """Order objects so that the same ones give the same study: images first, then by number."""
    model = one.attributes
    series, instance = number(model, tag.SERIES_NUMBER), number(model, tag.INSTANCE_NUMBER)
    return (
        kind_of(text(model, tag.SOP_CLASS_UID)) is not ObjectKind.IMAGE,
        _LAST if series is None else series,
        text(model, tag.SERIES_INSTANCE_UID),
        _LAST if instance is None else instance,
        text(model, tag.SOP_INSTANCE_UID),
    )


def _imaging_study(
    models: list[Model], study_uid: str, links: tuple[Link, ...]
) -> tuple[Element, list[Professional]]:
    series, performers = _series(models)
    referrers = _people(
        models, tag.REFERRING_PHYSICIAN_NAME, tag.REFERRING_PHYSICIAN_IDENTIFICATION
    )
    readers = _people(models, tag.READING_PHYSICIAN_NAME, tag.READING_PHYSICIAN_IDENTIFICATION)
    place = _first(models, tag.INSTITUTIONAL_DEPARTMENT) or _first(models, tag.PERFORMED_LOCATION)
    resource = {
        "resourceType": "ImagingStudy",
        "identifier": [_study_identifier(study_uid), *map(identifier_of, links)],
        "status": "available",
        "modality": [modality(code) for code in _modalities(series)],
        "started": _started(models),
        "referrer": referrers[0].reference if referrers else None,
        "interpreter": [person.reference for person in readers],
        "numberOfSeries": len(series),
        "numberOfInstances": len(models),
        "procedureCode": _procedures(models),
        "location": {"display": place} if place else None,
        "reasonCode": _reasons(models),
        "description": _description(models),
        "series": series,
    }
    return compact(resource), [*referrers[:1], *readers, *performers]


def _study_identifier(study_uid: str) -> Element:
    return identifier(
        DICOM_UID,
        oid_system(study_uid),
        type_system=DCM,
        type_code="110180",
        type_display="Study Instance UID",
    )


def _series(models: list[Model]) -> tuple[list[Element], list[Professional]]:
    by_uid: dict[str, list[Model]] = defaultdict(list)
    for model in models:
        by_uid[text(model, tag.SERIES_INSTANCE_UID)].append(model)
    found = [series_element(members) for members in by_uid.values()]
    ordered = sorted(found, key=lambda one: (one[0].get("number", _LAST), one[0]["uid"]))
    return [one for one, _ in ordered], [person for _, people in ordered for person in people]


def _modalities(series: list[Element]) -> list[str]:
    """Return what images were made with; when none were, what the objects say of themselves."""
    codes = list(dict.fromkeys(one["modality"]["code"] for one in series))
    return [code for code in codes if code in ACQUISITION] or codes


def _first(models: list[Model], name: int) -> str:
    return next((found for model in models if (found := text(model, name))), "")


def _started(models: list[Model]) -> str | None:
    """Return the study's date and time, both from the first object that has the date."""
    model = next((one for one in models if text(one, tag.STUDY_DATE)), {})
    return da_tm_datetime(
        text(model, tag.STUDY_DATE), text(model, tag.STUDY_TIME), text(model, tag.TIMEZONE_OFFSET)
    )


def _people(models: list[Model], names: int, identification: int) -> list[Professional]:
    return next(
        (found for one in models if (found := professionals(one, names, identification))), []
    )


def _requests(models: list[Model]) -> list[Model]:
    return [
        item
        for model in models
        for name in (tag.REQUEST_ATTRIBUTES, tag.REFERENCED_REQUEST)
        for item in items(model, name)
    ]


def _procedures(models: list[Model]) -> list[Element]:
    performed = _distinct(code for model in models for code in concepts(model, tag.PROCEDURE_CODE))
    if performed:
        return performed
    holders = [*models, *_requests(models)]
    return _distinct(
        code for one in holders for code in concepts(one, tag.REQUESTED_PROCEDURE_CODE)
    )


def _reasons(models: list[Model]) -> list[Element]:
    holders = [*models, *_requests(models)]
    coded = _distinct(
        code for one in holders for code in concepts(one, tag.REASON_FOR_REQUESTED_PROCEDURE_CODE)
    )
    if coded:
        return coded
    said = (text(one, tag.REASON_FOR_REQUESTED_PROCEDURE) for one in holders)
    return [concept(text=reason) for reason in dict.fromkeys(said) if reason]


def _distinct(found: Iterable[Element]) -> list[Element]:
    return list({str(one): one for one in found}.values())


def _description(models: list[Model]) -> str:
    described = _first(models, tag.STUDY_DESCRIPTION)
    holders = [*models, *_requests(models)]
    return described or _first(holders, tag.REQUESTED_PROCEDURE_DESCRIPTION)


def _warnings(models: list[Model]) -> Iterable[Issue]:
    numbers = {patient_numbers(model) for model in models if text(model, tag.PATIENT_ID)}
    if not numbers:
        yield _warning(
            "The images name no patient (0010,0020): the patient is known by the study alone.",
            "required",
        )
    if len(numbers) > 1:
        yield _warning(
            "Objects of this study name different patients (0010,0020): the first is kept.",
            "conflict",
        )


def _warning(sentence: str, code: str) -> Issue:
    return Issue(sentence, "ImagingStudy.subject", severity="warning", code=code)
