"""What the header of a CDA R2 document says of itself, read without an XML parser.

Documents come from outside: the header is looked at as bytes, nothing is expanded. In CDA R2 the
header comes first in a fixed order (POCD_HD000040), so the first `id` is the document's.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final, NamedTuple

# Headers are shorter than this; the body, with its base64, comes after.
HEADER_BYTES: Final = 120_000
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_BODY: Final = re.compile(r"<(?:\w+:)?component\b")
_ATTRIBUTE: Final = re.compile(r"\b(root|extension|code|value)\s*=\s*[\"']([^\"']*)[\"']")
_SIMPLE: Final = {
    name: re.compile(rf"<(?:[\w.-]+:)?{name}\b([^>]*)>")
    for name in ("id", "setId", "effectiveTime", "confidentialityCode", "accessionNumber")
}
_TITLE: Final = re.compile(r"<(?:\w+:)?title\b[^>]*>([^<]*)<")
_ORDER: Final = re.compile(r"<(?:\w+:)?inFulfillmentOf\b.*?<(?:\w+:)?id\b([^>]*)>", re.DOTALL)
_REPLACED: Final = re.compile(
    r"<(?:\w+:)?relatedDocument\b[^>]*\btypeCode\s*=\s*[\"']RPLC[\"'][^>]*>"
    r"\s*<(?:\w+:)?parentDocument\b[^>]*>\s*<(?:\w+:)?id\b([^>]*)>"
)
_STUDY: Final = re.compile(
    r"<(?:\w+:)?id\b(?=[^>]*extension\s*=\s*[\"']studyInstanceUID[\"'])([^>]*)>", re.IGNORECASE
)


class InstanceIdentifier(NamedTuple):
    """An II: an OID or UUID, and a name within it when there is one."""

    root: str = ""
    extension: str = ""


class Header(NamedTuple):
    """What a document says of itself; None or empty where it says nothing.

    `time` is when the document was made (DTM), `order` the placer's number (`inFulfillmentOf`),
    `accession` the imaging department's (DICOM PS3.20), `study` a Study Instance UID, `replaced`
    the document in whose place this one comes.
    """

    id: InstanceIdentifier | None = None
    set_id: InstanceIdentifier | None = None
    title: str = ""
    time: str = ""
    confidentiality: str = ""
    order: InstanceIdentifier | None = None
    accession: InstanceIdentifier | None = None
    study: str = ""
    replaced: InstanceIdentifier | None = None


def read_header(content: bytes) -> Header:
    """Return what the header says; an empty `Header` when this is not a CDA document."""
    text = _COMMENT.sub("", content[:HEADER_BYTES].decode("utf-8", "replace"))
    if "ClinicalDocument" not in text:
        return Header()
    body = _BODY.search(text)
    header = text[: body.start()] if body else text
    title = _TITLE.search(header)
    return Header(
        id=_identifier(_first("id", header)),
        set_id=_identifier(_first("setId", header)),
        title=unescape(title[1]).strip() if title else "",
        time=_first("effectiveTime", header).get("value", ""),
        confidentiality=_first("confidentialityCode", header).get("code", ""),
        order=_identifier(_attributes(_ORDER.search(header))),
        accession=_identifier(_first("accessionNumber", header)),
        study=_attributes(_STUDY.search(header)).get("root", ""),
        replaced=_identifier(_attributes(_REPLACED.search(header))),
    )


def _first(name: str, header: str) -> dict[str, str]:
    return _attributes(_SIMPLE[name].search(header))


def _attributes(match: re.Match[str] | None) -> dict[str, str]:
    if match is None:
        return {}
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}


def _identifier(attributes: dict[str, str]) -> InstanceIdentifier | None:
    found = InstanceIdentifier(attributes.get("root", ""), attributes.get("extension", ""))
    return found if any(found) else None
