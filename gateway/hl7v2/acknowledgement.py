"""Acknowledgements: MSH, MSA and one ERR an issue (HL7 v2.5.1 chapter 2, 2.9 and 2.15.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.hl7v2.charset import codec_of, name_of
from gateway.hl7v2.datetimes import timestamp
from gateway.hl7v2.delimiters import STANDARD, Delimiters
from gateway.hl7v2.writer import AsTyped, Field, message, segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.hl7v2.message import Message

# Table HL70357.
ERR_TEXTS: Final[dict[str, str]] = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
# CI-SIS, "Transmission d'un document CDA-R2 en HL7 v2" 2.1: application errors, for ERR-5.
CI_SIS_TEXTS: Final[dict[str, str]] = {
    "900": "Version inconnue",
    "901": "Auteur non autorisé",
    "902": "Patient inconnu",
    "903": "INS absente du document CDA",
    "904": "INS différente de celle du patient",
    "905": "INS incomplète",
    "906": "Autre erreur",
}
# What they are in table HL70357, which ERR-3 is from.
_IN_HL7: Final = {
    "900": "203",
    "901": "207",
    "902": "204",
    "903": "101",
    "904": "205",
    "905": "101",
    "906": "207",
}
# Table HL70516.
_SEVERITIES: Final = {"error": "E", "warning": "W", "information": "I", "fatal": "F"}
# The name that the gateway gives itself when nobody has addressed it.
_SELF: Final = "PASSERELLE"
_VERSION: Final = "2.5"
# ERR-2 to ERR-12 came with this version; before it the sentence has its place in MSA-3.
_ERR_DETAILED: Final = "2.5"


@dataclass(frozen=True, slots=True)
class AckError:
    """One ERR segment: its code, a sentence, an ERL (`PID^1^3`), severity E, W or I.

    The code is of table HL70357, or 900 to 906 of the CI-SIS.

    The severity may also be a FHIR issue severity (`error`, `warning`, `information`).
    """

    err_code: str
    text: str
    location: str | None = None
    severity: str = "E"


def build_ack(  # noqa: PLR0913 - what an acknowledgement says
    received: Message | None,
    code: str,
    *,
    control_id: str,
    now: datetime,
    errors: Sequence[AckError] = (),
    final: bool = False,
) -> bytes:
    """Answer `received` with the acknowledgement `code` (AA, AE, AR, CA, CE, CR).

    `control_id` is the new MSH-10, `now` an aware time. Without a message (nothing readable came)
    MSA-2 stays empty. The delimiters and the character set are the sender's. `final` asks, in the
    enhanced mode, that nobody acknowledge the acknowledgement (MSH-15 and MSH-16 NE).
    """
    delimiters = received.delimiters if received else STANDARD
    name, codec = _charset(received)
    header = _header(received, control_id, now) | {18: name}
    header |= {15: "NE", 16: "NE"} if final else {}
    said = errors[0].text if errors and _before_err_details(received) else ""
    answered = AsTyped(received.msh().raw_field(10)) if received else ""
    return message(
        [
            segment("MSH", header, delimiters),
            segment("MSA", {1: code, 2: answered, 3: said}, delimiters),
            *(_err(error, delimiters, old=_before_err_details(received)) for error in errors),
        ],
        codec,
    )


def _header(received: Message | None, control_id: str, now: datetime) -> dict[int, Field]:
    fields: dict[int, Field] = {7: timestamp(now), 10: control_id}
    if received is None:
        return fields | {3: _SELF, 9: ("ACK",), 11: "P", 12: _VERSION}
    header = received.msh()
    copied = {3: 5, 4: 6, 5: 3, 6: 4, 11: 11, 12: 12, 17: 17}
    fields |= {to: AsTyped(header.raw_field(source)) for to, source in copied.items()}
    event = received.event
    fields[9] = ("ACK", event, "ACK") if event else ("ACK",)
    fields[11] = fields[11] or "P"
    fields[12] = fields[12] or _VERSION
    return fields


def _charset(received: Message | None) -> tuple[str, str]:
    """Give MSH-18 and its codec: what the sender declared, or what it was read with."""
    if received is None:
        return "", "ascii"
    declared = received.msh().text(18)
    codec = codec_of(declared)
    if codec:
        return declared, codec
    return name_of(received.charset), received.charset


def _err(error: AckError, delimiters: Delimiters, *, old: bool) -> str:
    location = tuple((error.location or "").split("^"))
    severity = _SEVERITIES.get(error.severity, error.severity)
    number = _IN_HL7.get(error.err_code, error.err_code)
    code = (number, ERR_TEXTS.get(number, ""), "HL70357")
    fields: dict[int, Field] = {2: location, 3: code, 4: severity, 8: error.text}
    if error.err_code in CI_SIS_TEXTS:
        fields[5] = (error.err_code, CI_SIS_TEXTS[error.err_code], "applicationErrorCondition")
    if old:
        # ELD: segment, sequence, field and the code, in the only field that there was.
        place = (*location[:3], "", "", "")[:3]
        fields[1] = (*place, code)
    return segment("ERR", fields, delimiters)


def _before_err_details(received: Message | None) -> bool:
    return bool(received and received.version and received.version < _ERR_DETAILED)
