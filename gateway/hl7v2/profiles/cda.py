"""CI-SIS, "Transmission d'un document CDA-R2 en HL7 v2" 2.1, and what comes to practices 1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.profiles.flag_rules import flag_faults, is_allowed
from gateway.hl7v2.profiles.rules import (
    NOT_IN_TABLE,
    REQUIRED,
    VERSION,
    WRONG,
    FieldRule,
    Finding,
    Profile,
    fra,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.hl7v2.message import Message, Segment

_TABLE: Final = "MetaDMPMSS"
# What is done to the document: ORC-1, OBX-11 and the event of MDM must agree.
_ACTIONS: Final = {"NW": ("F", "T02"), "RO": ("C", "T10"), "CA": ("D", "T04")}
_VERSIONS: Final = {"ORU": "2.5", "MDM": "2.6", "ZAM": "2.6"}
# Of the guides, by their name in MSH-21 (EI: version^name).
_GUIDES: Final = {"CISIS_CDA_HL7_V2": "2.1", "CISIS_CDA_HL7_LPS": "1.1"}
# The business acknowledgement of a document carries none.
_RECEIPT: Final = "ZAM"
_STATES: Final = {
    "Z01": "ACK_RECEPTION_DMP",
    "Z02": "ACK_RECEPTION_MSS",
    "Z03": "ACK_LECTURE_MSS",
}
_FLAG_TYPES: Final = {"ORU": "CE", "MDM": "CWE"}


def _version(message: Message) -> Iterator[Finding]:
    wanted = _VERSIONS.get(message.code, message.version)
    if message.version != wanted:
        text = f"MSH-12 (version) must be {wanted} in {message.code}."
        yield Finding("error", text, "MSH^1^12", VERSION)
    for given in message.msh().values(21):
        known = _GUIDES.get(given.text(2))
        if known and given.text(1) != known:
            text = f"MSH-21 must name version {known} of {given.text(2)}."
            yield Finding("error", text, "MSH^1^21", VERSION)


def _documents(message: Message) -> Iterator[Segment]:
    return (one for one in message.all("OBX") if one.text(2) == "ED" and one.text(3, 3) != _TABLE)


def _document(message: Message) -> Iterator[Finding]:
    """Check the embedded CDA: encoding, type, and what is done to it."""
    documents = list(_documents(message))
    if not documents:
        yield Finding("error", "No OBX carries a document (ED).", "OBX", REQUIRED)
    order, request = message.first("ORC"), message.first("OBR")
    for obx in documents:
        place = f"OBX^{obx.sequence}"
        if [obx.text(5, number).upper() for number in (2, 3, 4)] != ["TEXT", "XML", "BASE64"]:
            text = "OBX-5 of the document must be ^TEXT^XML^Base64^content."
            yield Finding("error", text, f"{place}^5", WRONG)
        if request is not None and request.text(4) != obx.text(3):
            text = "OBR-4 and OBX-3 must name the same type of document."
            yield Finding("error", text, f"{place}^3", WRONG)
        if order is not None:
            yield from _action(message, order.text(1), obx.text(11), place)


def _action(message: Message, control: str, state: str, place: str) -> Iterator[Finding]:
    if control not in _ACTIONS:
        yield Finding("error", "ORC-1 must be one of NW, RO, CA.", "ORC^1^1", NOT_IN_TABLE)
        return
    wanted, event = _ACTIONS[control]
    if state != wanted:
        text = f"OBX-11 must be {wanted} when ORC-1 is {control}."
        yield Finding("error", text, f"{place}^11", WRONG)
    if message.code == "MDM" and message.event != event:
        text = f"The event must be {event} when ORC-1 is {control}."
        yield Finding("error", text, "MSH^1^9", WRONG)


def _participants(message: Message) -> Iterator[Finding]:
    roles = [prt.text(4) for prt in message.all("PRT")]
    if "SB" not in roles:
        yield Finding("error", "No PRT says who sends the document (SB).", "PRT", REQUIRED)
    mailed = any(
        obx.text(3) in ("DESTMSSANTEPS", "DESTMSSANTEPAT") and obx.text(5) == "Y"
        for obx in message.all("OBX")
    )
    if mailed and "RCT" not in roles:
        text = "The document goes by secure mail, and no PRT says to whom (RCT)."
        yield Finding("error", text, "PRT", REQUIRED)


def _receipt(message: Message) -> Iterator[Finding]:
    """Check that a receipt says what became of which message."""
    held = {obx.text(3): obx for obx in message.all("OBX")}
    state = held.get(_STATES.get(message.event, ""))
    if state is None:
        yield Finding("error", "No OBX says what is acknowledged.", "OBX", REQUIRED)
    elif not state.text(4):
        text = "OBX-4 must be the MSH-10 of the message that is acknowledged."
        yield Finding("error", text, f"OBX^{state.sequence}^4", REQUIRED)


def _flags(message: Message) -> Iterator[Finding]:
    flags = [obx for obx in message.all("OBX") if obx.text(3, 3) == _TABLE and obx.text(2) != "ED"]
    sent = [(obx.text(3), obx.text(5)) for obx in flags]
    for text in flag_faults(sent):
        yield Finding("error", text, "OBX", WRONG)
    kind = _FLAG_TYPES.get(message.code)
    if kind and any(obx.text(2) != kind for obx in flags):
        text = f"OBX-2 of the flags must be {kind} in {message.code}."
        yield Finding("error", text, "OBX", WRONG)
    if sent and not is_allowed(sent):
        # The guide's own samples have such combinations: `strict_flags` refuses them.
        text = "The flags on visibility and on recipients exclude each other."
        yield Finding("warning", text, "OBX", WRONG)


def _content(message: Message) -> Iterator[Finding]:
    """Check a document with its participants and flags, or a receipt of one."""
    checks = (_receipt,) if message.code == _RECEIPT else (_document, _participants, _flags)
    for check in checks:
        yield from check(message)


_ORDER: Final = ("PID", "PV1", "ORC", "OBR", "OBX", "PRT")
_FIELDS: Final = (
    *fra(),
    FieldRule("PID", 3, "identifiers", required=True),
    FieldRule("PID", 5, "names", required=True),
    FieldRule("TXA", 2, "type of the document", required=True),
    FieldRule("TXA", 12, "identifier of the document", required=True),
)
CDA: Final = Profile(
    "CI-SIS CDA in HL7 v2 2.1",
    {
        ("ORU", "R01"): _ORDER,
        **{("MDM", event): (*_ORDER, "EVN", "TXA") for event in ("T02", "T04", "T10")},
        **{(_RECEIPT, event): ("OBX",) for event in _STATES},
    },
    (
        *_FIELDS,
        FieldRule("OBR", 4, "type of the document", required=True),
        FieldRule("TXA", 17, "state of the document", values=("AU",)),
    ),
    (_version, _content),
)
LPS: Final = Profile(
    "CI-SIS CDA to the software of practices 1.1",
    {("MDM", event): ("EVN", "PID", "PV1", "TXA", "OBX") for event in ("T02", "T04", "T10")},
    _FIELDS,
    (_version,),
)
