"""Code sequences as CodeableConcepts, and the code tables of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.fhir.datatypes import SNOMED, Element, coding, concept
from gateway.mapping.dicom.authorities import code_system

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
# Body Part Examined to SNOMED CT (PS3.16 table L-1).
_BODY_PARTS: Final = {
    "ABDOMEN": ("818981001", "Abdomen"),
    "ABDOMENPELVIS": ("818982008", "Abdomen and Pelvis"),
    "ANKLE": ("70258002", "Ankle joint"),
    "AORTA": ("15825003", "Aorta"),
    "BRAIN": ("12738006", "Brain"),
    "BREAST": ("76752008", "Breast"),
    "CALCANEUS": ("80144004", "Calcaneus"),
    "CAROTID": ("69105007", "Carotid Artery"),
    "CHEST": ("816094009", "Chest"),
    "CHESTABDOMEN": ("416550000", "Chest and Abdomen"),
    "CHESTABDPELVIS": ("416775004", "Chest, Abdomen and Pelvis"),
    "CLAVICLE": ("51299004", "Clavicle"),
    "COLON": ("71854001", "Colon"),
    "CSPINE": ("122494005", "Cervical spine"),
    "EAR": ("117590005", "Ear"),
    "ELBOW": ("16953009", "Elbow joint"),
    "EYE": ("81745001", "Eye"),
    "FEMUR": ("71341001", "Femur"),
    "FINGER": ("7569003", "Finger"),
    "FOOT": ("56459004", "Foot"),
    "FOREARM": ("14975008", "Forearm"),
    "HAND": ("85562004", "Hand"),
    "HEAD": ("69536005", "Head"),
    "HEADNECK": ("774007", "Head and Neck"),
    "HEART": ("80891009", "Heart"),
    "HIP": ("24136001", "Hip joint"),
    "HUMERUS": ("85050009", "Humerus"),
    "KIDNEY": ("64033007", "Kidney"),
    "KNEE": ("72696002", "Knee"),
    "LEG": ("30021000", "Lower leg"),
    "LIVER": ("10200004", "Liver"),
    "LSPINE": ("122496007", "Lumbar spine"),
    "LUNG": ("39607008", "Lung"),
    "MANDIBLE": ("91609006", "Mandible"),
    "NECK": ("45048000", "Neck"),
    "NECKCHESTABDPELV": ("416319003", "Neck, Chest, Abdomen and Pelvis"),
    "ORBIT": ("363654007", "Orbit"),
    "PANCREAS": ("15776009", "Pancreas"),
    "PELVIS": ("816092008", "Pelvis"),
    "PROSTATE": ("41216001", "Prostate"),
    "RIB": ("113197003", "Rib"),
    "SACRUM": ("54735007", "Sacrum"),
    "SHOULDER": ("16982005", "Shoulder"),
    "SIJOINT": ("39723000", "Sacroiliac joint"),
    "SINUS": ("2095001", "Paranasal sinus"),
    "SKULL": ("89546000", "Skull"),
    "SPINE": ("421060004", "Spine"),
    "STERNUM": ("56873002", "Sternum"),
    "THIGH": ("68367000", "Thigh"),
    "THYROID": ("69748006", "Thyroid"),
    "TMJOINT": ("53620006", "Temporomandibular joint"),
    "TOE": ("29707007", "Toe"),
    "TSPINE": ("122495006", "Thoracic spine"),
    "UTERUS": ("35039007", "Uterus"),
    "WHOLEBODY": ("38266002", "Entire body"),
    "WRIST": ("74670003", "Wrist joint"),
}
# (0020,0060) and CID 244; U, unpaired, has no side.
_SIDES: Final = {
    "R": ("24028007", "Right"),
    "L": ("7771000", "Left"),
    "B": ("51440002", "Right and left"),
}


def concepts(model: Model, sequence: int) -> list[Element]:
    """Return every code of a code sequence (PS3.3 table 8.8-1)."""
    return [found for item in items(model, sequence) if (found := _concept(item))]


def code(item: Model) -> str:
    """Return the code value of a code item, whichever attribute it is in."""
    values = (tag.CODE_VALUE, tag.LONG_CODE_VALUE, tag.URN_CODE_VALUE)
    return next((value for name in values if (value := text(item, name))), "")


def item_coding(item: Model) -> Element:
    """Return the Coding of a code item."""
    scheme = code_system(
        text(item, tag.CODING_SCHEME_DESIGNATOR), text(item, tag.CODING_SCHEME_UID)
    )
    return coding(scheme, code(item), text(item, tag.CODE_MEANING))


def _concept(item: Model) -> Element:
    meaning = text(item, tag.CODE_MEANING) or None
    return concept(item_coding(item), text=meaning) if code(item) else concept(text=meaning)


def body_site(model: Model) -> Element:
    """Return the region examined: the coded one, else Body Part Examined."""
    region = next(iter(items(model, tag.ANATOMIC_REGION)), None)
    if region and code(region):
        return item_coding(region)
    part = text(model, tag.BODY_PART_EXAMINED)
    known = _BODY_PARTS.get(part.upper().replace(" ", ""))
    return coding(SNOMED, *known) if known else coding(None, None, part)


def laterality(sides: set[str]) -> Element:
    """Return the side of a series: both when its images are of both sides."""
    known = sides & _SIDES.keys()
    side = next(iter(known), "") if len(known) == 1 else "B" if known else ""
    return coding(SNOMED, *_SIDES[side]) if side else {}
