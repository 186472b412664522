"""What makers of bone densitometers call their measures and regions, as data.

There is no template of the standard for bone density: makers send Enhanced SR of exam, region and
NUM with codes of their own. A measure is known by its code first, then by its words.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.dicom.sr.codes import Term
from gateway.fhir.datatypes import LOINC, SNOMED, Element, coding


class Measure(NamedTuple):
    """What is measured: the code that everybody shares, and the unit it must have when none."""

    coding: Element
    text: str
    unit: str


BMD: Final = Measure(
    coding(SNOMED, "440100001", "Bone mineral density"), "Densité minérale osseuse", "g/cm2"
)
T_SCORE: Final = Measure(coding(LOINC, "38263-0", "DXA Bone density T-score"), "T-score", "1")
Z_SCORE: Final = Measure(coding(LOINC, "38264-8", "DXA Bone density Z-score"), "Z-score", "1")
BMC: Final = Measure({}, "Contenu minéral osseux", "g")
AREA: Final = Measure({}, "Surface osseuse projetée", "cm2")

# By the code alone, whoever's it is.
CODES: Final = {
    Term("SCT", "440100001"): BMD,
    Term("LN", "38263-0"): T_SCORE,
    Term("LN", "38264-8"): Z_SCORE,
    Term("LN", "38267-1"): T_SCORE,
    Term("LN", "38265-5"): T_SCORE,
}
# By the words, lower case without blanks and hyphens: the first row that they contain.
WORDS: Final = (
    ("tscore", T_SCORE),
    ("youngadult", T_SCORE),
    ("zscore", Z_SCORE),
    ("agematched", Z_SCORE),
    ("bonemineraldensity", BMD),
    ("densitéminérale", BMD),
    ("bonemineralcontent", BMC),
)
# By the words, when they are nothing else.
WHOLE_WORDS: Final = {"bmd": BMD, "dmo": BMD, "bmc": BMC, "cmo": BMC, "area": AREA, "surface": AREA}
# Titles that say that an exam measures bones: otherwise `Area` is any area.
TITLES: Final = frozenset({Term("LN", "38268-9"), Term("LN", "83012-5"), Term("LN", "24701-5")})

# Words of exam and region to SNOMED CT, the first row whose words all stand there.
REGIONS: Final = (
    (("neck", "femur"), ("29627003", "Neck of femur")),
    (("col", "fémoral"), ("29627003", "Neck of femur")),
    (("troch", "femur"), ("79416007", "Greater trochanter of femur")),
    (("ward", "femur"), ("29627003", "Neck of femur")),
    (("femur",), ("71341001", "Bone structure of femur")),
    (("fémur",), ("71341001", "Bone structure of femur")),
    (("hip",), ("24136001", "Hip region structure")),
    (("hanche",), ("24136001", "Hip region structure")),
    (("spine",), ("122496007", "Lumbar spine")),
    (("rachis",), ("122496007", "Lumbar spine")),
    (("lumbar",), ("122496007", "Lumbar spine")),
    (("radius",), ("62413002", "Bone structure of radius")),
    (("forearm",), ("14975008", "Forearm")),
    (("avant-bras",), ("14975008", "Forearm")),
    (("body",), ("38266002", "Entire body")),
    (("corps",), ("38266002", "Entire body")),
    (("heel",), ("80144004", "Calcaneus")),
    (("calcaneus",), ("80144004", "Calcaneus")),
)
SIDES: Final = (
    (("left", "gauche"), ("7771000", "Left")),
    (("right", "droit", "droite"), ("24028007", "Right")),
)
