"""Accession, placer and filler numbers of a study: how images find their order.

IHE RAD MADO and HL7 Europe imaging: type v2-0203 `ACSN`, `PLAC`, `FILL`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.fhir.datatypes import DCM, V2_0203, Element, coding, concept
from gateway.mapping.dicom.authorities import order_issuer
from gateway.mapping.entry import Link, LinkKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.dicom.json_model import Model


class _Number(NamedTuple):
    kind: LinkKind
    value: int
    issuer: int


_NUMBERS: Final = (
    _Number(LinkKind.ACCESSION, tag.ACCESSION_NUMBER, tag.ISSUER_OF_ACCESSION_NUMBER),
    _Number(LinkKind.PLACER, tag.PLACER_ORDER_NUMBER, tag.ORDER_PLACER_ISSUER),
    _Number(LinkKind.FILLER, tag.FILLER_ORDER_NUMBER, tag.ORDER_FILLER_ISSUER),
)
_TYPES: Final = {
    LinkKind.ACCESSION: concept(coding(V2_0203, "ACSN"), coding(DCM, "121022", "Accession Number")),
    LinkKind.PLACER: concept(coding(V2_0203, "PLAC")),
    LinkKind.FILLER: concept(coding(V2_0203, "FILL")),
}


def order_links(models: Iterable[Model], accession_system: str) -> tuple[Link, ...]:
    """Return each number once: of the objects, and of the requests that they refer to.

    (0040,0275) in images, (0040,A370) in reports and manifests. An accession number without issuer
    is of `accession_system`. A number that one object names with an issuer and another without is
    one number.
    """
    found: dict[Link, None] = {}
    for model in models:
        requests = (*items(model, tag.REQUEST_ATTRIBUTES), *items(model, tag.REFERENCED_REQUEST))
        for holder in (model, *requests):
            found.update(dict.fromkeys(_links(holder)))
    issued = {(link.kind, link.value) for link in found if link.system}
    kept = (link for link in found if link.system or (link.kind, link.value) not in issued)
    ordered = sorted(
        kept, key=lambda link: (list(_TYPES).index(link.kind), link.value, link.system)
    )
    return tuple(_in_house(link, accession_system) for link in ordered)


def _links(holder: Model) -> list[Link]:
    return [
        Link(number.kind, order_issuer(holder, number.issuer), value)
        for number in _NUMBERS
        if (value := text(holder, number.value))
    ]


def _in_house(link: Link, accession_system: str) -> Link:
    if link.kind is LinkKind.ACCESSION and not link.system:
        return link._replace(system=accession_system)
    return link


def identifier_of(link: Link) -> Element:
    """Return the Identifier of a number."""
    element: Element = {"type": _TYPES[link.kind], "system": link.system, "value": link.value}
    return {name: part for name, part in element.items() if part}
