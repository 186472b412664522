"""The table of messages: which code and event is taken, by whom, and what of it is read.

A message made of known segments is one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.mapping.entry import Mapped, Write
from gateway.mapping.hl7v2.faults import UnsupportedEvent, UnsupportedMessageType
from gateway.mapping.hl7v2.gathering import Gathering
from gateway.mapping.hl7v2.mdm import mdm_message
from gateway.mapping.hl7v2.msh import msh_provenance
from gateway.mapping.hl7v2.order import order_message
from gateway.mapping.hl7v2.oru import oru_message
from gateway.mapping.hl7v2.pid import pid_patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.hl7v2.message import Message
    from gateway.mapping.hl7v2.context import Context

_TYPE_LOCATION: Final = "MSH^1^9"


@dataclass(frozen=True, slots=True)
class Row:
    """`segments` are those whose content becomes FHIR; others are reported as not mapped."""

    build: Callable[[Gathering], None]
    segments: frozenset[str]


def _adt_message(gathering: Gathering) -> None:
    pid_patient(gathering, Write.ASSERT)


_HEADER: Final = frozenset({"MSH", "EVN", "SFT", "PID"})
_PERSON: Final = _HEADER | {"ROL", "ZFD"}
_ORDER: Final = _PERSON | {"ORC", "OBR", "TQ1", "NTE", "OBX", "IPC", "ZDS"}

_ADT: Final = Row(_adt_message, _PERSON)
_ORDERS: Final = Row(order_message, _ORDER)
_RESULT: Final = Row(oru_message, _ORDER | {"PRT"})
_DOCUMENT: Final = Row(mdm_message, _ORDER | {"PRT", "TXA"})

MESSAGES: Final = {
    ("ADT", "A01"): _ADT,
    ("ADT", "A04"): _ADT,
    ("ADT", "A05"): _ADT,
    ("ADT", "A08"): _ADT,
    ("ADT", "A28"): _ADT,
    ("ADT", "A31"): _ADT,
    ("MDM", "T02"): _DOCUMENT,
    ("MDM", "T04"): _DOCUMENT,
    ("MDM", "T10"): _DOCUMENT,
    ("OMG", "O19"): _ORDERS,
    ("OMI", "O23"): _ORDERS,
    ("ORM", "O01"): _ORDERS,
    ("ORU", "R01"): _RESULT,
}
_CODES: Final = frozenset(code for code, _ in MESSAGES)


def map_message(message: Message, context: Context) -> Mapped:
    """Return all that `message` says, as FHIR.

    Raises `UnsupportedMessageType` and `UnsupportedEvent` for what has no row, `RequiredMissing`
    and `TableValueNotFound` when the message cannot be accepted; everything else is a warning.
    """
    row = _row(message)
    gathering = Gathering(message, context)
    row.build(gathering)
    for name in dict.fromkeys(segment.name for segment in message.segments):
        if name not in row.segments:
            gathering.unmapped(f"{name} is kept in the journal, not mapped.", name)
    msh_provenance(gathering)
    return gathering.finish()


def _row(message: Message) -> Row:
    code, event = message.code, message.event
    if code not in _CODES:
        text = f"Messages of type {code or '(none)'} are not received here."
        raise UnsupportedMessageType(text, location=_TYPE_LOCATION)
    row = MESSAGES.get((code, event))
    if row is None:
        text = f"The event {event or '(none)'} of {code} is not received here."
        raise UnsupportedEvent(text, location=_TYPE_LOCATION)
    return row
