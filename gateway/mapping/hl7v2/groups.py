"""The segment groups of order and result messages: what belongs to which ORC or OBR."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.mapping.hl7v2.obx_kind import Kind, obx_kind

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message, Segment


@dataclass(slots=True)
class Observed:
    """An OBX and the notes under it."""

    obx: Segment
    kind: Kind
    notes: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class OrderGroup:
    """One order: ORC and OBR (either may lack) and what follows until the next one."""

    orc: Segment | None = None
    obr: Segment | None = None
    tq1: Segment | None = None
    notes: list[Segment] = field(default_factory=list)
    observed: list[Observed] = field(default_factory=list)
    ipc: list[Segment] = field(default_factory=list)
    zds: list[Segment] = field(default_factory=list)
    prt: list[Segment] = field(default_factory=list)

    def take(self, segment: Segment) -> None:
        """Put a segment in its place; one that has none here is not looked at."""
        if segment.name == "OBX":
            self.observed.append(Observed(segment, obx_kind(segment)))
        elif segment.name == "NTE":
            (self.observed[-1].notes if self.observed else self.notes).append(segment)
        elif segment.name in ("IPC", "ZDS", "PRT"):
            place: list[Segment] = getattr(self, segment.name.lower())
            place.append(segment)
        elif segment.name == "TQ1" and self.tq1 is None:
            self.tq1 = segment


def order_groups(message: Message) -> list[OrderGroup]:
    """Return the groups in their order.

    An ORC begins a group; an OBR does when the group has one (ORU of HL7 v2.3, where the ORC is
    optional), and so does an OBX before any of them.
    """
    groups: list[OrderGroup] = []
    for segment in message.segments:
        if segment.name == "ORC":
            groups.append(OrderGroup(orc=segment))
        elif segment.name == "OBR":
            if not groups or groups[-1].obr is not None:
                groups.append(OrderGroup())
            groups[-1].obr = segment
        elif groups:
            groups[-1].take(segment)
        elif segment.name == "OBX":
            groups.append(OrderGroup())
            groups[-1].take(segment)
    return groups
