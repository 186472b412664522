"""TXA, transcription document header: a DocumentReference (v2-to-FHIR, TXA[DocumentReference])."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import LOINC, Element, coding, concept
from gateway.hl7v2.datetimes import fhir_instant
from gateway.hl7v2.message import Value
from gateway.mapping.entry import Recipient
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.datatypes.cwe import TRE_A05
from gateway.mapping.hl7v2.datatypes.ei import Number, ei_document_number, ei_number
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.numbers import OrderNumbers
from gateway.mapping.national_number import PS_OID

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

V2_0270: Final = "http://terminology.hl7.org/CodeSystem/v2-0270"
# Table HL70271 to http://hl7.org/fhir/composition-status.
_COMPLETION: Final = {
    "AU": "final",
    "LA": "final",
    "DI": "preliminary",
    "DO": "preliminary",
    "IN": "preliminary",
    "IP": "preliminary",
    "PA": "preliminary",
}
# Table HL70273: cancelled, obsolete.
_AVAILABILITY: Final = {"CA": "entered-in-error", "OB": "superseded"}
# Transcription, edit date, transcriptionist, storage, folders and due date.
_UNMAPPED: Final = (7, 8, 11, 20, 24, 26)
_LOINC: Final = re.compile(r"[0-9]{1,5}-[0-9]")
_FRENCH_TYPE: Final = re.compile(r"[A-Z]+-[A-Z]+")
_PS_ID: Final = re.compile(r"8[0-9]{11}")


def txa_type(txa: Segment, group: OrderGroup, gathering: Gathering) -> Element:
    """Return the document type, TXA-2, named as OBX-3 or OBR-4 name the same code."""
    code = txa.text(2)
    for segment, field in [*((each.obx, 3) for each in group.observed), (group.obr, 4)]:
        if segment and segment.text(field) == code and _type_system(code) != V2_0270:
            return coded_field(segment, field, gathering)
    if txa.text(2, 3) or not code:
        return coded_field(txa, 2, gathering)
    return concept(coding(_type_system(code), code, txa.text(2, 2) or None))


def txa_date(txa: Segment) -> str | None:
    """Return when the document was made: TXA-6, else TXA-4, when a time of day is said."""
    return fhir_instant(txa.text(6)) or fhir_instant(txa.text(4))


def txa_doc_status(txa: Segment) -> str:
    """Return the completion status, TXA-17."""
    return _COMPLETION.get(txa.text(17), "preliminary")


def txa_status(txa: Segment) -> str:
    """Return the availability, TXA-19."""
    return _AVAILABILITY.get(txa.text(19), "current")


def txa_number(txa: Segment, gathering: Gathering) -> Number | None:
    """Return the unique document number, TXA-12."""
    return ei_document_number(txa.value(12), gathering.context)


def txa_parent(txa: Segment, gathering: Gathering) -> Number | None:
    """Return the document that this one replaces, TXA-13."""
    return ei_document_number(txa.value(13), gathering.context)


def txa_order_numbers(txa: Segment, gathering: Gathering) -> OrderNumbers:
    """Return the numbers of the order, TXA-14 and TXA-15."""
    return OrderNumbers(
        ei_number(txa.value(14), gathering.context, "PLAC"),
        ei_number(txa.value(15), gathering.context, "FILL"),
    )


def txa_authors(txa: Segment, gathering: Gathering) -> list[Element]:
    """Return the originators, TXA-9, else who did what it tells, TXA-5."""
    people = (xcn_practitioner(value, gathering) for value in txa.values(9) or txa.values(5))
    return [person for person in people if person]


def txa_facility(txa: Segment) -> Element | None:
    """Return the creating facility, TXA-27, by its name: an HD is not an organization's number."""
    name = txa.text(27) or txa.text(27, 2)
    return {"display": name} if name else None


def txa_copies(txa: Segment, gathering: Gathering) -> list[Recipient]:
    """Take those who have a copy, TXA-23, as recipients; report the fields without a place."""
    people = (xcn_practitioner(xcn, gathering) for xcn in txa.values(23))
    named = (person["reference"] for person in people if person and "reference" in person)
    found = [Recipient(url, None, "practitioner") for url in named]
    kept = [f"TXA-{field}" for field in _UNMAPPED if txa.text(field)]
    if kept:
        names = ", ".join(kept)
        gathering.unmapped(f"{names}: kept in the journal, not mapped.", "TXA^1")
    return gathering.copy_to(found)


def txa_authenticator(txa: Segment, gathering: Gathering) -> Element | None:
    """Return who signed: TXA-10, else TXA-22; the CDA volet writes a bare PS_IdNat there."""
    value = txa.value(10) or txa.value(22)
    text = value.text()
    if gathering.guide in DOCUMENT_GUIDES and _PS_ID.fullmatch(value.raw.strip()):
        marks = gathering.message.delimiters
        authority = f"{marks.subcomponent}{PS_OID}{marks.subcomponent}ISO"
        value = Value(f"{text}{marks.component * 8}{authority}", marks, gathering.message.charset)
    return xcn_practitioner(value, gathering)


def _type_system(code: str) -> str:
    if _LOINC.fullmatch(code):
        return LOINC
    return TRE_A05 if _FRENCH_TYPE.fullmatch(code) else V2_0270
