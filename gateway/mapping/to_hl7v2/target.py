"""Who a message is for, and in which version, guide and characters it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping


class Profile(StrEnum):
    """The guide that a receiver follows; the value is how the operator names it."""

    STANDARD = "standard"
    # IHE PAM, French national extension 2.11.
    PAM_FR = "pam-fr"
    # Téléradiologie 0.1.0.
    TLR = "tlr"
    # Transmission d'un document CDA-R2 en HL7 v2, 2.1.
    CDA = "cda"
    # Transmission au LPS d'un document CDA-R2 reçu par MSSanté, 1.1.
    LPS = "lps"


# MSH-21 by guide: version and name.
PROFILE_IDS: Final = {
    Profile.TLR: ("1.0", "CISIS_TLR_HL7_V2"),
    Profile.CDA: ("2.1", "CISIS_CDA_HL7_V2"),
    Profile.LPS: ("1.1", "CISIS_CDA_HL7_LPS"),
}
# Guides whose documents are CDA with flags of the table MetaDMPMSS.
DOCUMENT_PROFILES: Final = frozenset({Profile.CDA, Profile.LPS})
_FRANCE: Final = "FRA"


@dataclass(frozen=True, slots=True)
class Target:
    """A receiving system as the mapping needs to know it.

    `authorities` gives the namespace id of an identifier system, `accession_system` that of the
    accession numbers which the receiver takes without authority. `order_message` is `ORM^O01` or
    `OMI^O23`, `order_change` the control code of a change: XO, or SC where the gateway speaks for
    the filler. `charset` is a name of table HL70211, `enhanced` asks for a commit acknowledgement.
    """

    version: str = "2.5.1"
    profile: Profile = Profile.STANDARD
    sending_application: str = "PASSERELLE"
    sending_facility: str = ""
    application: str = ""
    facility: str = ""
    charset: str = "UNICODE UTF-8"
    country: str = _FRANCE
    enhanced: bool = False
    order_message: str = "ORM^O01"
    order_change: str = "XO"
    accession_system: str = ""
    authorities: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_french(self) -> bool:
        """Whether the French rules for names and identities apply."""
        return self.country == _FRANCE or self.profile is not Profile.STANDARD

    @property
    def own_system(self) -> str:
        """The system of what the receiver itself numbers without naming an authority."""
        application, facility = (quote(part, safe="") for part in (self.application, self.facility))
        return f"urn:passerelle:sender:{application}:{facility}"

    def since(self, version: str) -> bool:
        """Say whether the receiver knows what came with `version` of the standard."""
        return _numbers(self.version) >= _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
