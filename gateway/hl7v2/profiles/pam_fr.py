"""IHE PAM-FR 2.11, national extension of Patient Administration Management: ITI-30 and ITI-31."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.profiles.rules import REQUIRED, WRONG, FieldRule, Finding, Profile, fra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.hl7v2.message import Message

_IDENTITY: Final = ("EVN", "PID")
_MOVEMENT: Final = (*_IDENTITY, "PV1", "ZBE")
# fmt: off
# A08 is not of the national extension: A31 corrects an identity, Z99 a movement.
_MOVEMENTS: Final = (
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A21", "A22", "A54",
    "A11", "A12", "A13", "A38", "A52", "A53", "A55", "Z99",
)
RELIABILITIES: Final = (
    "VIDE", "PROV", "VALI", "DOUB", "DESA", "DPOT", "DOUA", "COLP", "COLV", "FILI", "CACH", "ANOM",
    "IDVER", "RECD", "IDRA", "USUR", "HOMD", "HOMA", "INVA", "FICT", "DOUT",
)
_NATURES: Final = ("S", "H", "M", "L", "D", "SM", "SH", "MH", "LD", "HMS", "C")
_PROOFS: Final = ("AN", "CC", "CE", "CM", "CN", "CS", "LE", "PA", "PC", "TC")
# fmt: on
# NIR, NIA, and those of tests and demonstrations.
_INS: Final = tuple(f"1.2.250.1.213.1.4.{last}" for last in (8, 9, 10, 11))
# What the INS-C was, and is no more.
_OBSOLETE: Final = tuple(f"1.2.250.1.213.1.4.{last}" for last in (2, 6, 7))
_VALIDATED: Final = "VALI"


def _identities(message: Message) -> Iterator[Finding]:
    """Check the national identifiers of PID-3 (INS)."""
    for pid in message.all("PID"):
        place = f"PID^{pid.sequence}^3"
        found = [one for one in pid.values(3) if one.text(5) == "INS"]
        systems = [one.text(4, 2) for one in found]
        if any(system in _OBSOLETE for system in systems):
            yield Finding("error", "An INS-C is no INS any more.", place, WRONG)
        elif any(system not in _INS for system in systems):
            text = "The authority of an INS is one of the OIDs 1.2.250.1.213.1.4.8 to .11."
            yield Finding("error", text, place, WRONG)
        if found and _VALIDATED not in [one.text() for one in pid.values(32)]:
            text = "An INS is only taken when PID-32 says VALI."
            yield Finding("warning", text, f"PID^{pid.sequence}^32", WRONG)


def _movements(message: Message) -> Iterator[Finding]:
    for zbe in message.all("ZBE"):
        if zbe.text(4) in ("UPDATE", "CANCEL") and not zbe.value(6):
            text = "ZBE-6 (event) is required when ZBE-4 is UPDATE or CANCEL."
            yield Finding("error", text, f"ZBE^{zbe.sequence}^6", REQUIRED)
        if message.event == "Z99" and zbe.text(4) == "INSERT":
            text = "A movement that Z99 corrects has UPDATE in ZBE-4."
            yield Finding("error", text, f"ZBE^{zbe.sequence}^4", WRONG)


PAM_FR: Final = Profile(
    "PAM-FR 2.11",
    {
        ("ADT", "A28"): _IDENTITY,
        ("ADT", "A31"): _IDENTITY,
        ("ADT", "A40"): (*_IDENTITY, "MRG"),
        ("ADT", "A44"): (*_IDENTITY, "MRG"),
        ("ADT", "A47"): (*_IDENTITY, "MRG"),
        **{("ADT", event): _MOVEMENT for event in _MOVEMENTS},
    },
    (
        *fra(),
        FieldRule("MSH", 12, "version", required=True, values=("2.5",)),
        FieldRule("MSH", 12, "country of the version", component=2, values=("FRA",)),
        FieldRule(
            "MSH",
            12,
            "version of the extension",
            component=3,
            values=("2.11", "2.11.1"),
            severity="warning",
        ),
        FieldRule("EVN", 2, "time of the event", required=True),
        FieldRule("PID", 3, "identifiers", required=True),
        FieldRule("PID", 5, "names", required=True),
        FieldRule("PID", 10, "race", forbidden=True),
        FieldRule("PID", 17, "religion", forbidden=True),
        FieldRule("PID", 22, "ethnic group", forbidden=True),
        FieldRule("PID", 32, "reliability", values=RELIABILITIES, repeats=True),
        FieldRule("MRG", 1, "former identifiers", required=True),
        FieldRule("PV1", 2, "class of the visit", required=True),
        FieldRule("ZBE", 1, "movement", required=True),
        FieldRule("ZBE", 2, "time of the movement", required=True),
        FieldRule("ZBE", 3, "end of the movement", forbidden=True),
        FieldRule("ZBE", 4, "action", required=True, values=("INSERT", "UPDATE", "CANCEL")),
        FieldRule("ZBE", 5, "historic", required=True, values=("Y", "N")),
        FieldRule("ZBE", 9, "nature", required=True, values=_NATURES),
        FieldRule("ZFA", 1, "status of the shared record", values=("ACTIF", "FERME", "INEXISTANT")),
        FieldRule("ZFA", 9, "opposition to feeding", values=("NA", "IO", "INO")),
        FieldRule("ZFA", 11, "consent to consultation", values=("NA", "INC", "IC")),
        FieldRule("ZFD", 5, "source of the identity", values=("SM", "CV", "INSI", "CB", "RFID")),
        FieldRule("ZFD", 7, "identity document", values=_PROOFS),
    ),
    (_identities, _movements),
)
