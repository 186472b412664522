"""PV1, patient visit: class and number of the Encounter; "not applicable" without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.cx import cx
from gateway.mapping.to_hl7v2.target import Profile

if TYPE_CHECKING:
    from gateway.mapping.to_hl7v2.sources import Writing

NOT_APPLICABLE: Final = "N"
# http://terminology.hl7.org/CodeSystem/v3-ActCode to table HL70004.
_CLASSES: Final = {
    "AMB": "O",
    "EMER": "E",
    "FLD": "O",
    "HH": "O",
    "IMP": "I",
    "ACUTE": "I",
    "NONAC": "I",
    "OBSENC": "O",
    "PRENC": "P",
    "SS": "O",
    "VR": "O",
}
_OUTPATIENT: Final = "O"


def pv1(writing: Writing) -> str:
    """Return the segment of the resource's encounter.

    Téléradiologie and the orders of IHE want a class: who is asked to come is an outpatient.
    """
    encounter = writing.follow(writing.resource.get("encounter"))
    one = next((one for one in encounter.get("identifier", ()) if one.get("value")), None)
    known = _CLASSES.get(encounter.get("class", {}).get("code", ""), "")
    usual = NOT_APPLICABLE if writing.target.profile is Profile.LPS else _OUTPATIENT
    number = cx(one, writing.target, kind="VN") if one else ""
    return segment("PV1", {1: "1", 2: known or usual, 19: number})


def pv1_not_applicable() -> str:
    """Return the segment of a message that is about no visit (HL7 v2.5.1, 3.3.28)."""
    return segment("PV1", {1: "1", 2: NOT_APPLICABLE})
