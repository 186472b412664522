"""PRD and CTD: who refers, to whom, and whom to call about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.mapping.hl7v2.datatypes.role import practitioner_role
from gateway.mapping.hl7v2.datatypes.xad import xad_address
from gateway.mapping.hl7v2.datatypes.xcn import pln_practitioner
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.datatypes.xpn import xpn_name
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact
from gateway.mapping.hl7v2.orc import CALLBACK

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

# Table HL70286; RT is "referred to" the provider.
_REFERRING: Final = "RP"
_REFERRED: Final = frozenset({"RT", "CP"})


class Providers(NamedTuple):
    """Who asks and who is asked, as references."""

    requester: Element | None
    performers: list[Element]


def prd_providers(gathering: Gathering) -> Providers:
    """Return the providers by their role; other roles are reported."""
    requester: Element | None = None
    performers = []
    for prd in gathering.message.all("PRD"):
        roles = {value.text(1) for value in prd.values(1)}
        if _REFERRING in roles:
            requester = requester or _provider(prd, gathering)
        elif roles & _REFERRED:
            performers.append(_provider(prd, gathering))
        else:
            gathering.unmapped(
                "A provider who neither refers nor is referred to is kept in the journal, "
                "not mapped.",
                f"PRD^{prd.sequence}",
            )
    return Providers(requester, [one for one in performers if one])


def ctd_callbacks(gathering: Gathering) -> list[Element]:
    """Return the telephones of the contact persons, CTD-5, as whom to call about the request."""
    points = (xtn_contact(value) for ctd in gathering.message.all("CTD") for value in ctd.values(5))
    return [{"url": CALLBACK, "valueContactPoint": point} for point in points if point]


def _provider(prd: Segment, gathering: Gathering) -> Element | None:
    """Return the person of PRD-2 and PRD-7, for the organization of PRD-10."""
    names = [xpn_name(value, french=False) for value in prd.values(2)]
    telecom = [point for value in prd.values(5) if (point := xtn_contact(value))]
    address = [place for value in prd.values(3) if (place := xad_address(value))]
    person = pln_practitioner(
        prd.value(7),
        [name for name in names if "family" in name or "given" in name],
        gathering,
        telecom=telecom,
        address=address,
    )
    return practitioner_role(person, xon_organization(prd.value(10), gathering), gathering)
