"""What the mapping must be told, because no message says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.hl7v2.message import Message


@dataclass(frozen=True, slots=True)
class Context:
    """`namespaces` gives the identifier system of an authority that has no OID.

    `accession_system` is the system of accession numbers that come without authority; empty when
    the site has none.
    """

    namespaces: Mapping[str, str] = field(default_factory=dict)
    accession_system: str = ""


class Guide(StrEnum):
    """The French guide that a message says it follows, in MSH-21."""

    NONE = ""
    # Téléradiologie 0.1.0.
    TLR = "CISIS_TLR_HL7_V2"
    # Transmission d'un document CDA-R2 en HL7 v2, 2.1.
    CDA = "CISIS_CDA_HL7_V2"
    # Transmission au LPS d'un document CDA-R2 reçu par MSSanté, 1.1.
    LPS = "CISIS_CDA_HL7_LPS"


# Guides whose documents are CDA with flags of the table MetaDMPMSS.
DOCUMENT_GUIDES: Final = frozenset({Guide.CDA, Guide.LPS})
_PROFILE: Final = 21
_COUNTRY: Final = 17
_VERSION: Final = 12


def guide_of(message: Message) -> Guide:
    """Return the guide named in MSH-21 (EI: version^name)."""
    for profile in message.msh().values(_PROFILE):
        for guide in (Guide.TLR, Guide.CDA, Guide.LPS):
            if guide in (profile.text(2), profile.text(1)):
                return guide
    return Guide.NONE


def is_french(message: Message, guide: Guide) -> bool:
    """Say whether the French national extension applies: MSH-17, MSH-12.2 or a French guide."""
    header = message.msh()
    return (
        header.text(_COUNTRY) in ("FRA", "FR")
        or header.text(_VERSION, 2) in ("FRA", "FR")
        or guide is not Guide.NONE
    )
