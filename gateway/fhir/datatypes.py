"""FHIR datatypes as small constructors over plain dicts, empty parts left out."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

# The gateway's own namespace: what comes from outside gets the same id on every replay.
NAMESPACE: Final = UUID("6a0c2f2e-6d0b-5d6f-9b5f-0f3f6f1a7c11")

V2_0203: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
DICOM_UID: Final = "urn:dicom:uid"

Element = dict[str, Any]


def stable_id(resource_type: str, system: str, value: str) -> str:
    """Return the id that a thing of the outside world has here, whenever it comes."""
    name = f"{resource_type}|{system}|{value}".encode()
    digest = bytearray(sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    # Version 5 and variant 1 (RFC 9562, 5.5); `uuid.uuid5` takes three times as long.
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def urn(resource_id: str) -> str:
    """Return `urn:uuid:<id>`, the name of an entry before it is stored."""
    return f"urn:uuid:{resource_id}"


def oid_system(oid: str) -> str:
    """Return `urn:oid:<oid>` (https://hl7.org/fhir/R4/datatypes.html#oid)."""
    return f"urn:oid:{oid}"


def namespace_system(namespace: str) -> str:
    """Return the identifier system of an assigning authority that has no OID."""
    return f"urn:passerelle:namespace:{quote(namespace, safe='')}"


def compact(element: Any) -> Any:  # noqa: ANN401 - any FHIR element
    """Return `element` without None, empty strings, lists and objects, at any depth."""
    if isinstance(element, dict):
        kept = {name: compact(value) for name, value in element.items()}
        return {name: value for name, value in kept.items() if not _empty(value)}
    if isinstance(element, list | tuple):
        return [value for value in map(compact, element) if not _empty(value)]
    return element


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str | dict | list | tuple) and not value)


def coding(system: str | None, code: str | None, display: str | None = None) -> Element:
    """Return a Coding (https://hl7.org/fhir/R4/datatypes.html#coding).

    A code has single spaces within: those that a sender fills its codes up with say nothing.
    """
    return _only(system=system, code=code and " ".join(code.split()), display=display)


def concept(*codings: Element, text: str | None = None) -> Element:
    """Return a CodeableConcept (https://hl7.org/fhir/R4/datatypes.html#codeableconcept)."""
    return _only(coding=[item for item in codings if item], text=text)


def identifier(  # noqa: PLR0913 - the elements of the datatype
    system: str | None,
    value: str,
    *,
    use: str | None = None,
    type_system: str | None = None,
    type_code: str | None = None,
    type_display: str | None = None,
    assigner: str | None = None,
) -> Element:
    """Return an Identifier (https://hl7.org/fhir/R4/datatypes.html#identifier)."""
    kind = concept(coding(type_system, type_code, type_display)) if type_code else None
    named = {"display": assigner} if assigner else None
    return _only(use=use, type=kind, system=system, value=value, assigner=named)


def reference(
    target: str, *, display: str | None = None, resource_type: str | None = None
) -> Element:
    """Return a Reference (https://hl7.org/fhir/R4/references.html)."""
    return _only(reference=target, type=resource_type, display=display)


def human_name(
    family: str | None = None,
    given: tuple[str, ...] = (),
    *,
    use: str | None = None,
    prefix: str | None = None,
    suffix: str | None = None,
) -> Element:
    """Return a HumanName (https://hl7.org/fhir/R4/datatypes.html#humanname)."""
    return _only(
        use=use,
        family=family,
        given=list(given),
        prefix=[prefix] if prefix else None,
        suffix=[suffix] if suffix else None,
    )


def primitives(element: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of a repeating primitive.

    null holds the place of one that is an extension alone: https://hl7.org/fhir/R4/json.html#null
    """
    return [str(one) for one in element.get(name, ()) if one is not None]


def period(start: str | None = None, end: str | None = None) -> Element:
    """Return a Period (https://hl7.org/fhir/R4/datatypes.html#period)."""
    return _only(start=start, end=end)


def quantity(value: object, unit: str | None = None, *, ucum: bool = True) -> Element:
    """Return a Quantity (https://hl7.org/fhir/R4/datatypes.html#quantity)."""
    code = {"system": UCUM, "code": unit} if unit and ucum else {}
    return _only(value=value, unit=unit) | code


def contact_point(system: str, value: str, *, use: str | None = None) -> Element:
    """Return a ContactPoint (https://hl7.org/fhir/R4/datatypes.html#contactpoint)."""
    return _only(system=system, value=value, use=use)


def _only(**parts: object) -> Element:
    return {name: value for name, value in parts.items() if value or not _empty(value)}
