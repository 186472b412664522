"""MDM, medical document management: T02 new, T10 replaces, T04 changes or withdraws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.datatypes.ed import TEXT, Document
from gateway.mapping.hl7v2.datatypes.ei import Number, number
from gateway.mapping.hl7v2.document import (
    IMAGING_REPORT,
    DocumentFacts,
    attachment,
    document_reference,
)
from gateway.mapping.hl7v2.flags import document_flags, security_labels
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
    txa_date,
    txa_doc_status,
    txa_number,
    txa_order_numbers,
    txa_parent,
    txa_status,
    txa_type,
)

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.report import Content

_REPLACEMENT: Final = "T10"
_STATUS_CHANGE: Final = "T04"
_WITHDRAWN: Final = "cancelled"
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
    group = _merged(order_groups(gathering.message))
    content = report_content(group, gathering)
    own = txa_number(txa, gathering) or content.header.id
    if own is None:
        message = "TXA-12 is empty: the document has no number."
        raise RequiredMissing(message, location="TXA^1^12")
    _document(txa, group, content, own, gathering)


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


def _document(
    txa: Segment, group: OrderGroup, content: Content, own: Number, gathering: Gathering
) -> None:
    status = _report_status(txa, group, gathering)
    kind = txa_type(txa, group, gathering)
    numbers = order_numbers(group, gathering).or_else(txa_order_numbers(txa, gathering))
    order = report_order(group, numbers, gathering, status)
    study = report_study(group, numbers, order, content, gathering)
    sender = prt_sender(group.prt, gathering)
    flags = document_flags(group, gathering)
    facts = DocumentFacts(
        kind,
        number=own,
        status="entered-in-error" if status == _WITHDRAWN else txa_status(txa),
        doc_status="entered-in-error" if status == _WITHDRAWN else txa_doc_status(txa),
        date=txa_date(txa),
        period_start=fhir_datetime(group.obr.text(7)) if group.obr else None,
        description=txa.text(25) or content.header.title,
        authors=txa_authors(txa, gathering) or ([sender.author] if sender.author else []),
        authenticator=txa_authenticator(txa, gathering),
        custodian=sender.organization,
        labels=security_labels(txa.text(18) or content.header.confidentiality, flags),
        replaces=txa_parent(txa, gathering),
        related=[url for url in (order, study) if url],
    )
    document_reference(facts, _attachments(txa, content, facts.date, gathering), gathering)
    if _is_report(kind, study):
        _report(group, content, facts, (status, numbers), gathering)
    obr_copies(group.obr, gathering)
    prt_recipients(group.prt, gathering, flags)


def _report_status(txa: Segment, group: OrderGroup, gathering: Gathering) -> str:
    """Return the state of the report: by the French flags, the event and TXA-17."""
    if gathering.guide in DOCUMENT_GUIDES:
        return document_status(group, gathering)
    event = gathering.message.event
    if txa_status(txa) == "entered-in-error" or _is_withdrawal(group, event):
        return _WITHDRAWN
    done = txa_doc_status(txa)
    return "corrected" if event == _REPLACEMENT and done == "final" else done


def _is_withdrawal(group: OrderGroup, event: str) -> bool:
    return event == _STATUS_CHANGE and document_control(group) == "CA"


def document_control(group: OrderGroup) -> str:
    """Return ORC-1 of the document's order."""
    return group.orc.text(1) if group.orc else ""


def _is_report(kind: Element, study: str | None) -> bool:
    codes = {one.get("code") for one in kind.get("coding", ())}
    return study is not None or bool(codes & _REPORTS)


def _attachments(
    txa: Segment, content: Content, creation: str | None, gathering: Gathering
) -> list[Element]:
    """Return the documents of the OBX, else their text; R4 wants one, be it empty."""
    found = [
        attachment(
            one.document,
            gathering,
            title=txa.text(25) or one.header.title or one.obx.text(3, 2),
            creation=creation,
        )
        for one in content.documents
    ]
    if found:
        return found
    if content.text.whole:
        document = Document(content.text.whole.encode(), TEXT)
        return [attachment(document, gathering, title=txa.text(25), creation=creation)]
    gathering.warn("The document has no content.", "OBX", "required")
    return [{"title": txa.text(25) or txa.text(16) or "Document sans contenu"}]


def _report(
    group: OrderGroup,
    content: Content,
    facts: DocumentFacts,
    known: tuple[str, OrderNumbers],
    gathering: Gathering,
) -> None:
    """Take the report: known by the document it replaces, so that it stays one report."""
    status, numbers = known
    chain = [one for one in (facts.replaces, facts.number) if one] or [number("", "-")]
    keys = [one.key for one in chain]
    elements = obr_diagnostic_report(group, gathering)
    results = report_observations(
        group, keys[0], IMAGING, gathering, elements.get("effectiveDateTime")
    )
    *studies, _ = [*(url for url in facts.related if url == gathering.first("ImagingStudy")), ""]
    orders = [url for url in facts.related if url not in studies]
    report: Element = {
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
