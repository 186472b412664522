"""Persons of a study: the patient, and the professionals who asked, did and read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, names, text
from gateway.dicom.sr.codes import code_value
from gateway.fhir.datatypes import (
    DICOM_UID,
    V2_0203,
    Element,
    coding,
    compact,
    concept,
    human_name,
    oid_system,
    reference,
    stable_id,
    urn,
)
from gateway.mapping.dicom.authorities import INS_TYPES, patient_issuer
from gateway.mapping.dicom.dates import da_date
from gateway.mapping.entry import Entry, Key, Write
from gateway.mapping.national_number import PS_OID, Identity, national_identity, rpps_of

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

_FR_0203: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_GENDERS: Final = {"M": "male", "F": "female", "O": "other"}


@dataclass(frozen=True, slots=True)
class Professional:
    """A practitioner by name, and by number when one is given."""

    reference: Element
    entry: Entry | None = None


def patient(model: Model, calling_ae: str, study_uid: str) -> Entry:
    """Return the patient that an object names.

    A number without issuer is one of the sender's; without any number the patient is known by the
    study alone.
    """
    identifiers = _patient_identifiers(model, calling_ae)
    keys = tuple(Key(item["system"], item["value"]) for item in identifiers)
    if not keys:
        keys = (Key(DICOM_UID, oid_system(study_uid)),)
    resource = compact(
        {
            "resourceType": "Patient",
            "identifier": identifiers,
            "name": [_name(name) for name in names(model, tag.PATIENT_NAME)],
            "gender": _GENDERS.get(text(model, tag.PATIENT_SEX).upper()),
            "birthDate": da_date(text(model, tag.PATIENT_BIRTH_DATE)),
        }
    )
    return _mention(resource, keys)


def patient_numbers(model: Model) -> tuple[str, str]:
    """Return what says whether two objects name one patient: issuer and number."""
    return patient_issuer(model), text(model, tag.PATIENT_ID)


def _patient_identifiers(model: Model, calling_ae: str) -> list[Element]:
    """Return every number, the national one first, each once."""
    found: dict[Key, Element] = {}
    for holder in (model, *items(model, tag.OTHER_PATIENT_IDS)):
        value = text(holder, tag.PATIENT_ID)
        if value:
            system = patient_issuer(holder) or f"urn:passerelle:sender:{calling_ae}"
            found.setdefault(Key(system, value), _patient_identifier(system, value, holder))
    return sorted(found.values(), key=lambda item: item["system"] not in INS_TYPES)


def _patient_identifier(system: str, value: str, holder: Model) -> Element:
    national = INS_TYPES.get(system)
    kind = coding(_FR_0203, national) if national else coding(V2_0203, "PI")
    assigner = text(holder, tag.ISSUER_OF_PATIENT_ID)
    element: Element = {
        "use": "official" if national else "usual",
        "type": concept(kind),
        "system": system,
        "value": value,
        "assigner": {"display": assigner} if assigner else None,
    }
    return {name: part for name, part in element.items() if part}


def _name(parts: tuple[str, ...]) -> Element:
    family, given, middle, prefix, suffix = parts
    return human_name(
        family or None,
        tuple(part for part in (given, middle) if part),
        prefix=prefix or None,
        suffix=suffix or None,
    )


def professionals(model: Model, name_tag: int, identification_tag: int) -> list[Professional]:
    """Return the persons of a name and an identification sequence, which go in pairs.

    PS3.3 table 10-1, Person Identification Macro.
    """
    named = names(model, name_tag)
    identified = items(model, identification_tag)
    count = max(len(named), len(identified))
    pairs = ((named[n : n + 1], identified[n : n + 1]) for n in range(count))
    found = (
        professional(
            name[0] if name else (),
            next(iter(items(item[0], tag.PERSON_IDENTIFICATION_CODE)), {}) if item else {},
        )
        for name, item in pairs
    )
    return [one for one in found if one.reference]


def professional(name: tuple[str, ...], number: Model) -> Professional:
    """Return a person by the parts of the name, and by the code item that holds the number."""
    display = " ".join(part for part in (name[1], name[0]) if part) if name else ""
    identity = _national(number)
    if identity is None:
        return Professional({"display": display} if display else {})
    resource = compact(
        {
            "resourceType": "Practitioner",
            "identifier": list(identity.identifiers),
            "name": [_name(name)] if name else None,
        }
    )
    entry = _mention(resource, identity.keys)
    return Professional(reference(entry.full_url, display=display or None), entry)


def _national(number: Model) -> Identity | None:
    """Return the identity of a French professional; a number of another kind names nobody."""
    value = code_value(number)
    meaning = text(number, tag.CODE_MEANING).upper()
    scheme = text(number, tag.CODING_SCHEME_UID)
    if (scheme != PS_OID and meaning not in ("RPPS", "IDNPS")) or not value.isdigit():
        return None
    return national_identity(value) if rpps_of(value) else None


def _mention(resource: Element, keys: tuple[Key, ...]) -> Entry:
    full_url = urn(stable_id(resource["resourceType"], *keys[0]))
    return Entry(resource, full_url, keys, Write.MENTION)
