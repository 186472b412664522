"""The table of messages out: what happened to which resource, and who writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.hl7v2.charset import codec_of
from gateway.hl7v2.writer import message
from gateway.mapping.to_hl7v2.adt import adt_segments
from gateway.mapping.to_hl7v2.mdm import mdm_segments
from gateway.mapping.to_hl7v2.order import order_segments
from gateway.mapping.to_hl7v2.oru import oru_segments
from gateway.mapping.to_hl7v2.siu import siu_segments
from gateway.mapping.to_hl7v2.zam import zam_segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.mapping.to_hl7v2.sources import Writing

# By resource type and event: ORC-1 for orders, else the trigger event.
MESSAGES: Final[dict[tuple[str, str], Callable[[Writing], list[str]]]] = {
    **{("ServiceRequest", control): order_segments for control in ("NW", "XO", "CA")},
    **{("Patient", event): adt_segments for event in ("A28", "A31", "A40", "A47")},
    **{("Appointment", f"S{number}"): siu_segments for number in (12, 13, 14, 15, 17, 26)},
    ("DiagnosticReport", "R01"): oru_segments,
    **{("DocumentReference", event): mdm_segments for event in ("T02", "T04", "T08", "T10")},
    **{("Communication", event): zam_segments for event in ("Z01", "Z02", "Z03")},
}
_UTF_8: Final = "utf-8"


def write_message(writing: Writing) -> bytes:
    """Return the message, in the receiver's characters.

    Raises `Unsupported` for what has no row, `RequiredMissing` and its kin when the resource says
    too little: what is refused here would be refused there.
    """
    kind = writing.resource["resourceType"]
    build = MESSAGES.get((kind, writing.event))
    if build is None:
        text = f"There is no message for {kind} and {writing.event}."
        raise Unsupported(text)
    return message(build(writing), codec_of(writing.target.charset) or _UTF_8)
