"""DocumentReference of an object that is a document: encapsulated PDF and CDA, key objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import text
from gateway.fhir.datatypes import Element, coding, compact, concept, reference, stable_id, urn
from gateway.mapping.entry import Entry, Key, Write

if TYPE_CHECKING:
    from gateway.mapping.dicom.sr.source import Source

URI: Final = "urn:ietf:rfc:3986"
_CLASSES: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
)
IMAGING_CLASS: Final = concept(coding(_CLASSES, "31", "Imagerie médicale"))


def document_entry(
    source: Source, kind: Element, content: list[Element], more: Element | None = None
) -> Entry:
    """Return the DocumentReference of an object by its SOP Instance UID.

    IHE RAD MADO and HL7 Europe: `masterIdentifier` is the UID, the study is in `context.related`.
    """
    key = Key(URI, source.uid)
    people = [one.reference for one in source.readers]
    house = text(source.model, tag.INSTITUTION_NAME)
    resource = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": key.system, "value": key.value},
        "status": "current",
        "docStatus": "preliminary" if source.unsigned else "final",
        "type": kind,
        "category": [IMAGING_CLASS],
        "subject": reference(source.subject),
        "date": source.issued,
        "author": [*people, *([{"type": "Organization", "display": house}] if house else [])],
        "content": content,
        "context": {"related": [reference(source.study)]},
        **(more or {}),
    }
    full_url = urn(stable_id("DocumentReference", *key))
    return Entry(compact(resource), full_url, (key,), Write.ASSERT)
