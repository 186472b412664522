"""Key object selections: what they point to, and the DocumentReference that shows them.

PS3.3 A.35.4, PS3.16 TID 2010; IHE RAD MADO; the French DRIM-M manifest. Rejection notes are IHE RAD
IOCM.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import Element, coding, concept, oid_system, reference
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.document_reference import document_entry
from gateway.mapping.dicom.sr.source import SOURCE_OBJECT
from gateway.mapping.entry import Mapped, Payload

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.dicom.sr.tree import Item
    from gateway.mapping.dicom.sr.source import Source

_DCMUID: Final = "urn:oid:1.2.840.10008.2.6.1"
_FRENCH_TYPES: Final = "urn:oid:1.2.250.1.213.1.1.4.12"
_MANIFESTS: Final = frozenset({Term("DCM", "113030"), Term("99IHE", "MADOTEMP001")})
_DESCRIPTION: Final = Term("DCM", "113012")
# Rejected for Quality, for Patient Safety, Incorrect Modality Worklist Entry, Data Retention
# Policy Expired (PS3.16 CID 7011): what the study is when nothing else is left of it.
REJECTIONS: Final = {
    Term("DCM", "113001"): "cancelled",
    Term("DCM", "113037"): "entered-in-error",
    Term("DCM", "113038"): "entered-in-error",
    Term("DCM", "113039"): "cancelled",
}
_LIBRARY_GROUP: Final = Term("DCM", "126200")
_SERIES_UID: Final = Term("DCM", "112002")
_SERIES_NUMBER: Final = Term("DCM", "113607")
_SERIES_DESCRIPTION: Final = Term("99IHE", "MADOTEMP002")
_MODALITY: Final = Term("DCM", "121139")
_REGION: Final = Term("DCM", "123014")


@dataclass(frozen=True, slots=True)
class Reference:
    """One object that a selection points to, with what is said of its series."""

    study: str
    series: str
    sop_class: str
    sop_instance: str
    retrieve_url: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What the image library of a manifest says of a series."""

    modality: str = ""
    number: int | None = None
    description: str = ""
    region: Element | None = None


def is_manifest(root: Item) -> bool:
    """Whether a selection lists a whole study for those who may fetch it."""
    return root.term in _MANIFESTS or root.meaning.lower().startswith("manifest")


def references_of(model: Model) -> list[Reference]:
    """Return every object of the evidence sequences (0040,A375) and (0040,A385)."""
    found = []
    for name in (sr.CURRENT_EVIDENCE, sr.PERTINENT_EVIDENCE):
        for study in items(model, name):
            for series in items(study, sr.REFERENCED_SERIES):
                found += [
                    _reference(study, series, one) for one in items(series, sr.REFERENCED_SOP)
                ]
    return [one for one in found if one.sop_instance]


def _reference(study: Model, series: Model, one: Model) -> Reference:
    return Reference(
        text(study, tag.STUDY_INSTANCE_UID),
        text(series, tag.SERIES_INSTANCE_UID),
        text(one, sr.REFERENCED_SOP_CLASS),
        text(one, sr.REFERENCED_SOP_INSTANCE),
        text(series, sr.RETRIEVE_URL),
        text(series, sr.RETRIEVE_LOCATION_UID),
    )


def library(root: Item) -> dict[str, SeriesFacts]:
    """Return what the image library (TID 1600) says, by series UID."""
    found = {}
    for group in root.walk():
        uid = group.find(_SERIES_UID) if group.term == _LIBRARY_GROUP else None
        if uid and uid.value:
            found[uid.value] = _facts(group)
    return found


def _facts(group: Item) -> SeriesFacts:
    modality, number = group.find(_MODALITY), group.find(_SERIES_NUMBER)
    described, region = group.find(_SERIES_DESCRIPTION), group.find(_REGION)
    digits = number.value if number else ""
    return SeriesFacts(
        text(modality.code, tag.CODE_VALUE) if modality else "",
        int(digits) if digits.isdigit() and len(digits) < 10 else None,  # noqa: PLR2004 - unsignedInt
        described.value if described else "",
        next(iter(item_concept(region.code).get("coding", [])), None) if region else None,
    )


def description(root: Item) -> str:
    """Return the Key Object Description (113012), empty without one."""
    found = root.find(_DESCRIPTION)
    return found.value if found else ""


def map_key_objects(source: Source, file: bytes) -> Mapped:
    """Map a selection to a DocumentReference; a rejection note is nothing to show."""
    if source.root.term in REJECTIONS:
        return Mapped()
    payload = Payload(file, "application/dicom", sha256(file).hexdigest())
    objects = [
        {"url": SOURCE_OBJECT, "valueUri": oid_system(one.sop_instance)}
        for one in references_of(source.model)
    ]
    manifest = is_manifest(source.root)
    related = reference(source.study) | ({} if manifest or not objects else {"extension": objects})
    entry = document_entry(
        source,
        _type(source.root),
        [{"attachment": _attachment(payload, source), "format": _format(source)}],
        {
            "description": description(source.root) or source.root.meaning,
            "context": {"related": [related]},
        },
    )
    return Mapped(entries=(*source.mentions(), entry), objects=(payload,))


def _type(root: Item) -> Element:
    named = item_concept(root.name)
    if not is_manifest(root):
        return named or concept(text="KOS")
    french = coding(_FRENCH_TYPES, "IMG-KOS", "Manifeste d'imagerie")
    return concept(french, *named.get("coding", []), text=root.meaning or None)


def _format(source: Source) -> Element:
    return coding(_DCMUID, text(source.model, tag.SOP_CLASS_UID), "Key Object Selection Document")


def _attachment(payload: Payload, source: Source) -> Element:
    digest = sha1(payload.content, usedforsecurity=False).digest()
    return {
        "contentType": payload.content_type,
        "url": f"urn:sha256:{payload.sha256}",
        "size": len(payload.content),
        "hash": b64encode(digest).decode(),
        "title": source.root.meaning,
    }
