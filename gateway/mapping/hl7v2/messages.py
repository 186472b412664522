"""The table of messages: which code and event is taken, by whom, and what of it is read.

A message made of known segments is one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.mapping.hl7v2.adt import adt_change, adt_merge, adt_move, adt_visit
from gateway.mapping.hl7v2.faults import (
    UnsupportedEvent,
    UnsupportedMessageType,
    UnsupportedVersion,
)
from gateway.mapping.hl7v2.gathering import Gathering
from gateway.mapping.hl7v2.mdm import mdm_message
from gateway.mapping.hl7v2.msh import msh_provenance
from gateway.mapping.hl7v2.order import order_message
from gateway.mapping.hl7v2.orr import order_reply
from gateway.mapping.hl7v2.oru import oru_message
from gateway.mapping.hl7v2.ref import ref_message, rri_message
from gateway.mapping.hl7v2.siu import siu_message
from gateway.mapping.hl7v2.zam import zam_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.hl7v2.message import Message
    from gateway.mapping.entry import Mapped
    from gateway.mapping.hl7v2.context import Context

_TYPE_LOCATION: Final = "MSH^1^9"


@dataclass(frozen=True, slots=True)
class Row:
    """`segments` are those whose content becomes FHIR; others are reported as not mapped."""

    build: Callable[[Gathering], None]
    segments: frozenset[str]


_HEADER: Final = frozenset({"MSH", "EVN", "SFT", "PID"})
_PERSON: Final = _HEADER | {"ROL", "ZFD"}
_ORDER: Final = _PERSON | {"PV1", "ORC", "OBR", "TQ1", "NTE", "OBX", "IPC", "ZDS"}

_VISIT: Final = Row(
    adt_visit,
    _PERSON | {"PV1", "ZBE", "ZFA", "NK1", "AL1", "DG1", "PR1", "IN1", "IN2"},
)
_MERGE: Final = Row(adt_merge, _PERSON | {"MRG"})
_CHANGE: Final = Row(adt_change, _PERSON | {"MRG"})
_MOVE: Final = Row(adt_move, _PERSON | {"MRG", "PV1"})
_ORDERS: Final = Row(order_message, _ORDER)
_RESULT: Final = Row(oru_message, _ORDER | {"PRT"})
_DOCUMENT: Final = Row(mdm_message, _ORDER | {"PRT", "TXA"})
_REPLY: Final = Row(order_reply, (_ORDER - {"PV1"}) | {"MSA", "ERR"})
_APPOINTMENT: Final = Row(
    siu_message,
    _PERSON | {"SCH", "TQ1", "NTE", "OBX", "DG1", "RGS", "AIS", "AIG", "AIL", "AIP"},
)
_ATTACHED: Final = _PERSON | {"RF1", "PRD", "CTD", "DG1", "OBR", "OBX", "NTE"}
_REFERRAL: Final = Row(ref_message, _ATTACHED)
_REFERRED: Final = Row(rri_message, _ATTACHED | {"MSA", "ERR"})
_RECEIPT: Final = Row(zam_message, _HEADER | {"ERR", "OBX"})

# Identities (ITI-30), and the visits and movements of ITI-31 with what undoes or corrects them.
# fmt: off
_MOVEMENTS: Final = (
    "A28", "A31", "A08",
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A14", "A21", "A22", "A54",
    "A11", "A12", "A13", "A27", "A38", "A52", "A53", "A55", "Z99",
)
# fmt: on

MESSAGES: Final = {
    **{("ADT", event): _VISIT for event in _MOVEMENTS},
    ("ADT", "A40"): _MERGE,
    ("ADT", "A44"): _MOVE,
    ("ADT", "A45"): _MOVE,
    ("ADT", "A47"): _CHANGE,
    **{("MDM", f"T{number:02}"): _DOCUMENT for number in range(1, 12)},
    ("OMG", "O19"): _ORDERS,
    ("OMI", "O23"): _ORDERS,
    ("ORM", "O01"): _ORDERS,
    ("ORG", "O20"): _REPLY,
    ("ORI", "O24"): _REPLY,
    ("ORR", "O02"): _REPLY,
    ("ORU", "R01"): _RESULT,
    ("REF", "I12"): _REFERRAL,
    ("REF", "I13"): _REFERRAL,
    ("REF", "I14"): _REFERRAL,
    ("RRI", "I12"): _REFERRED,
    ("RRI", "I13"): _REFERRED,
    ("RRI", "I14"): _REFERRED,
    **{("SIU", f"S{number}"): _APPOINTMENT for number in (12, 13, 14, 15, 16, 17, 26)},
    **{("ZAM", event): _RECEIPT for event in ("Z01", "Z02", "Z03")},
}
_CODES: Final = frozenset(code for code, _ in MESSAGES)


def map_message(message: Message, context: Context) -> Mapped:
    """Return all that `message` says, as FHIR.

    Raises `UnsupportedVersion`, `UnsupportedMessageType` and `UnsupportedEvent` for what has no
    row, `RequiredMissing` and `TableValueNotFound` when the message cannot be accepted; everything
    else is a warning.
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
    if message.version and not message.version.startswith("2."):
        text = f"Version {message.version} of HL7 is not received here."
        raise UnsupportedVersion(text, location="MSH^1^12")
    if code not in _CODES:
        text = f"Messages of type {code or '(none)'} are not received here."
        raise UnsupportedMessageType(text, location=_TYPE_LOCATION)
    row = MESSAGES.get((code, event))
    if row is None:
        text = f"The event {event or '(none)'} of {code} is not received here."
        raise UnsupportedEvent(text, location=_TYPE_LOCATION)
    return row
