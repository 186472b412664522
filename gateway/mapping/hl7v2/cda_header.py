"""What the header of a CDA R2 document says of itself, read without an XML parser.

Documents come from outside: the header is looked at as bytes, nothing is expanded. In CDA R2 the
header comes first in a fixed order (POCD_HD000040), so the first `id` is the document's.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final, NamedTuple

from gateway.mapping.hl7v2.datatypes.ei import URI_SYSTEM, Number, number
from gateway.mapping.hl7v2.datatypes.hd import is_oid

# Headers are shorter than this; the body, with its base64, comes after.
_HEADER: Final = 120_000
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_BODY: Final = re.compile(r"<(?:\w+:)?component\b")
_ATTRIBUTE: Final = re.compile(r"\b(root|extension|code|value)\s*=\s*[\"']([^\"']*)[\"']")
_SIMPLE: Final = {
    name: re.compile(rf"<(?:[\w.-]+:)?{name}\b([^>]*)>")
    for name in ("id", "setId", "confidentialityCode", "accessionNumber")
}
_TITLE: Final = re.compile(r"<(?:\w+:)?title\b[^>]*>([^<]*)<")
_ORDER: Final = re.compile(r"<(?:\w+:)?inFulfillmentOf\b.*?<(?:\w+:)?id\b([^>]*)>", re.DOTALL)
_STUDY: Final = re.compile(
    r"<(?:\w+:)?id\b(?=[^>]*extension\s*=\s*[\"']studyInstanceUID[\"'])([^>]*)>", re.IGNORECASE
)


class CdaHeader(NamedTuple):
    """Identifiers of a document; None or empty where it says nothing."""

    id: Number | None = None
    set_id: Number | None = None
    title: str = ""
    confidentiality: str = ""
    order: Number | None = None
    accession: Number | None = None
    study: str = ""


def read_cda_header(content: bytes) -> CdaHeader:
    """Return what the header says; an empty `CdaHeader` when this is not a CDA document."""
    text = _COMMENT.sub("", content[:_HEADER].decode("utf-8", "replace"))
    if "ClinicalDocument" not in text:
        return CdaHeader()
    body = _BODY.search(text)
    header = text[: body.start()] if body else text
    title = _TITLE.search(header)
    return CdaHeader(
        id=_number(_first("id", header)),
        set_id=_number(_first("setId", header)),
        title=unescape(title[1]).strip() if title else "",
        confidentiality=_first("confidentialityCode", header).get("code", ""),
        order=_number(_attributes(_ORDER.search(header)), "PLAC"),
        accession=_number(_first("accessionNumber", header), "ACSN"),
        study=_attributes(_STUDY.search(header)).get("root", ""),
    )


def _first(name: str, header: str) -> dict[str, str]:
    return _attributes(_SIMPLE[name].search(header))


def _attributes(match: re.Match[str] | None) -> dict[str, str]:
    if match is None:
        return {}
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}


def _number(attributes: dict[str, str], kind: str | None = None) -> Number | None:
    """Read an II: the root alone, or the extension within the root."""
    root, extension = attributes.get("root", ""), attributes.get("extension", "")
    uri = f"urn:oid:{root}" if is_oid(root) else f"urn:uuid:{root.lower()}"
    if extension:
        return number(uri if root else "", extension, kind)
    return number(URI_SYSTEM, uri, kind) if root else None
