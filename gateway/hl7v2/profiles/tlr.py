"""CI-SIS téléradiologie 0.1.0: the four flows between a site and remote radiologists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.profiles.rules import NOT_IN_TABLE, WRONG, FieldRule, Finding, Profile, fra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.hl7v2.message import Message

_TABLE: Final = "TLR_OBR_PROCEDURE"
# OBR-4: type of the message, and what ORC-1 may be.
_FLOWS: Final = {
    "TRANSMISSION_DEMANDE": ("ORM", ("NW",)),
    "ANNULATION_DEMANDE": ("ORM", ("CA",)),
    "REPONSE_DEMANDE": ("ORU", ("OK", "OC")),
    "COMPLEMENT_POST_ACTE": ("OMI", ("SR",)),
}


def _flow(message: Message) -> Iterator[Finding]:
    for obr, orc in zip(message.all("OBR"), message.all("ORC"), strict=False):
        place = f"OBR^{obr.sequence}^4"
        flow = _FLOWS.get(obr.text(4))
        if flow is None or obr.text(4, 3) != _TABLE:
            text = f"OBR-4 must be one of {', '.join(_FLOWS)} ({_TABLE})."
            yield Finding("error", text, place, NOT_IN_TABLE)
            continue
        code, controls = flow
        if message.code != code:
            yield Finding("error", f"{obr.text(4)} goes as {code}.", place, WRONG)
        if orc.text(1) not in controls:
            text = f"ORC-1 must be {' or '.join(controls)} for {obr.text(4)}."
            yield Finding("error", text, f"ORC^{orc.sequence}^1", WRONG)


_ORDER: Final = ("PID", "ORC", "OBR")
TLR: Final = Profile(
    "CI-SIS téléradiologie 0.1.0",
    {
        ("ORM", "O01"): _ORDER,
        ("ORU", "R01"): _ORDER,
        ("OMI", "O23"): (*_ORDER, "TQ1", "IPC"),
    },
    (
        *fra(),
        FieldRule("MSH", 12, "version", required=True, values=("2.5.1",)),
        FieldRule("PID", 3, "identifiers", required=True),
        FieldRule("PID", 5, "names", required=True),
        FieldRule("ORC", 1, "order control", required=True),
        FieldRule("OBR", 4, "flow", required=True),
        FieldRule("IPC", 3, "Study Instance UID", required=True),
    ),
    (_flow,),
)
