"""TXA, transcription document header: a DocumentReference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import segment
from gateway.mapping.hl7v2.datatypes.ei import URI_SYSTEM
from gateway.mapping.hl7v2.flags import CONFIDENTIALITY
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.ei import ei
from gateway.mapping.to_hl7v2.datatypes.xcn import national_number, party, xcn
from gateway.mapping.to_hl7v2.own_number import own_number
from gateway.mapping.to_hl7v2.target import DOCUMENT_PROFILES

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field, Repetition
    from gateway.mapping.to_hl7v2.numbers import Numbers
    from gateway.mapping.to_hl7v2.sources import Writing
    from gateway.mapping.to_hl7v2.target import Target

_PRESENTATION: Final = "TEXT"
_TITLE_SINCE: Final = "2.8"
_OID: Final = "urn:oid:"
# http://hl7.org/fhir/composition-status to table HL70271.
_COMPLETION: Final = {"preliminary": "IP", "final": "AU", "amended": "AU"}
# DocumentReference.status to table HL70273.
_AVAILABILITY: Final = {"current": "AV", "superseded": "OB", "entered-in-error": "CA"}
# v3-Confidentiality to table HL70272.
_LEVELS: Final = {"N": "U", "R": "R", "V": "V"}


def txa(numbers: Numbers, writing: Writing) -> str:
    """Return the segment; `numbers` are those of the order that the document is about."""
    document, target = writing.resource, writing.target
    french = target.profile in DOCUMENT_PROFILES
    context = document.get("context", {})
    made = dtm(document.get("date"))
    placer, filler = numbers.eis(target)
    authors: list[Repetition] = [
        name
        for found in writing.follow_all(document.get("author", ()))
        if (name := xcn(party(found, writing).person, target))
    ]
    signed = party(writing.follow(document.get("authenticator")), writing).person
    fields: dict[int, Field] = {
        1: "1",
        2: type_code(document),
        3: _PRESENTATION,
        4: dtm(context.get("period", {}).get("start")) or made,
        6: made,
        9: authors or "",
        10: "" if french else xcn(signed, target),
        12: document_number(document, target),
        13: _replaced(writing),
        14: placer,
        15: filler,
        17: _COMPLETION.get(document.get("docStatus", ""), "AU"),
        18: _level(document),
        19: "" if french else _AVAILABILITY.get(document.get("status", ""), ""),
        22: national_number(signed) if french else "",
    }
    if target.since(_TITLE_SINCE):
        fields[25] = str(document.get("description", ""))
    return segment("TXA", fields)


def type_code(document: Resource) -> str:
    """Return the code of the type, its text when it has none."""
    kind = document.get("type", {})
    codes = (one.get("code", "") for one in kind.get("coding", ()))
    return next((str(code) for code in codes if code), "") or str(kind.get("text", "DI"))


def document_number(document: Resource, target: Target) -> Repetition:
    """Return the unique number of a document: the OID alone when it is one."""
    held: Element = document.get("masterIdentifier") or next(
        iter(document.get("identifier", ())), own_number(document, target)
    )
    return _number(held, target)


def _replaced(writing: Writing) -> Repetition:
    """Return TXA-13, the number of the document that this one takes the place of."""
    for relation in writing.resource.get("relatesTo", ()):
        if relation.get("code") == "replaces":
            target: Element = relation.get("target", {})
            older = writing.follow({"reference": target.get("reference", "")})
            if older:
                return document_number(older, writing.target)
            return _number(target.get("identifier", {}), writing.target)
    return ""


def _number(held: Element, target: Target) -> Repetition:
    value = str(held.get("value", ""))
    if held.get("system") == URI_SYSTEM and value.startswith(_OID):
        return value.removeprefix(_OID)
    return ei(held, target)


def _level(document: Resource) -> str:
    labels = (one for label in document.get("securityLabel", ()) for one in label.get("coding", ()))
    levels = (
        _LEVELS.get(one.get("code", ""), "")
        for one in labels
        if one.get("system") == CONFIDENTIALITY
    )
    return next((level for level in levels if level), "")
