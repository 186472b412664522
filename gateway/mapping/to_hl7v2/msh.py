"""MSH, message header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.datetimes import PARIS, timestamp
from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.target import PROFILE_IDS, Profile

if TYPE_CHECKING:
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.sources import Writing

# MSH-9.3, MSH-17, MSH-18 and MSH-21 are younger than the standard.
_STRUCTURES_SINCE: Final = "2.3.1"
_PROFILES_SINCE: Final = "2.5"
# IHE PAM-FR 2.11: version, country and version of the national extension.
_PAM_FR: Final = ("FRA", "2.11")


def msh(writing: Writing, kind: tuple[str, str, str]) -> str:
    """Return the header; `kind` is code, event and structure of MSH-9."""
    target = writing.target
    structured = target.since(_STRUCTURES_SINCE)
    fields: dict[int, Field] = {
        3: target.sending_application,
        4: target.sending_facility,
        5: target.application,
        6: target.facility,
        7: timestamp(writing.made.astimezone(PARIS)),
        9: kind if structured else kind[:2],
        10: writing.control_id,
        11: "P",
        12: _version(writing),
        17: target.country,
        18: target.charset,
    }
    if target.enhanced:
        # Table HL70155: an accept acknowledgement always, an application one never.
        fields |= {15: "AL", 16: "NE"}
    if target.profile in PROFILE_IDS and target.since(_PROFILES_SINCE):
        fields[21] = PROFILE_IDS[target.profile]
    return segment("MSH", fields)


def _version(writing: Writing) -> Field:
    target = writing.target
    return (target.version, *_PAM_FR) if target.profile is Profile.PAM_FR else target.version
