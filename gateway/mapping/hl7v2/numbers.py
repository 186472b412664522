"""The numbers of an order: placer, filler, accession (HL7 v2.5.1, 4.5.1; IHE RAD-4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.mapping.entry import LinkKind
from gateway.mapping.hl7v2.datatypes.ei import Number, ei_number, number
from gateway.mapping.hl7v2.datatypes.hd import hd_system, is_oid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.entry import Key
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

# The gateway's own: an order that shares its numbers with another one of its message.
ORDER_SYSTEM: Final = "urn:passerelle:order"
_OBR_PLACER_FIELD_1: Final = 18
_OBR_PLACER_FIELD_2: Final = 19
_OBR_FILLER_FIELD_1: Final = 20


@dataclass(frozen=True, slots=True)
class OrderNumbers:
    """The numbers that order, images and report share; None where the message has none.

    `own` is the gateway's, of an order whose numbers another order of the same message has too:
    only that one finds it again.
    """

    placer: Number | None = None
    filler: Number | None = None
    accession: Number | None = None
    own: Number | None = None

    @property
    def all(self) -> tuple[Number, ...]:
        """Those that are there, best first for finding the order again."""
        return tuple(one for one in (self.own, self.placer, self.filler, self.accession) if one)

    @property
    def identifiers(self) -> list[Element]:
        """Those that are there, as identifiers."""
        return [one.identifier for one in self.all]

    @property
    def keys(self) -> list[Key]:
        """Those that find the order, as keys."""
        if self.own:
            return [self.own.key]
        return [one.key for one in self.all]

    def or_else(self, other: OrderNumbers) -> OrderNumbers:
        """Complete what is missing."""
        return OrderNumbers(
            self.placer or other.placer,
            self.filler or other.filler,
            self.accession or other.accession,
            self.own,
        )

    def link(self, gathering: Gathering) -> None:
        """Name the numbers as links."""
        kinds = (LinkKind.PLACER, LinkKind.FILLER, LinkKind.ACCESSION)
        for kind, one in zip(kinds, (self.placer, self.filler, self.accession), strict=True):
            if one:
                gathering.link(kind, one.key)


def order_numbers(group: OrderGroup, gathering: Gathering) -> OrderNumbers:
    """Return the numbers of a group: OBR before ORC, IPC-1 before OBR-18."""
    return OrderNumbers(
        _number(group, 2, "PLAC", gathering),
        _number(group, 3, "FILL", gathering),
        _accession(group, gathering),
    )


def apart(numbers: OrderNumbers, group: OrderGroup, gathering: Gathering) -> OrderNumbers:
    """Tell an order from one before it in the message that has the same number.

    Several OBR under one placer number are several examinations: the gateway numbers the second
    by its filler number, else by its code, else by its place.
    """
    best = numbers.keys[0]
    if not gathering.holds("ServiceRequest", best) or group.obr is None:
        return numbers
    obr = group.obr
    for name in (obr.text(3), obr.text(4), f"{obr.text(4)}#{obr.sequence}"):
        own = number(ORDER_SYSTEM, f"{gathering.name_of(best)}|{name}")
        if name and not gathering.holds("ServiceRequest", own.key):
            return replace(numbers, own=own)
    return numbers


def _number(group: OrderGroup, field: int, kind: str, gathering: Gathering) -> Number | None:
    values = [segment.value(field) for segment in (group.obr, group.orc) if segment]
    return _first(values, kind, gathering)


def _accession(group: OrderGroup, gathering: Gathering) -> Number | None:
    from_ipc = _first((ipc.value(1) for ipc in group.ipc), "ACSN", gathering)
    if from_ipc or group.obr is None:
        return from_ipc
    default = _issuer(group.obr, gathering) or gathering.context.accession_system
    return ei_number(
        group.obr.value(_accession_field(group.obr)), gathering.context, "ACSN", default
    )


def _accession_field(obr: Segment) -> int:
    """Return OBR-18, or OBR-20 for the senders that leave OBR-18 and OBR-19 empty."""
    alone = not obr.text(_OBR_PLACER_FIELD_1) and not obr.text(_OBR_PLACER_FIELD_2)
    return _OBR_FILLER_FIELD_1 if alone else _OBR_PLACER_FIELD_1


def _issuer(obr: Segment, gathering: Gathering) -> str:
    """Read an issuer with an OID in OBR-19; other senders repeat the accession number there."""
    value = obr.value(_OBR_PLACER_FIELD_2)
    for parts in ([value.text(n) for n in (1, 2, 3)], [value.text(1, n) for n in (1, 2, 3)]):
        if is_oid(parts[1]):
            return hd_system(parts[0], parts[1], "ISO", gathering.context)
    return ""


def _first(values: Iterable[Value], kind: str, gathering: Gathering) -> Number | None:
    default = gathering.context.accession_system if kind == "ACSN" else ""
    numbers = (ei_number(value, gathering.context, kind, default) for value in values)
    return next((one for one in numbers if one), None)
