"""Encapsulated PDF and CDA to DocumentReference and Binary, and to the report when they are one.

PS3.3 A.45. A CDA document is known by its own id too: the same one may come by HL7 v2.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, number, text
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.codes import Term, term
from gateway.fhir.datatypes import Element, compact, concept, reference, stable_id, urn
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.document_reference import document_entry
from gateway.mapping.dicom.sr.report import IMAGING_REPORT, RADIOLOGY, attachment
from gateway.mapping.entry import Entry, Mapped, Payload, Write

if TYPE_CHECKING:
    from gateway.mapping.dicom.sr.source import Source

_CDA: Final = "text/xml"
_LENGTH: Final = 0x00420015
# LOINC codes of imaging reports, whatever the modality (PS3.16 CID 7000 and JDV_J07).
_REPORTS: Final = frozenset(
    Term("LN", value)
    for value in ("18748-4", "11528-7", "18760-9", "18782-3", "24606-6", "38268-9", "87273-9")
)


def map_encapsulated(source: Source) -> Mapped:
    """Map one encapsulated document; without content there is nothing to show."""
    content = _content(source)
    if not content:
        return Mapped()
    payload = Payload(content, _content_type(source), sha256(content).hexdigest())
    title = text(source.model, tag.DOCUMENT_TITLE) or text(source.model, tag.SERIES_DESCRIPTION)
    shown = attachment(payload, source, title)
    name = next(iter(items(source.model, tag.CONCEPT_NAME_CODE)), {})
    kind = item_concept(name) or (concept(text=title) if title else IMAGING_REPORT)
    document = _with_own_id(
        document_entry(source, kind, [{"attachment": shown}], {"description": title}), payload
    )
    entries = (*source.mentions(), document)
    if term(name) not in _REPORTS:
        return Mapped(entries=entries, objects=(payload,))
    report = _report(source, kind, shown)
    return Mapped(entries=(*entries, report), objects=(payload,), report=report.full_url)


def _content(source: Source) -> bytes:
    """Return the document without the byte that pads it to an even length."""
    content = source.document.content
    length = number(source.model, _LENGTH)
    return content[:length] if length and 0 <= len(content) - length <= 1 else content


def _content_type(source: Source) -> str:
    said = text(source.model, sr.MIME_TYPE).lower()
    return said or ("application/pdf" if source.document.content[:4] == b"%PDF" else _CDA)


def _with_own_id(document: Entry, payload: Payload) -> Entry:
    """Return the entry, known by the id in a CDA header as well."""
    # The mapping of HL7 v2 knows how such numbers are written; few objects need it.
    from gateway.mapping.hl7v2.cda_header import read_cda_header  # noqa: PLC0415 - see above

    header = read_cda_header(payload.content) if payload.content_type == _CDA else None
    if header is None or header.id is None:
        return document
    resource = document.resource | {"identifier": [header.id.identifier]}
    return replace(
        document, resource=resource, keys=(*document.keys, header.id.key), write=Write.MENTION
    )


def _report(source: Source, kind: Element, shown: Element) -> Entry:
    house = text(source.model, tag.INSTITUTION_NAME)
    resource = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": source.key.system, "value": source.key.value}],
        "status": "preliminary" if source.unsigned else "final",
        "category": [RADIOLOGY],
        "code": kind,
        "subject": reference(source.subject),
        "effectiveDateTime": source.observed,
        "issued": source.issued,
        "performer": [{"type": "Organization", "display": house}] if house else [],
        "imagingStudy": [reference(source.study)],
        "presentedForm": [shown],
    }
    full_url = urn(stable_id("DiagnosticReport", *source.key))
    return Entry(compact(resource), full_url, (source.key,), Write.ASSERT)
