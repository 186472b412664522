"""OBR, observation request: of an order, and of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import DCM
from gateway.hl7v2.writer import segment
from gateway.mapping.hl7v2.section import IMAGING, V2_0074
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.ei import ei
from gateway.mapping.to_hl7v2.datatypes.hd import hd
from gateway.mapping.to_hl7v2.datatypes.xcn import party, xcn
from gateway.mapping.to_hl7v2.numbers import order_numbers
from gateway.mapping.to_hl7v2.orc import requester, writes_tq1
from gateway.mapping.to_hl7v2.target import DOCUMENT_PROFILES, Profile
from gateway.mapping.to_hl7v2.tq1 import order_timing

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Component, Field, Repetition
    from gateway.mapping.to_hl7v2.numbers import Numbers
    from gateway.mapping.to_hl7v2.sources import Writing
    from gateway.mapping.to_hl7v2.target import Target

# OBR-4 of téléradiologie is the flow; what is asked for stands in OBX.
FLOWS: Final = {
    "NW": ("TRANSMISSION_DEMANDE", "Transmission d'une demande d'examen d'imagerie"),
    "CA": ("ANNULATION_DEMANDE", "Annulation d'une demande d'examen"),
}
_FLOW_TABLE: Final = "TLR_OBR_PROCEDURE"
# http://hl7.org/fhir/diagnostic-report-status to table HL70123.
STATUSES: Final = {
    "registered": "O",
    "partial": "A",
    "preliminary": "P",
    "final": "F",
    "amended": "C",
    "corrected": "C",
    "appended": "C",
    "cancelled": "X",
    "entered-in-error": "X",
}
_UNNAMED: Final = ("", "Examen d'imagerie")


def order_obr(order: Resource, control: str, numbers: Numbers, writing: Writing) -> str:
    """Return the segment of an order."""
    target = writing.target
    french = target.profile is Profile.TLR
    fields = _of_order(order, numbers, writing)
    if french:
        fields[4] = (*FLOWS[control], _FLOW_TABLE)
        fields |= {18: "", 19: ""}
    else:
        fields[4] = cwe(order.get("code")) or _UNNAMED
        fields[24] = order_modality(order) or IMAGING
        fields[27] = "" if writes_tq1(writing) else order_timing(order)
    return segment("OBR", fields)


def report_obr(
    report: Resource, order: Resource, numbers: Numbers, writing: Writing, copies: list[Resource]
) -> str:
    """Return the segment of a report, with what it knows of its order; `copies` is OBR-28."""
    target = writing.target
    effective = report.get("effectivePeriod", {})
    people = [
        written
        for found in writing.follow_all(report.get("resultsInterpreter", ()))
        if (written := xcn(party(found, writing).person, target))
    ]
    fields = _of_order(order, numbers, writing) | {
        4: cwe(report.get("code")) or _UNNAMED,
        7: dtm(report.get("effectiveDateTime") or effective.get("start")),
        8: dtm(effective.get("end")),
        22: dtm(report.get("issued")),
        24: _section(report),
        25: STATUSES.get(report.get("status", ""), "F"),
        28: [name for one in copies if (name := xcn(party(one, writing).person, target))] or "",
        # OBR-32 holds one, the assistants are in OBR-33.
        32: _ndl(people[0]) if people else "",
        33: [_ndl(one) for one in people[1:]] or "",
    }
    return segment("OBR", fields)


def document_obr(order: Resource, writing: Writing) -> str:
    """Return the segment of a document: in the French guides its type and nothing else."""
    document, target = writing.resource, writing.target
    kind = cwe(document.get("type")) or _UNNAMED
    if target.profile in DOCUMENT_PROFILES:
        return segment("OBR", {1: "1", 4: kind})
    fields = _of_order(order, order_numbers(order), writing)
    started = document.get("context", {}).get("period", {}).get("start")
    return segment("OBR", fields | {4: cwe(order.get("code")) or kind, 7: dtm(started)})


def order_modality(order: Resource) -> str:
    """Return the DICOM modality that the order asks for; empty without."""
    codings = (one for detail in order.get("orderDetail", ()) for one in detail.get("coding", ()))
    return next((str(one["code"]) for one in codings if one.get("system") == DCM), "")


def _of_order(order: Resource, numbers: Numbers, writing: Writing) -> dict[int, Field]:
    target = writing.target
    placer, filler = numbers.eis(target)
    coded, said = _reasons(order)
    number, issuer = _accession(numbers.accession, target)
    return {
        1: "1",
        2: placer,
        3: filler,
        13: said,
        16: xcn(requester(order, writing).person, target),
        18: number,
        19: issuer,
        31: coded,
    }


def _reasons(order: Resource) -> tuple[Field, str]:
    """Return OBR-31 and OBR-13: what is coded, and what is said."""
    reasons: list[Element] = order.get("reasonCode", [])
    coded: list[Repetition] = [cwe(one) for one in reasons if one.get("coding")]
    said = "\n".join(str(one["text"]) for one in reasons if one.get("text") and "coding" not in one)
    return coded or "", said


def _accession(accession: Element, target: Target) -> tuple[Field, Field]:
    """Return OBR-18, and OBR-19 where an issuer with an OID belongs (IHE RAD-4)."""
    if accession.get("system", "") == target.accession_system:
        accession = {name: part for name, part in accession.items() if name != "system"}
    namespace, universal, kind = hd(str(accession.get("system", "")), target)
    if kind == "ISO" and not namespace:
        return str(accession.get("value", "")), (("", universal, kind),)
    return ei(accession, target), ""


def _section(report: Resource) -> str:
    codings = (one for each in report.get("category", ()) for one in each.get("coding", ()))
    return next((str(one["code"]) for one in codings if one.get("system") == V2_0074), IMAGING)


def _ndl(person: tuple[Component, ...]) -> Repetition:
    """Return an XCN as the CNN in NDL-1: its components are subcomponents."""
    number, family, given, further, suffix, prefix, _, _, authority, *_ = person
    parts = (number, family, given, further, suffix, prefix, "", "")
    named = authority if isinstance(authority, tuple) else ("", "", "")
    return ((*(part for part in parts if isinstance(part, str)), *named),)
