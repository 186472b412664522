"""Coded fields, with the codes of a sender's own translated or reported.

A code is local when its system is not one that others know: `L`, `99...`, a name of no table, or
none at all. What an operator's ConceptMap says of it stands before it; the local coding stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, concept
from gateway.mapping.hl7v2.datatypes.cwe import cwe_concept

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.hl7v2.gathering import Gathering

_LOCAL: Final = "urn:passerelle:"
# Tables of the French téléradiologie guide, which everybody there knows.
_NATIONAL: Final = "urn:passerelle:code-system:TLR_"


def coded(value: Value, gathering: Gathering, field: str) -> Element:
    """Return the CodeableConcept of a CWE, completed; {} when it is empty.

    `field` is how the list of unmapped codes names the place: `OBR-4`.
    """
    found = cwe_concept(value, gathering.sender_system)
    codings: list[Element] = found.get("coding", [])
    if not codings or any(_is_standard(one) for one in codings):
        return found
    for one in codings:
        system = one.get("system", gathering.sender_system)
        standard = gathering.context.translate(gathering.message.sender, system, one["code"])
        if standard:
            return concept(standard, *codings) | _text(found)
    first = codings[0]
    system = first.get("system", gathering.sender_system)
    gathering.local_code(field, system, first["code"], first.get("display", ""))
    return found


def coded_field(segment: Segment | None, field: int, gathering: Gathering) -> Element:
    """Return the CodeableConcept of the first repetition of a field; {} without."""
    if segment is None:
        return {}
    return coded(segment.value(field), gathering, f"{segment.name}-{field}")


def coded_fields(segment: Segment | None, field: int, gathering: Gathering) -> list[Element]:
    """Return the CodeableConcept of every repetition of a field."""
    if segment is None:
        return []
    place = f"{segment.name}-{field}"
    found = (coded(value, gathering, place) for value in segment.values(field))
    return [one for one in found if one]


def state_of(
    segment: Segment, field: int, table: dict[str, str], gathering: Gathering
) -> str | None:
    """Return the FHIR code of a v2 code: by its table (upper case), else by the operator's.

    None for an empty field; a code that nobody knows is reported, and None too.
    """
    code = segment.text(field)
    if not code:
        return None
    if known := table.get(code.upper()):
        return known
    system = gathering.sender_system
    translated = gathering.context.translate(gathering.message.sender, system, code)
    if translated and translated.get("code") in table.values():
        return str(translated["code"])
    name = f"{segment.name}-{field}"
    gathering.local_code(name, system, code, segment.text(field, 2))
    return None


def _is_standard(one: Element) -> bool:
    system = one.get("system", "")
    return bool(system) and (not system.startswith(_LOCAL) or system.startswith(_NATIONAL))


def _text(found: Element) -> Element:
    return {"text": found["text"]} if "text" in found else {}
