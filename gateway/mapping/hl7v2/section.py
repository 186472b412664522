"""Diagnostic service sections (OBR-24): imaging, laboratory, or something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import DCM, SNOMED, coding, concept

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment

V2_0074: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
IMAGING: Final = "RAD"
LABORATORY: Final = "LAB"

# DICOM PS3.3 C.7.3.1.1.1: senders put the modality where the section belongs.
# A table, read across.
# fmt: off
MODALITIES: Final = frozenset([
    "AR", "BI", "BMD", "CR", "CT", "DG", "DX", "EPS", "ES", "GM", "HC", "IO", "IVUS", "KO",
    "LS", "MG", "MR", "NM", "OAM", "OCT", "OP", "OPT", "OT", "PT", "PX", "RF", "RG", "RTIMAGE",
    "SC", "SM", "US", "VA", "XA", "XC",
])
# fmt: on
# Table HL70074: the sections whose work is images.
_IMAGING: Final = MODALITIES | frozenset(
    {"RAD", "RX", "RUS", "NMR", "NMS", "VUS", "OUS", "CUS", "CT", "IMG", "RIS"}
)
_LABORATORY: Final = frozenset(
    {"LAB", "BG", "BLB", "CH", "GE", "HM", "IMM", "MB", "MCB", "MYC", "SP", "TX", "VR", "CP"}
)
# Documents that say by their type what they are (JDV_J07).
_TYPES: Final = {"11502-2": LABORATORY}
_CATEGORIES: Final = {
    IMAGING: concept(coding(SNOMED, "363679005", "Imaging (procedure)")),
    LABORATORY: concept(coding(SNOMED, "108252007", "Laboratory procedure")),
}


def obr_section(obr: Segment | None) -> str:
    """Return RAD, LAB, or the code of OBR-24 as sent; a gateway of imaging takes none for RAD."""
    if obr is None:
        return IMAGING
    code = obr.text(24).upper()
    if not code:
        return _TYPES.get(obr.text(4), IMAGING)
    if code in _IMAGING:
        return IMAGING
    return LABORATORY if code in _LABORATORY else code


def obr_modality(obr: Segment | None) -> Element | None:
    """Return the modality when OBR-24 names one."""
    code = obr.text(24).upper() if obr else ""
    return coding(DCM, code) if code in MODALITIES else None


def report_category(section: str) -> Element:
    """Return the category of a report (http://terminology.hl7.org/CodeSystem/v2-0074)."""
    displays = {IMAGING: "Radiology", LABORATORY: "Laboratory"}
    return concept(coding(V2_0074, section, displays.get(section)))


def order_category(section: str) -> Element | None:
    """Return the category of an order, by the SNOMED CT codes of R4; None for other sections."""
    return _CATEGORIES.get(section)
