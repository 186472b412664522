"""MDM, medical document management (HL7 v2.5.1 chapter 9, 9.5).

T01 and T02 new, T03 and T04 another status, T05 and T06 an addendum, T07 and T08 edited, T09 and
T10 replaced, T11 cancelled; the odd ones come without content.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.copies import copies_to, send_document
from gateway.mapping.hl7v2.datatypes.ed import TEXT, Document
from gateway.mapping.hl7v2.datatypes.ei import Number, number
from gateway.mapping.hl7v2.document import (
    IMAGING_REPORT,
    DocumentFacts,
    attachment,
    cda_relation,
    document_reference,
)
from gateway.mapping.hl7v2.flags import document_flags, document_tags, report_meta, security_labels
from gateway.mapping.hl7v2.groups import OrderGroup, order_groups
from gateway.mapping.hl7v2.numbers import OrderNumbers, order_numbers
from gateway.mapping.hl7v2.obr import document_status, obr_copies, obr_diagnostic_report
from gateway.mapping.hl7v2.oru import add_report, report_order, report_study
from gateway.mapping.hl7v2.pid import pid_patient
from gateway.mapping.hl7v2.prt import prt_recipients, prt_sender
from gateway.mapping.hl7v2.report import (
    presented_forms,
    references,
    report_content,
    report_observations,
)
from gateway.mapping.hl7v2.section import IMAGING, report_category
from gateway.mapping.hl7v2.txa import (
    txa_authenticator,
    txa_authors,
    txa_copies,
    txa_date,
    txa_doc_status,
    txa_facility,
    txa_number,
    txa_order_numbers,
    txa_parent,
    txa_status,
    txa_type,
)

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.entry import Recipient
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.report import Content

_STATUS_CHANGES: Final = frozenset({"T03", "T04"})
_ADDENDA: Final = frozenset({"T05", "T06"})
_EDITS: Final = frozenset({"T07", "T08"})
_REPLACEMENTS: Final = frozenset({"T09", "T10"})
_CANCELLATION: Final = "T11"
# Events that bring the document itself; the others tell about one that has been sent.
_WITH_CONTENT: Final = frozenset({"T02", "T04", "T06", "T08", "T10"})
# What the event makes of a report that was final.
_CHANGED: Final = (
    dict.fromkeys(_REPLACEMENTS, "corrected")
    | dict.fromkeys(_EDITS, "amended")
    | dict.fromkeys(_ADDENDA, "appended")
)
_WITHDRAWN: Final = frozenset({"cancelled", "entered-in-error"})
# Types of document that are also reports of an examination: JDV_J07, table HL70270.
_REPORTS: Final = frozenset({IMAGING_REPORT, "DI"})


def mdm_message(gathering: Gathering) -> None:
    """Take the document, and the report that it is when it is one of imaging.

    Raises `RequiredMissing` without TXA, or when nothing identifies the document.
    """
    pid_patient(gathering)
    txa = gathering.message.first("TXA")
    if txa is None:
        message = "The document has no TXA segment."
        raise RequiredMissing(message, location="TXA")
    groups = order_groups(gathering.message)
    group = _merged(groups)
    content = report_content(group, gathering)
    own = txa_number(txa, gathering) or content.header.id
    if own is None:
        message = "TXA-12 is empty: the document has no number."
        raise RequiredMissing(message, location="TXA^1^12")
    _document(txa, group, groups[1:], content, own, gathering)


def _merged(groups: list[OrderGroup]) -> OrderGroup:
    """Return one group: a document may be about several orders, the first is its order."""
    if not groups:
        return OrderGroup()
    first = groups[0]
    return replace(
        first,
        observed=[each for group in groups for each in group.observed],
        prt=[each for group in groups for each in group.prt],
        notes=[each for group in groups for each in group.notes],
    )


def _document(  # noqa: PLR0913, PLR0917 - what a document is made of
    txa: Segment,
    group: OrderGroup,
    others: list[OrderGroup],
    content: Content,
    own: Number,
    gathering: Gathering,
) -> None:
    status = _report_status(txa, group, gathering)
    kind = txa_type(txa, group, gathering)
    numbers = order_numbers(group, gathering).or_else(txa_order_numbers(txa, gathering))
    order = report_order(group, numbers, gathering, status)
    orders = [order, *_other_orders(others, status, gathering)]
    study = report_study(group, numbers, order, content, gathering)
    sender = prt_sender(group.prt, gathering)
    flags = document_flags(group, gathering, doubtful=content.doubtful)
    withdrawn = status in _WITHDRAWN
    relation = document_relation(txa, own, gathering) or cda_relation(content.header)
    facts = DocumentFacts(
        kind,
        number=own,
        status="entered-in-error" if withdrawn else txa_status(txa),
        doc_status="entered-in-error" if withdrawn else _doc_status(txa, gathering),
        date=txa_date(txa) or content.header.date,
        period_start=_activity(txa, group),
        description=txa.text(25) or content.header.title,
        authors=txa_authors(txa, gathering) or ([sender.author] if sender.author else []),
        authenticator=txa_authenticator(txa, gathering),
        custodian=sender.organization or txa_facility(txa),
        labels=security_labels(txa.text(18) or content.header.confidentiality, flags),
        tags=document_tags(group, flags),
        relation=relation,
        file_name=txa.text(16),
        setting=coded_field(txa, 28, gathering),
        related=[url for url in (*orders, study) if url],
    )
    attachments = _attachments(txa, content, facts.date, gathering)
    document = document_reference(facts, attachments, gathering)
    copies = [
        *obr_copies(group.obr, gathering),
        *txa_copies(txa, gathering),
        *prt_recipients(group.prt, gathering, flags),
    ]
    if _is_report(kind, study):
        _report(group, content, facts, (status, numbers, copies), gathering)
    elif gathering.message.event in _WITH_CONTENT - _STATUS_CHANGES and not withdrawn:
        send_document(document, copies, gathering)


def _other_orders(groups: list[OrderGroup], status: str, gathering: Gathering) -> list[str]:
    """Mention the further orders that the document is about."""
    found = []
    for group in groups:
        numbers = order_numbers(group, gathering)
        if numbers.all and (order := report_order(group, numbers, gathering, status)):
            found.append(order)
    return found


def _activity(txa: Segment, group: OrderGroup) -> str | None:
    """Return when what the document tells took place: OBR-7, else TXA-4 beside a TXA-6."""
    observed = fhir_datetime(group.obr.text(7)) if group.obr else None
    # Alone, TXA-4 is when the document was made.
    return observed or (fhir_datetime(txa.text(4)) if txa.text(6) else None)


def _report_status(txa: Segment, group: OrderGroup, gathering: Gathering) -> str:
    """Return the state of the report: by the French flags, the event and TXA-17."""
    if gathering.guide in DOCUMENT_GUIDES:
        return document_status(group, gathering)
    event = gathering.message.event
    if event == _CANCELLATION:
        return "entered-in-error"
    if txa_status(txa) == "entered-in-error" or _is_withdrawal(group, event):
        return "cancelled"
    done = txa_doc_status(txa)
    return _CHANGED.get(event, done) if done == "final" else done


def _doc_status(txa: Segment, gathering: Gathering) -> str:
    """Return TXA-17; what was final and is edited is amended."""
    done = txa_doc_status(txa)
    return "amended" if done == "final" and gathering.message.event in _EDITS else done


def document_relation(txa: Segment, own: Number, gathering: Gathering) -> tuple[str, Number] | None:
    """Return how the document relates to that of TXA-13: it appends to it, or replaces it.

    An edit keeps the number of its document; one with a number of its own is a replacement. In
    other events TXA-13 says nothing that would take the parent out of sight.
    """
    parent = txa_parent(txa, gathering)
    if parent is None or parent.key == own.key:
        return None
    event = gathering.message.event
    if event in _ADDENDA:
        return "appends", parent
    # The CDA volet repeats it when it withdraws the document that replaced another.
    if event in _REPLACEMENTS or event in _EDITS or gathering.guide in DOCUMENT_GUIDES:
        return "replaces", parent
    gathering.unmapped(
        "TXA-13 names a parent that the event neither replaces nor completes: "
        "kept in the journal, not mapped.",
        "TXA^1^13",
    )
    return None


def _is_withdrawal(group: OrderGroup, event: str) -> bool:
    return event in _STATUS_CHANGES and document_control(group) == "CA"


def document_control(group: OrderGroup) -> str:
    """Return ORC-1 of the document's order."""
    return group.orc.text(1) if group.orc else ""


def _is_report(kind: Element, study: str | None) -> bool:
    codes = {one.get("code") for one in kind.get("coding", ())}
    return study is not None or bool(codes & _REPORTS)


def _attachments(
    txa: Segment, content: Content, creation: str | None, gathering: Gathering
) -> list[Element]:
    """Return the documents of the OBX, and their text; R4 wants one, be it empty."""
    found = [
        attachment(
            one.document,
            gathering,
            title=txa.text(25) or one.header.title or one.obx.text(3, 2),
            creation=creation,
        )
        for one in content.documents
    ]
    if content.text.whole:
        document = Document(content.text.whole.encode(), TEXT)
        found.append(attachment(document, gathering, title=txa.text(25), creation=creation))
    if found:
        return found
    if gathering.message.event in _WITH_CONTENT:
        gathering.warn("The document has no content.", "OBX", "required")
    return [{"title": txa.text(25) or txa.text(16) or "Document sans contenu"}]


def _report(
    group: OrderGroup,
    content: Content,
    facts: DocumentFacts,
    known: tuple[str, OrderNumbers, list[Recipient]],
    gathering: Gathering,
) -> None:
    """Take the report: known by the document it replaces, so that it stays one report."""
    status, numbers, copies = known
    parent = facts.relation[1] if facts.relation else None
    chain = [one for one in (parent, facts.number) if one] or [number("", "-")]
    keys = [one.key for one in chain]
    elements = obr_diagnostic_report(group, gathering)
    results = report_observations(
        group, keys[0], IMAGING, gathering, elements.get("effectiveDateTime")
    )
    *studies, _ = [*(url for url in facts.related if url == gathering.first("ImagingStudy")), ""]
    orders = [url for url in facts.related if url not in studies]
    report: Element = {
        "meta": report_meta(facts.labels),
        "extension": copies_to(copies),
        "identifier": [*(one.identifier for one in reversed(chain)), *numbers.identifiers],
        "basedOn": references(orders),
        "status": status,
        "category": [report_category(IMAGING)],
        "code": facts.kind,
        "issued": facts.date,
        "resultsInterpreter": facts.authors,
        "performer": [facts.custodian] if facts.custodian else [],
        "result": references(results),
        "imagingStudy": references(studies),
        "conclusion": content.text.conclusion,
        "presentedForm": presented_forms(content, group, gathering, facts.date),
    }
    timed = {name: elements[name] for name in elements if name.startswith(("effective", "issued"))}
    add_report(report | timed, keys, gathering)
