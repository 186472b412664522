"""Documents inside messages: Attachments, and the DocumentReferences that hold them."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha1
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import LOINC, Element, coding, concept, reference
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.document_class import UNTYPED, document_class
from gateway.mapping.hl7v2.pv1 import pv1_visit
from gateway.mapping.hl7v2.section import IMAGING

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.cda_header import CdaHeader
    from gateway.mapping.hl7v2.datatypes.ed import Document
    from gateway.mapping.hl7v2.datatypes.ei import Number
    from gateway.mapping.hl7v2.gathering import Gathering

# The gateway's own: a document without an id is known by its report and place.
DOCUMENT_SYSTEM: Final = "urn:passerelle:document"
IMAGING_REPORT: Final = "18748-4"
IMAGING_ORDER: Final = "55115-0"


@dataclass(slots=True)
class DocumentFacts:
    """What is known of a document besides its bytes."""

    kind: Element
    number: Number | None = None
    place: str = ""
    status: str = "current"
    doc_status: str = "final"
    date: str | None = None
    period_start: str | None = None
    description: str = ""
    authors: list[Element] = field(default_factory=list)
    authenticator: Element | None = None
    custodian: Element | None = None
    labels: list[Element] = field(default_factory=list)
    # What the sender wants to be told of the document.
    tags: list[Element] = field(default_factory=list)
    # `replaces` or `appends`, and the number of the other document.
    relation: tuple[str, Number] | None = None
    file_name: str = ""
    setting: Element = field(default_factory=dict)
    related: list[str] = field(default_factory=list)


def attachment(
    document: Document, gathering: Gathering, *, title: str = "", creation: str | None = None
) -> Element:
    """Keep the bytes of a document and return the Attachment that points to them.

    `hash` is base64 of SHA-1 (https://hl7.org/fhir/R4/datatypes.html#attachment).
    """
    payload = gathering.attach(document.content, document.content_type)
    digest = sha1(document.content, usedforsecurity=False).digest()
    parts = {
        "contentType": document.content_type,
        "language": _language(gathering),
        "url": f"urn:sha256:{payload.sha256}",
        "size": len(document.content),
        "hash": b64encode(digest).decode(),
        "title": title,
        "creation": creation,
    }
    return {name: part for name, part in parts.items() if part not in (None, "")}


def document_reference(
    facts: DocumentFacts, attachments: list[Element], gathering: Gathering
) -> str:
    """Take the DocumentReference of a document and return its full url."""
    number = facts.number
    key = number.key if number else Key(DOCUMENT_SYSTEM, facts.place)
    resource: Element = {"resourceType": "DocumentReference"}
    if number:
        resource["masterIdentifier"] = number.identifier
        if facts.file_name:
            system = f"{gathering.sender_system}:file"
            resource["identifier"] = [{"system": system, "value": facts.file_name}]
    else:
        resource["identifier"] = [{"system": key.system, "value": key.value}]
    parts = {
        "meta": {"tag": facts.tags} if facts.tags else {},
        "status": facts.status,
        "docStatus": facts.doc_status,
        "type": facts.kind,
        "category": document_class(facts.kind),
        "subject": reference(gathering.subject),
        "date": facts.date,
        "author": facts.authors,
        "authenticator": facts.authenticator,
        "custodian": facts.custodian,
        "relatesTo": _relation(facts.relation),
        "description": facts.description,
        "securityLabel": facts.labels,
        "content": [{"attachment": one} for one in attachments],
        "context": _context(facts, pv1_visit(gathering)),
    }
    resource |= {name: part for name, part in parts.items() if part}
    return gathering.state(resource, [key])


def cda_relation(header: CdaHeader) -> tuple[str, Number] | None:
    """Return which document a CDA says that it replaces (`relatedDocument`, RPLC)."""
    named = header.replaced
    return (
        ("replaces", named) if named and (header.id is None or named.key != header.id.key) else None
    )


def document_type(section: str) -> Element:
    """Return the type of a document that does not say its own."""
    if section == IMAGING:
        return concept(coding(LOINC, IMAGING_REPORT, "CR d'imagerie médicale"))
    return concept(text=UNTYPED)


def _language(gathering: Gathering) -> str | None:
    """Return French, unless the message comes from another country."""
    abroad = gathering.message.msh().text(17) not in ("", "FRA", "FR")
    return None if abroad and not gathering.french else "fr-FR"


def _relation(relation: tuple[str, Number] | None) -> list[Element]:
    """Name the other document by its identifier: whether it is held here is known later."""
    if relation is None:
        return []
    code, number = relation
    target = {"type": "DocumentReference", "identifier": number.identifier}
    return [{"code": code, "target": target}]


def _context(facts: DocumentFacts, visit: Element) -> Element:
    parts: Element = {"encounter": [visit]} if visit else {}
    if facts.period_start:
        parts["period"] = {"start": facts.period_start}
    if facts.setting:
        parts["practiceSetting"] = facts.setting
    if facts.related:
        parts["related"] = [reference(url) for url in facts.related]
    return parts
