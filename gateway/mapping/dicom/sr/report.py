"""The text of a report: sections as HTML, the conclusion, and the DiagnosticReport.

PS3.16 TID 2000 and its family, TID 2005 and 2006, Basic Text, and any tree that has text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1, sha256
from html import escape
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import (
    LOINC,
    Element,
    coding,
    compact,
    concept,
    oid_system,
    reference,
    stable_id,
    urn,
)
from gateway.mapping.dicom.codes import item_concept
from gateway.mapping.dicom.sr.components import code_of, item_value
from gateway.mapping.entry import Entry, Key, Payload, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.sr.tree import Item
    from gateway.mapping.dicom.sr.source import Source

HTML: Final = "text/html"
IMAGING_REPORT: Final = concept(coding(LOINC, "18748-4", "Diagnostic imaging study"))
_DIAGNOSTIC_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
RADIOLOGY: Final = concept(coding(_DIAGNOSTIC_SERVICE, "RAD", "Radiology"))
_LANGUAGE: Final = Term("DCM", "121049")
# Impressions, conclusions, summary: CID 7001 and the LOINC codes of sections.
_CONCLUSIONS: Final = frozenset(
    {
        Term("DCM", "121072"),
        Term("DCM", "121073"),
        Term("DCM", "121076"),
        Term("DCM", "121077"),
        Term("DCM", "121111"),
        Term("LN", "19005-8"),
        Term("LN", "55110-1"),
    }
)
# How a report came about, which its head says already.
_ASIDE: Final = frozenset({"HAS OBS CONTEXT", "HAS CONCEPT MOD", "HAS ACQ CONTEXT"})
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_IMAGE_LIBRARY: Final = Term("DCM", "111028")
# Deeper headings would be no headings.
_LOWEST_HEADING: Final = 6
# Deeper than any report that a person would read.
_DEEPEST: Final = 40


def report_entry(source: Source, results: list[Entry]) -> tuple[Entry, Payload]:
    """Return the DiagnosticReport of a document and the page that shows it.

    A document that replaces another (0040,A360) is the same report from then on.
    """
    page = Payload(html := _page(source), HTML, sha256(html).hexdigest())
    resource = compact(
        {
            "resourceType": "DiagnosticReport",
            "identifier": [{"system": source.key.system, "value": source.key.value}],
            "status": _status(source),
            "category": [RADIOLOGY],
            "code": item_concept(source.root.name) or IMAGING_REPORT,
            "subject": reference(source.subject),
            "effectiveDateTime": source.observed,
            "issued": source.issued,
            "performer": _performers(source),
            "resultsInterpreter": [one.reference for one in source.readers],
            "result": [reference(one.full_url) for one in results],
            "imagingStudy": [reference(source.study)],
            "conclusion": _conclusion(source),
            "conclusionCode": _conclusion_codes(source.root),
            "presentedForm": [attachment(page, source, source.root.meaning)],
        }
    )
    keys = (source.key, *(Key(source.key.system, oid_system(uid)) for uid in predecessors(source)))
    full_url = urn(stable_id("DiagnosticReport", *source.key))
    return Entry(resource, full_url, keys, Write.ASSERT), page


def predecessors(source: Source) -> list[str]:
    """Return the SOP Instance UIDs of the documents that this one replaces."""
    studies = items(source.model, sr.PREDECESSOR_DOCUMENTS)
    series = [one for study in studies for one in items(study, sr.REFERENCED_SERIES)]
    objects = [one for each in series for one in items(each, sr.REFERENCED_SOP)]
    return [uid for one in objects if (uid := text(one, sr.REFERENCED_SOP_INSTANCE))]


def attachment(page: Payload, source: Source, title: str) -> Element:
    """Return the Attachment of a document; `hash` is base64 of SHA-1."""
    digest = sha1(page.content, usedforsecurity=False).digest()
    parts = {
        "contentType": page.content_type,
        "language": _language(source),
        "url": f"urn:sha256:{page.sha256}",
        "size": len(page.content),
        "hash": b64encode(digest).decode(),
        "title": title,
        "creation": source.observed,
    }
    return {name: part for name, part in parts.items() if part not in (None, "")}


def _status(source: Source) -> str:
    if source.preliminary:
        partial = text(source.model, sr.PRELIMINARY_FLAG).upper() != "PRELIMINARY"
        return "partial" if partial else "preliminary"
    if not source.verified:
        # Complete, and nobody has signed it yet.
        return "preliminary"
    return "amended" if predecessors(source) else "final"


def _performers(source: Source) -> list[Element]:
    signed = (text(one, sr.VERIFYING_ORGANIZATION) for one in source.verifiers)
    names = [*signed, text(source.model, tag.INSTITUTION_NAME)]
    name = next((one for one in names if one), "")
    return [{"type": "Organization", "display": name}] if name else []


def _language(source: Source) -> str | None:
    item = source.root.find(_LANGUAGE)
    code = text(item.code, tag.CODE_VALUE) if item else ""
    # ISO 639-2 codes of three letters are no BCP 47 tags where there is one of two.
    short = {"fra": "fr", "fre": "fr", "eng": "en"}.get(code, code)
    return short if _TAG.fullmatch(short) else None


def _conclusion(source: Source) -> str:
    said = (one.value.strip() for one in _concluding(source.root) if one.kind == "TEXT")
    return "\n".join(dict.fromkeys(words for words in said if words))


def _conclusion_codes(root: Item) -> list[Element]:
    coded = [item_concept(one.code) for one in _concluding(root) if one.kind == "CODE" and one.code]
    return list({str(one): one for one in coded}.values())


def _concluding(root: Item) -> Iterator[Item]:
    """Give what stands in the sections that conclude, each item once."""
    waiting = [(root, False)]
    while waiting:
        item, concluding = waiting.pop()
        inside = concluding or item.term in _CONCLUSIONS
        if inside and item.relationship not in _ASIDE:
            yield item
        waiting += [(one, inside) for one in reversed(item.children)]


def _page(source: Source) -> bytes:
    """Return the report as a page: everything a sender wrote is escaped."""
    title = escape(source.root.meaning or "Compte rendu")
    lines = [
        f'<!DOCTYPE html><html lang="{escape(_language(source) or "fr")}"><head>',
        f'<meta charset="utf-8"><title>{title}</title></head><body><h1>{title}</h1>',
    ]
    waiting: list[tuple[Item, int]] = [(one, 2) for one in reversed(source.root.children)]
    while waiting:
        item, level = waiting.pop()
        if item.relationship in _ASIDE or item.term == _IMAGE_LIBRARY:
            continue
        lines.append(_line(item, level))
        if level < _DEEPEST:
            waiting += [(one, level + 1) for one in reversed(item.children)]
    lines.append("</body></html>")
    return "\n".join(line for line in lines if line).encode()


def _line(item: Item, level: int) -> str:
    name = escape(item.meaning)
    if item.kind == "CONTAINER":
        heading = min(level, _LOWEST_HEADING)
        return f"<h{heading}>{name}</h{heading}>" if name else ""
    said = escape(_said(item)).replace("\n", "<br>")
    if not said:
        return ""
    return f"<p>{said}</p>" if item.kind == "TEXT" else f"<p>{escape(_label(item))} : {said}</p>"


def _label(item: Item) -> str:
    return str(code_of(item).get("text", ""))


def _said(item: Item) -> str:
    value = item_value(item)
    quantity = value.get("valueQuantity")
    if quantity:
        number = str(getattr(quantity["value"], "text", quantity["value"])).replace(".", ",")
        unit = "" if quantity.get("code") == "1" else quantity.get("unit", "")
        return f"{number} {unit}".strip()
    return str(item.value.strip()) if item.kind != "NUM" else ""
