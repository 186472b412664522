"""The French profiles of HL7 v2, as tables of rules: which one a message follows, what it breaks.

IHE PAM-FR 2.11, CI-SIS "Transmission d'un document CDA-R2 en HL7 v2" 2.1 and its sister for the
software of practices 1.1, téléradiologie 0.1.0. Pure: a message in, findings out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.profiles.cda import CDA, LPS
from gateway.hl7v2.profiles.pam_fr import PAM_FR
from gateway.hl7v2.profiles.tlr import TLR

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message
    from gateway.hl7v2.profiles.rules import Profile

__all__ = ["PROFILES", "profile_of"]

# What MSH-21 contains (EI: version^name), the longest first.
_NAMED: Final = (
    ("CISIS_CDA_HL7_LPS", LPS),
    ("CISIS_CDA_HL7_V2", CDA),
    ("CISIS_TLR_HL7_V2", TLR),
    ("PAM", PAM_FR),
)
PROFILES: Final = (PAM_FR, CDA, LPS, TLR)
_FRANCE: Final = frozenset({"FRA", "FR"})


def profile_of(message: Message, country: str = "") -> Profile | None:
    """Return the profile of MSH-21; else, of an ADT from France, PAM-FR; None without any.

    `country` is what is known of the sender, MSH-17 and MSH-12.2 what it says itself.
    """
    header = message.msh()
    for given in header.values(21):
        for name, profile in _NAMED:
            if name in f"{given.text(1)}^{given.text(2)}":
                return profile
    countries = {country, header.text(17), header.text(12, 2)}
    return PAM_FR if message.code == "ADT" and countries & _FRANCE else None
