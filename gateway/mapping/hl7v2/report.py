"""The parts that every report shares: observations, documents, links to a viewer, the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, reference
from gateway.mapping.hl7v2.cda_header import CdaHeader, read_cda_header
from gateway.mapping.hl7v2.cda_identity import check_document_patient
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.datatypes.ed import CDA, PDF, TEXT, Document, ed_document
from gateway.mapping.hl7v2.document import attachment
from gateway.mapping.hl7v2.obx import obx_observation
from gateway.mapping.hl7v2.obx_kind import Kind, is_withdrawn
from gateway.mapping.hl7v2.section import IMAGING
from gateway.mapping.hl7v2.text import report_text

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.entry import Key
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup
    from gateway.mapping.hl7v2.text import ReportText

# What a person can read without more than a viewer.
_PRESENTABLE: Final = frozenset({PDF, CDA, TEXT, "text/html", "application/rtf"})
_UNMAPPED: Final = {
    Kind.UID: "The UIDs of SR documents and series are kept in the journal, not mapped.",
    Kind.MAIL: "The bodies of mails are kept in the journal, not mapped.",
}


@dataclass(slots=True)
class Found:
    """A document with the OBX that held it, and its header when it is CDA."""

    obx: Segment
    document: Document
    header: CdaHeader


@dataclass(slots=True)
class Content:
    """What the OBX of a report hold; `doubtful` when a document may be another patient's."""

    text: ReportText
    documents: list[Found] = field(default_factory=list)
    doubtful: bool = False

    @property
    def header(self) -> CdaHeader:
        """The header of the first CDA document; an empty one without."""
        return next((one.header for one in self.documents if one.header.id), CdaHeader())


def report_content(group: OrderGroup, gathering: Gathering) -> Content:
    """Decode the documents and put the text together; faults become warnings."""
    content = Content(report_text(group, gathering.message))
    for observed in group.observed:
        kind = observed.kind
        if kind is Kind.DOCUMENT:
            _decode(observed.obx, content, gathering)
        elif kind in _UNMAPPED:
            gathering.unmapped(_UNMAPPED[kind], "OBX")
    return content


def report_observations(
    group: OrderGroup, key: Key, section: str, gathering: Gathering, effective: str | None
) -> list[str]:
    """Take the measurements of a report and return their full urls."""
    more: Element = {"category": [_imaging_observation()]} if section == IMAGING else {}
    if effective:
        more["effectiveDateTime"] = effective
    owner = gathering.name_of(key)
    return [
        obx_observation(observed, gathering, owner=owner, more=dict(more))
        for observed in group.observed
        if observed.kind is Kind.RESULT
    ]


def presented_forms(
    content: Content, group: OrderGroup, gathering: Gathering, creation: str | None
) -> list[Element]:
    """Return the text of the report, then what can be shown of its documents, then its links."""
    forms = []
    if content.text.whole:
        document = Document(content.text.whole.encode(), TEXT)
        forms.append(attachment(document, gathering, title="Compte rendu", creation=creation))
    for found in content.documents:
        if found.document.content_type in _PRESENTABLE and _is_shown(found.obx, gathering):
            title = found.header.title or found.obx.text(3, 2)
            forms.append(attachment(found.document, gathering, title=title, creation=creation))
    return [*forms, *viewer_links(group, gathering)]


def viewer_links(group: OrderGroup, gathering: Gathering) -> list[Element]:
    """Return the web addresses in OBX of type RP or ST, as attachments without content."""
    links = []
    for observed in group.observed:
        obx = observed.obx
        if observed.kind is not Kind.LINK or is_withdrawn(obx):
            continue
        # An address may hold `&` and `^`, escaped or not: it ends where the next component begins.
        url = obx.value(5).component(1).strip()
        if url.startswith(("https://", "http://")):
            links.append({"contentType": "text/html", "url": url, "title": obx.text(3, 2)})
        else:
            gathering.unmapped(
                "A pointer that is no web address is kept in the journal, not mapped.",
                f"OBX^{obx.sequence}^5",
            )
    return [{name: part for name, part in link.items() if part} for link in links]


def references(urls: list[str]) -> list[Element]:
    """Return references to entries."""
    return [reference(url) for url in urls]


def _is_shown(obx: Segment, gathering: Gathering) -> bool:
    """Say whether a report still shows what an OBX brought; a French withdrawal shows what it is.

    In the CDA volet OBX-11 is the state of the whole document, elsewhere of its line.
    """
    return gathering.guide in DOCUMENT_GUIDES or not is_withdrawn(obx)


def _decode(obx: Segment, content: Content, gathering: Gathering) -> None:
    location = f"OBX^{obx.sequence}^5"
    document = ed_document(obx, gathering.message)
    if document is None:
        gathering.warn("OBX-5 says that there is a document and holds none.", location, "value")
        return
    if document.fault:
        gathering.warn(document.fault, location, "value")
        content.doubtful = True
    elif document.content_type == CDA:
        own = check_document_patient(document.content, location, gathering)
        content.doubtful = content.doubtful or not own
    header = read_cda_header(document.content) if document.content_type == CDA else CdaHeader()
    content.documents.append(Found(obx, document, header))


def _imaging_observation() -> Element:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {"coding": [{"system": system, "code": "imaging", "display": "Imaging"}]}
