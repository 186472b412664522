"""What the mapping must be told, because no message says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.hl7v2.message import Message

# Sender (MSH-3|MSH-4), system and code to the standard Coding that an operator gave for it.
Translate = Callable[[str, str, str], Element | None]


def no_translation(_sender: str, _system: str, _code: str) -> Element | None:
    """Know no code of anybody's own."""
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """`namespaces` gives the identifier system of an authority that has no OID.

    `accession_system` is the system of accession numbers that come without authority; empty when
    the site has none. `translate` completes local codes. `strict_flags` refuses the documents
    whose flags the French guide forbids, instead of a warning. `countries` is what MSH-17 should
    say, by sender (MSH-3|MSH-4), for those that leave it empty or wrong.
    """

    namespaces: Mapping[str, str] = field(default_factory=dict)
    accession_system: str = ""
    translate: Translate = no_translation
    strict_flags: bool = False
    countries: Mapping[str, str] = field(default_factory=dict)


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
_FRANCE: Final = frozenset({"FRA", "FR"})


def guide_of(message: Message) -> Guide:
    """Return the guide named in MSH-21 (EI: version^name)."""
    for profile in message.msh().values(_PROFILE):
        for guide in (Guide.TLR, Guide.CDA, Guide.LPS):
            if guide in (profile.text(2), profile.text(1)):
                return guide
    return Guide.NONE


def country_of(message: Message, context: Context) -> str:
    """Return the country: what the operator said of the sender, else MSH-17."""
    return context.countries.get(message.sender) or message.msh().text(_COUNTRY)


def is_french(message: Message, guide: Guide, context: Context) -> bool:
    """Say whether the French national extension applies: MSH-17, MSH-12.2 or a French guide."""
    return (
        country_of(message, context) in _FRANCE
        or message.msh().text(_VERSION, 2) in _FRANCE
        or guide is not Guide.NONE
    )


def is_foreign(message: Message, guide: Guide, context: Context) -> bool:
    """Say whether the message says that it comes from another country; most say nothing."""
    return bool(country_of(message, context)) and not is_french(message, guide, context)
