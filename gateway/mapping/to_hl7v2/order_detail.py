"""The OBX of an order: modality, region, side, and what must be known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.mapping.hl7v2.order_detail import LATERALITY, MODALITY, PROCEDURE, REGION
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.obx import ORDERED, Observations
from gateway.mapping.to_hl7v2.obx_value import coded_type
from gateway.mapping.to_hl7v2.target import Profile

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.sources import Writing

_TABLE: Final = "TLR_OBSERVATION"
_MODALITY: Final = (MODALITY, "Modalité d'imagerie utilisée ou prévue", _TABLE)
_REGION: Final = (REGION, "Localisation anatomique examinée", _TABLE)
_PROCEDURE: Final = (PROCEDURE, "Code de l'acte d'imagerie", _TABLE)


def order_obx(order: Resource, writing: Writing) -> list[str]:
    """Return the segments of an order (téléradiologie 0.1.0, TLR_OBSERVATION)."""
    written = Observations(writing.target)
    kind = coded_type(writing.target)
    modalities: list[Element] = order.get("orderDetail", [])
    for one in modalities:
        written.add(kind, _MODALITY, cwe(one), status=ORDERED)
    code = order.get("code", {})
    # What is asked for stands in OBR-4, but for téléradiologie, where the modality may be all.
    if writing.target.profile is Profile.TLR and code and code not in modalities:
        written.add(kind, _PROCEDURE, cwe(code), status=ORDERED)
    for place, site in enumerate(order.get("bodySite", ()), 1):
        for part, concept in enumerate(_site(site), 1):
            written.add(kind, _REGION, cwe(concept), status=ORDERED, sub_id=f"{place}.{part}")
    for found in writing.follow_all(order.get("supportingInfo", ())):
        _information(found, written, writing)
    return written.lines


def _site(site: Element) -> list[Element]:
    """Return the region, and its side when it has one."""
    sides = [
        extension.get("valueCodeableConcept", {})
        for extension in site.get("extension", ())
        if extension.get("url") == LATERALITY
    ]
    region = {name: part for name, part in site.items() if name != "extension"}
    if sides:
        region.pop("text", None)
    return [region, *sides[:1]]


def _information(found: Resource, written: Observations, writing: Writing) -> None:
    kind = found["resourceType"]
    if kind == "Observation":
        written.observation(found, writing, ordered=True)
    elif kind == "DocumentReference":
        for item in found.get("content", ()):
            attachment = item.get("attachment", {})
            content = writing.sources.content(attachment)
            if content is not None:
                held = attachment.get("contentType", "")
                written.document(cwe(found.get("type")), content, held, ORDERED)
