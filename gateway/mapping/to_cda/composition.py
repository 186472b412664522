"""A Composition with its people as a CDA document of level 1; its body is the PDF of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.cda.level1 import Document, Identifier, Organization, Patient, Person, write
from gateway.fhir.datatypes import primitives

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

_OID: Final = "urn:oid:"
_RPPS: Final = "https://rpps.esante.gouv.fr"
_FINESS: Final = "https://finess.esante.gouv.fr"
_GENDERS: Final = {"male": "M", "female": "F"}
# UUIDs are OIDs of their own (ITU-T X.667); in CDA they stand as they are.
_UUID: Final = "urn:uuid:"


def composition_document(  # noqa: PLR0913 - the people of a document
    composition: Resource,
    pdf: bytes,
    *,
    patient: Resource,
    author: Resource,
    custodian: Resource,
    treating: Resource | None = None,
) -> bytes:
    """Return the document; people that are not here are written as unknown."""
    coding = composition["type"]["coding"][0]
    document = Document(
        id=Identifier(_own(composition)),
        code=coding["code"],
        display=str(coding.get("display", "")),
        title=composition["title"],
        effective=datetime.fromisoformat(composition["date"]).strftime("%Y%m%d%H%M%S%z"),
        confidentiality=str(composition.get("confidentiality", "N")),
        patient=Patient(
            _person(patient),
            _GENDERS.get(patient.get("gender", ""), "UN"),
            str(patient.get("birthDate", "")).replace("-", ""),
        ),
        author=_person(author),
        custodian=Organization(str(custodian.get("name", "")), _identifiers(custodian)),
        treating=None if treating is None else _person(treating),
    )
    return write(document, pdf)


def _own(composition: Resource) -> str:
    value = str(composition.get("identifier", {}).get("value", ""))
    return value.removeprefix(_UUID).removeprefix(_OID).upper() or str(composition["id"])


def _person(resource: Resource) -> Person:
    held = resource.get("name", ())
    names: list[dict[str, Any]] = held if isinstance(held, list) else [{"text": held}]
    official = next((one for one in names if one.get("use") == "official"), None)
    name = official or next(iter(names), {})
    given = next(iter(primitives(name, "given")), "")
    family = name.get("family") or name.get("text") or "?"
    return Person(str(family), str(given), _identifiers(resource))


def _identifiers(resource: Resource) -> tuple[Identifier, ...]:
    """Return the identifiers that CDA can say: those of OIDs, RPPS and FINESS."""
    found = []
    for one in resource.get("identifier", ()):
        system, value = str(one.get("system", "")), str(one.get("value", ""))
        if system.startswith(_OID):
            found.append(Identifier(system.removeprefix(_OID), value))
        elif system == _RPPS:
            found.append(Identifier("1.2.250.1.71.4.2.1", f"8{value}"))
        elif system == _FINESS:
            found.append(Identifier("1.2.250.1.71.4.2.2", f"1{value}"))
    return tuple(found)
