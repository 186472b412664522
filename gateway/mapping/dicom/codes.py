"""Code sequences as CodeableConcepts, and the code tables of a study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.dicom.sr.codes import code_value, term
from gateway.fhir.datatypes import SNOMED, Element, coding, concept
from gateway.mapping.dicom.authorities import code_system
from gateway.mapping.dicom.body_parts import BODY_PARTS

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

# CID 29, Acquisition Modality: what ImagingStudy.modality counts.
ACQUISITION: Final = frozenset(
    {
        *("AR", "BDUS", "BI", "BMD", "CFM", "CR", "CT", "DG", "DMS", "DX", "ECG", "EEG", "EMG"),
        *("EOG", "EPS", "ES", "GM", "HD", "IO", "IVOCT", "IVUS", "KER", "LEN", "LS", "MG", "MR"),
        *("NM", "OAM", "OCT", "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "PA", "POS"),
        *("PT", "PX", "RESP", "RF", "RG", "RTIMAGE", "SM", "SRF", "TG", "US", "VA", "XA", "XC"),
    }
)
_NOISE: Final = re.compile(r"[^A-Z0-9]")
# (0020,0060) and CID 244; U, unpaired, has no side.
_SIDES: Final = {
    "R": ("24028007", "Right"),
    "L": ("7771000", "Left"),
    "B": ("51440002", "Right and left"),
}


def concepts(model: Model, sequence: int) -> list[Element]:
    """Return every code of a code sequence (PS3.3 table 8.8-1)."""
    return [found for item in items(model, sequence) if (found := item_concept(item))]


def item_coding(item: Model) -> Element:
    """Return the Coding of a code item; SNOMED RT is SNOMED CT where the two have met."""
    scheme, value = term(item)
    system = code_system(scheme, text(item, tag.CODING_SCHEME_UID)) if scheme != "SCT" else SNOMED
    return coding(system, value, text(item, tag.CODE_MEANING))


def item_concept(item: Model) -> Element:
    """Return the CodeableConcept of a code item; its meaning alone when it has no code."""
    meaning = text(item, tag.CODE_MEANING) or None
    return concept(item_coding(item), text=meaning) if code_value(item) else concept(text=meaning)


def body_site(model: Model) -> Element:
    """Return the region examined: the coded one, else Body Part Examined."""
    region = next(iter(items(model, tag.ANATOMIC_REGION)), None)
    if region and code_value(region):
        return item_coding(region)
    part = text(model, tag.BODY_PART_EXAMINED)
    known = BODY_PARTS.get(_NOISE.sub("", part.upper()))
    return coding(SNOMED, *known) if known else coding(None, None, part)


def laterality(sides: set[str]) -> Element:
    """Return the side of a series: both when its images are of both sides."""
    known = sides & _SIDES.keys()
    side = next(iter(known), "") if len(known) == 1 else "B" if known else ""
    return coding(SNOMED, *_SIDES[side]) if side else {}
