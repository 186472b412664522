"""The OBX of an order: modality, region, side, and what the radiologist must know beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import LOINC, Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.datatypes.ed import ed_document
from gateway.mapping.hl7v2.document import (
    IMAGING_ORDER,
    DocumentFacts,
    attachment,
    document_reference,
)
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.obx import obx_observation
from gateway.mapping.hl7v2.obx_kind import Kind
from gateway.mapping.hl7v2.tq1 import tq1_service_request

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import Observed, OrderGroup
    from gateway.mapping.hl7v2.numbers import OrderNumbers

# The gateway's own: R4 has no place for the side of a bodySite besides the code itself.
LATERALITY: Final = "urn:passerelle:extension:laterality"
MODALITY: Final = "MODALITE_IMAGERIE"
REGION: Final = "REGION_ANATOMIQUE"
PROCEDURE: Final = "CODE_ACTE_IMAGERIE"
_VITAL_SIGNS: Final = frozenset({"8302-2", "29463-7"})
PRESCRIPTION: Final = concept(coding(LOINC, IMAGING_ORDER, "Demande d'actes d'imagerie"))
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"


@dataclass(slots=True)
class OrderDetail:
    """What the OBX of an order say, as parts of a ServiceRequest."""

    code: Element = field(default_factory=dict)
    timing: Element = field(default_factory=dict)
    modalities: list[Element] = field(default_factory=list)
    body_sites: list[Element] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)
    information: list[Observed] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    appointment: list[Element] = field(default_factory=list)


def order_detail(group: OrderGroup, gathering: Gathering) -> OrderDetail:
    """Read the OBX of an order (téléradiologie 0.1.0, TLR_OBSERVATION; others are information)."""
    detail = OrderDetail(timing=tq1_service_request(group), body_sites=body_sites(group, gathering))
    for observed in group.observed:
        name = observed.obx.text(3)
        if name == MODALITY:
            detail.modalities.append(coded_field(observed.obx, 5, gathering))
        elif name == PROCEDURE:
            detail.code = coded_field(observed.obx, 5, gathering)
        elif name != REGION and observed.kind is not Kind.STUDY:
            detail.information.append(observed)
            continue
        detail.notes.extend(nte_annotations(observed.notes))
    return detail


def body_sites(group: OrderGroup, gathering: Gathering) -> list[Element]:
    """Return the regions, each with its side: OBX-4 `n.1` and `n.2` of REGION_ANATOMIQUE."""
    regions: dict[str, dict[str, Segment]] = {}
    for observed in group.observed:
        if observed.obx.text(3) == REGION:
            occurrence, _, part = observed.obx.text(4).partition(".")
            regions.setdefault(occurrence, {})[part or "1"] = observed.obx
    return [_site(parts, gathering) for parts in regions.values()]


def supporting_info(
    detail: OrderDetail, group: OrderGroup, numbers: OrderNumbers, gathering: Gathering
) -> list[Element]:
    """Take height, weight, pregnancy, history... as Observations and return references."""
    if not detail.information:
        return []
    ordered = fhir_datetime(group.orc.text(9)) if group.orc else None
    owner = gathering.name_of(numbers.keys[0])
    found: list[Element] = []
    for observed in detail.information:
        if observed.kind is Kind.DOCUMENT:
            found.extend(attached_document(observed.obx, owner, PRESCRIPTION, gathering))
            continue
        more = _category(observed.obx)
        # OBX-11 is "O" in an order: a detail, which is nevertheless known.
        if ordered and not observed.obx.text(14):
            more["effectiveDateTime"] = ordered
        url = obx_observation(observed, gathering, owner=owner, more=more, ordered=True)
        found.append(reference(url))
    return found


def attached_document(
    obx: Segment, owner: str, kind: Element, gathering: Gathering
) -> list[Element]:
    """Take a document that comes with an order or a referral and return the reference to it."""
    location = f"OBX^{obx.sequence}^5"
    document = ed_document(obx, gathering.message)
    if document is None:
        gathering.warn("OBX-5 says that there is a document and holds none.", location, "value")
        return []
    if document.fault:
        gathering.warn(document.fault, location, "value")
    facts = DocumentFacts(kind, place=f"{owner}/{obx.text(3)}/{obx.sequence}")
    content = attachment(document, gathering, title=obx.text(3, 2))
    return [reference(document_reference(facts, [content], gathering))]


def _category(obx: Segment) -> Element:
    if obx.text(3) not in _VITAL_SIGNS:
        return {}
    return {"category": [concept(coding(_CATEGORY, "vital-signs", "Vital Signs"))]}


def _site(parts: dict[str, Segment], gathering: Gathering) -> Element:
    region, side = (coded_field(parts.get(part), 5, gathering) for part in ("1", "2"))
    if not side:
        return region
    names = (parts[part].text(5, 2) for part in ("1", "2") if part in parts)
    return {
        "extension": [{"url": LATERALITY, "valueCodeableConcept": side}],
        **region,
        "text": ", ".join(name for name in names if name),
    }
