"""ORU^R01, unsolicited result: each OBR becomes a DiagnosticReport (IHE RAD-28, RAD-128)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, concept, reference
from gateway.mapping.entry import Key, LinkKind, Write
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.copies import copies_to
from gateway.mapping.hl7v2.datatypes.ei import Number, number
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.document import (
    DocumentFacts,
    attachment,
    cda_relation,
    document_reference,
    document_type,
)
from gateway.mapping.hl7v2.flags import document_flags, document_tags, report_meta, security_labels
from gateway.mapping.hl7v2.groups import order_groups
from gateway.mapping.hl7v2.imaging_study import imaging_study, study_uid
from gateway.mapping.hl7v2.numbers import OrderNumbers, order_numbers
from gateway.mapping.hl7v2.obr import obr_copies, obr_diagnostic_report, report_status
from gateway.mapping.hl7v2.obx_kind import is_withdrawn
from gateway.mapping.hl7v2.order import service_request
from gateway.mapping.hl7v2.order_detail import OrderDetail
from gateway.mapping.hl7v2.pid import pid_patient
from gateway.mapping.hl7v2.prt import Sender, prt_recipients, prt_sender
from gateway.mapping.hl7v2.pv1 import pv1_visit
from gateway.mapping.hl7v2.report import (
    Content,
    Found,
    presented_forms,
    references,
    report_content,
    report_observations,
)
from gateway.mapping.hl7v2.section import obr_section, report_category
from gateway.mapping.hl7v2.tlr import is_answer, tlr_answer
from gateway.mapping.hl7v2.tq1 import tq1_service_request

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

# The gateway's own: reports that share their numbers in one message are told apart by OBR-4.
REPORT_SYSTEM: Final = "urn:passerelle:report"
_DOC_STATUSES: Final = {
    "registered": "preliminary",
    "partial": "preliminary",
    "preliminary": "preliminary",
    "cancelled": "entered-in-error",
    "corrected": "amended",
}
_DONE: Final = frozenset({"final", "corrected", "amended", "appended"})
# A part of an LN code that an OBX-3 of a document carries when it says its type.
_TYPED_SYSTEMS: Final = ("LN", "TRE_A05", "1.2.250.1.213.1.1.4.12")


def oru_message(gathering: Gathering) -> None:
    """Take every report of the message; raises `RequiredMissing` without OBR."""
    pid_patient(gathering)
    if is_answer(gathering):
        tlr_answer(gathering)
        return
    groups = [group for group in order_groups(gathering.message) if group.obr]
    if not groups:
        message = "The result has no OBR segment."
        raise RequiredMissing(message, location="OBR")
    for group in groups:
        _report(group, gathering)


def _report(group: OrderGroup, gathering: Gathering) -> None:
    status = report_status(group, gathering)
    content = report_content(group, gathering)
    numbers = order_numbers(group, gathering)
    order = report_order(group, numbers, gathering, status)
    study = report_study(group, numbers, order, content, gathering)
    sender = prt_sender(group.prt, gathering)
    flags = document_flags(group, gathering, doubtful=content.doubtful)
    elements = obr_diagnostic_report(group, gathering)
    # Of a message sent again it is the same: unlike MSH-7.
    issued = elements.get("issued") or content.header.date
    key, identifiers = _report_key(group, numbers, content, gathering)
    section = obr_section(group.obr)
    results = report_observations(group, key, section, gathering, elements.get("effectiveDateTime"))
    labels = security_labels(_level(group), flags)
    for place, found in enumerate(content.documents, 1):
        facts = _facts(found, f"{gathering.name_of(key)}/{place}", section, elements, gathering)
        facts.doc_status = _DOC_STATUSES.get(status, "final")
        withdrawn = status == "cancelled" or is_withdrawn(found.obx)
        facts.status = "entered-in-error" if withdrawn else "current"
        facts.authors = [sender.author] if sender.author else elements.get("resultsInterpreter", [])
        facts.custodian = _resource_reference(sender.organization)
        facts.labels = security_labels(_level(group, found), flags)
        labels += facts.labels
        facts.tags = document_tags(group, flags)
        facts.related = [url for url in (order, study) if url]
        _document(found, facts, gathering)
    copies = [
        *obr_copies(group.obr, gathering),
        *prt_recipients(group.prt, gathering, flags),
    ]
    report: Element = {
        "meta": report_meta(labels),
        "extension": copies_to(copies),
        "identifier": identifiers,
        "basedOn": references([order] if order else []),
        "status": status,
        "category": [report_category(section)],
        **_code(elements),
        "issued": issued,
        "performer": _performers(group, sender, gathering),
        "result": references(results),
        "imagingStudy": references([study] if study else []),
        "conclusion": content.text.conclusion,
        "presentedForm": presented_forms(content, group, gathering, issued),
    }
    add_report(report, [key], gathering)


def add_report(parts: Element, keys: list[Key], gathering: Gathering) -> str:
    """Take a DiagnosticReport without its empty elements and return its full url."""
    resource: Element = {
        "resourceType": "DiagnosticReport",
        "subject": reference(gathering.subject),
    }
    if visit := pv1_visit(gathering):
        resource["encounter"] = visit
    resource |= {name: part for name, part in parts.items() if part}
    resource.setdefault("code", concept(text="Compte rendu"))
    return gathering.state(resource, keys)


def report_order(
    group: OrderGroup, numbers: OrderNumbers, gathering: Gathering, status: str
) -> str | None:
    """Mention the order that a report answers, as far as the report knows it."""
    numbers.link(gathering)
    if not numbers.all:
        return None
    state = "completed" if status in _DONE else "active"
    detail = OrderDetail(timing=tq1_service_request(group))
    return service_request(
        group, numbers, gathering, write=Write.MENTION, detail=detail, status=state
    )


def report_study(
    group: OrderGroup,
    numbers: OrderNumbers,
    order: str | None,
    content: Content,
    gathering: Gathering,
) -> str | None:
    """Mention the study of a report, when its UID is known from the message or its CDA."""
    header = content.header
    if header.accession and not numbers.accession:
        gathering.link(LinkKind.ACCESSION, header.accession.key)
    if header.order and not numbers.placer:
        gathering.link(LinkKind.PLACER, header.order.key)
    uid = study_uid(group, gathering) or header.study
    if not uid:
        return None
    known = numbers.or_else(OrderNumbers(accession=header.accession))
    return imaging_study(uid, known, group, gathering, write=Write.MENTION, order=order)


def _report_key(
    group: OrderGroup, numbers: OrderNumbers, content: Content, gathering: Gathering
) -> tuple[Key, list[Element]]:
    """Return by what the report is known: filler, accession, placer, CDA set, or the message."""
    best = numbers.filler or numbers.accession or numbers.placer or _own_number(content, gathering)
    identifiers = numbers.identifiers or [best.identifier]
    if not gathering.holds("DiagnosticReport", best.key):
        return best.key, identifiers
    code = group.obr.text(4) if group.obr else ""
    own = number(REPORT_SYSTEM, f"{gathering.name_of(best.key)}|{code}")
    if gathering.holds("DiagnosticReport", own.key):
        place = group.obr.sequence if group.obr else 0
        own = number(REPORT_SYSTEM, f"{own.key.value}|{place}")
    return own.key, [own.identifier, *identifiers]


def _own_number(content: Content, gathering: Gathering) -> Number:
    header = content.header
    message = number(gathering.message_system, gathering.message.control_id or "-")
    return header.set_id or header.id or message


def _facts(
    found: Found, place: str, section: str, elements: Element, gathering: Gathering
) -> DocumentFacts:
    """Return what is known of a document in an OBX: its own type, else that of the section."""
    obx = found.obx
    typed = obx.text(3, 3) in _TYPED_SYSTEMS
    kind = coded_field(obx, 3, gathering) if typed else {}
    return DocumentFacts(
        kind or document_type(section),
        number=found.header.id,
        place=place,
        date=elements.get("issued") or found.header.date,
        period_start=elements.get("effectiveDateTime"),
        description=found.header.title or obx.text(3, 2),
        relation=cda_relation(found.header),
    )


def _document(found: Found, facts: DocumentFacts, gathering: Gathering) -> str:
    title = found.header.title or found.obx.text(3, 2)
    content = attachment(found.document, gathering, title=title, creation=facts.date)
    return document_reference(facts, [content], gathering)


def _level(group: OrderGroup, found: Found | None = None) -> str:
    """Return the confidentiality that the CDA says, else ORC-28."""
    said = found.header.confidentiality if found else ""
    return said or (group.orc.text(28) if group.orc else "")


def _code(elements: Element) -> Element:
    """Put the elements of OBR where they belong: code first."""
    code = {"code": elements["code"]} if "code" in elements else {}
    return code | elements


def _performers(group: OrderGroup, sender: Sender, gathering: Gathering) -> list[Element]:
    """Return the organization that reports: OBX-23, the sender of PRT, or MSH-22."""
    fields = (each.obx.value(23) for each in group.observed)
    named = next((value for value in fields if value), None)
    if named:
        organization = xon_organization(named, gathering)
    else:
        header = gathering.message.msh().value(22)
        organization = sender.organization or xon_organization(header, gathering)
    return [organization] if organization else []


def _resource_reference(element: Element | None) -> Element | None:
    return element if element and "reference" in element else None
