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
from gateway.fhir.wire import loads
from gateway.mapping.dicom.codes import ACQUISITION, concepts
from gateway.mapping.dicom.dates import da_tm_datetime
from gateway.mapping.dicom.numbers import identifier_of, order_links
from gateway.mapping.dicom.persons import patient, patient_numbers, professionals
from gateway.mapping.dicom.series import modality, series_element
from gateway.mapping.entry import Entry, Key, Link, LinkKind, Mapped, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.dicom.json_model import Model
    from gateway.mapping.dicom.persons import Professional

_LAST: Final = 1 << 31


class HeldInstance(Protocol):
    """What the store holds of an object: `header` is its DICOM JSON model."""

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
class Context:
    """`accession_system` is the system of accession numbers that come without issuer."""

    accession_system: str = ""


def map_instances(instances: Iterable[HeldInstance], accession_system: str = "") -> Mapped:
    """Map the objects that the store holds of one study."""
    study = [StudyInstance(loads(held.header), held.calling_ae) for held in instances]
    return map_study(study, Context(accession_system))


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
    entry = Entry(resource, urn(stable_id("ImagingStudy", *key)), (key,), Write.ASSERT)
    practitioners = {one.entry.full_url: one.entry for one in people if one.entry is not None}
    return Mapped(
        entries=(person, *practitioners.values(), entry),
        links=(Link(LinkKind.STUDY, *key), *links),
        warnings=tuple(_warnings(models)),
        subject=person.full_url,
        study=entry.full_url,
    )


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
    department = _first(models, tag.INSTITUTIONAL_DEPARTMENT)
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
        "location": {"display": department} if department else None,
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
