"""A DocumentReference as MDM^T02, T04, T08 or T10 (HL7 v2.5.1 chapter 9; CI-SIS volets)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing, Unsupported
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.evn import evn
from gateway.mapping.to_hl7v2.flags import write_flags
from gateway.mapping.to_hl7v2.msh import msh
from gateway.mapping.to_hl7v2.numbers import order_numbers
from gateway.mapping.to_hl7v2.obr import document_obr
from gateway.mapping.to_hl7v2.obx import REPORT, Observations
from gateway.mapping.to_hl7v2.orc import orc, orc_control
from gateway.mapping.to_hl7v2.pid import pid
from gateway.mapping.to_hl7v2.prt import recipient_prts, sender_prt
from gateway.mapping.to_hl7v2.pv1 import pv1
from gateway.mapping.to_hl7v2.target import DOCUMENT_PROFILES
from gateway.mapping.to_hl7v2.txa import txa

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.sources import Writing

# The CDA volet: ORC-1 and OBX-11 agree with the event.
_CONTROLS: Final = {"T02": ("NW", "F"), "T10": ("RO", "C"), "T04": ("CA", "D")}
_CDA_TYPES: Final = frozenset({"text/xml", "application/xml", "application/hl7-cda+xml"})
_TEXT: Final = "text/plain"
_OBSERVED: Final = "RE"


def mdm_segments(writing: Writing) -> list[str]:
    """Return the segments.

    Raises `RequiredMissing` when the document's bytes are not here, `Unsupported` for what the
    French guides have no message for: an edited document, one that is not CDA.
    """
    french = writing.target.profile in DOCUMENT_PROFILES
    if french and writing.event not in _CONTROLS:
        message = "The French guide has no message for a document that was edited in place."
        raise Unsupported(message, expression="DocumentReference")
    order = _order(writing)
    numbers = order_numbers(order)
    control, status = _CONTROLS.get(writing.event, ("", "C"))
    head = [orc_control(control)] if french else []
    if not french and numbers.first():
        # What becomes of the document is said by the event and TXA-19, not of its order.
        head = [orc({**order, "status": ""}, _OBSERVED, numbers, writing)]
    return [
        msh(writing, ("MDM", writing.event, "MDM_T02")),
        evn(writing, writing.event),
        pid(writing.subject(), writing.target),
        pv1(writing),
        *head,
        *([document_obr(order, writing)] if head else ()),
        txa(numbers, writing),
        *_content(order, status, writing),
    ]


def _order(writing: Writing) -> Resource:
    """Return the order that the document is about, by itself or by its report; {} without."""
    for found in writing.follow_all(writing.resource.get("context", {}).get("related", ())):
        if found["resourceType"] == "ServiceRequest":
            return found
        orders = writing.follow_all(found.get("basedOn", ()))
        if orders:
            return orders[0]
    return {}


def _content(order: Resource, status: str, writing: Writing) -> list[str]:
    document, target = writing.resource, writing.target
    french = target.profile in DOCUMENT_PROFILES
    written = Observations(target)
    held = [*_documents(document, writing)]
    chosen = [one for one in held if one[0] in _CDA_TYPES][:1] if french else held
    if not chosen:
        _refuse(held)
    code = cwe(document.get("type") or REPORT)
    for kind, content in chosen:
        if kind == _TEXT and not french:
            written.text(code, content.decode("utf-8", "replace"), status)
        else:
            written.document(code, content, kind, status)
    if french:
        people = _recipients(order, writing)
        recipients = recipient_prts(people, writing)
        written.note([*sender_prt(document, writing), *recipients])
        write_flags(document, writing.before, written, mailed=bool(recipients))
    return written.lines


def _refuse(held: list[tuple[str, bytes]]) -> None:
    if held:
        message = "The French guide carries CDA documents; this one is none."
        raise Unsupported(message, expression="DocumentReference.content")
    message = "The content of the document is not here."
    raise RequiredMissing(message, expression="DocumentReference.content")


def _documents(document: Resource, writing: Writing) -> list[tuple[str, bytes]]:
    found = []
    for item in document.get("content", ()):
        attachment: Element = item.get("attachment", {})
        content = writing.sources.content(attachment)
        if content is not None:
            kind = str(attachment.get("contentType", "")).partition(";")[0].strip().lower()
            found.append((kind, content))
    return found


def _recipients(order: Resource, writing: Writing) -> list[Resource]:
    """Return the treating physicians and the requester."""
    treating = writing.follow_all(writing.subject().get("generalPractitioner", ()))
    asking = writing.follow(order.get("requester"), order) if order else {}
    return [*treating, *([asking] if asking else ())]
