"""The numbers in the header of an embedded CDA document, as the mapping knows numbers."""

from __future__ import annotations

from typing import NamedTuple

from gateway.cda.header import InstanceIdentifier, read_header
from gateway.hl7v2.datetimes import fhir_instant
from gateway.mapping.hl7v2.datatypes.ei import URI_SYSTEM, Number, number
from gateway.mapping.hl7v2.datatypes.hd import is_oid


class CdaHeader(NamedTuple):
    """Identifiers of a document; None or empty where it says nothing."""

    id: Number | None = None
    set_id: Number | None = None
    title: str = ""
    date: str | None = None
    confidentiality: str = ""
    order: Number | None = None
    accession: Number | None = None
    study: str = ""
    replaced: Number | None = None


def read_cda_header(content: bytes) -> CdaHeader:
    """Return what the header says; an empty `CdaHeader` when this is not a CDA document."""
    header = read_header(content)
    return CdaHeader(
        id=_number(header.id),
        set_id=_number(header.set_id),
        title=header.title,
        date=fhir_instant(header.time),
        confidentiality=header.confidentiality,
        order=_number(header.order, "PLAC"),
        accession=_number(header.accession, "ACSN"),
        study=header.study,
        replaced=_number(header.replaced),
    )


def _number(identifier: InstanceIdentifier | None, kind: str | None = None) -> Number | None:
    """Read an II: the root alone, or the extension within the root."""
    if identifier is None:
        return None
    root, extension = identifier
    uri = f"urn:oid:{root}" if is_oid(root) else f"urn:uuid:{root.lower()}"
    if extension:
        return number(uri if root else "", extension, kind)
    return number(URI_SYSTEM, uri, kind) if root else None
