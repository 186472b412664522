"""The documents of a decision: the Bundle, the PDF and the CDA document, under one reference."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.cda.level1 import FORMAT
from gateway.fhir.datatypes import compact, primitives
from gateway.mapping.to_cda.composition import composition_document
from gateway.mapping.to_pdf import composition_pdf
from gateway.programmes import meeting as rcp
from gateway.programmes.applying import labelled
from gateway.programmes.names import BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Programme


@dataclass(frozen=True, slots=True)
class Parties:
    """Who a document is about, by, kept by and for; empty where nobody is known."""

    patient: Resource
    author: Resource
    custodian: Resource
    treating: Resource


@dataclass(frozen=True, slots=True)
class DecisionDocuments:
    """Makes the documents of one decision; `plan` is the CarePlan (`Type/id`) that it changes."""

    programme: Programme
    held: rcp.Held
    plan: str
    new_id: Callable[[], str]
    now: datetime
    fhir_url: str

    def of(self, composition: Resource, encounter: Resource, parties: Parties) -> list[Resource]:
        """Return the document Bundle, the files, and last the DocumentReference."""
        patient, custodian = parties.patient, parties.custodian
        heading = [named(patient), named(custodian), f"{self.held.at:%d/%m/%Y %H:%M}"]
        pdf = composition_pdf(composition, heading)
        cda = composition_document(
            composition,
            pdf,
            patient=patient,
            author=parties.author,
            custodian=custodian,
            treating=parties.treating or None,
        )
        files = [self._binary("application/pdf", pdf), self._binary("text/xml", cda)]
        inside = [composition, patient, encounter, parties.author, custodian]
        bundle = self._bundle([one for one in inside if one])
        return [bundle, *files, self._reference(composition, encounter, files, (pdf, cda))]

    def _binary(self, kind: str, content: bytes) -> Resource:
        return labelled(
            self.programme,
            {
                "resourceType": "Binary",
                "id": self.new_id(),
                "contentType": kind,
                "data": b64encode(content).decode("ascii"),
            },
        )

    def _bundle(self, inside: Sequence[Resource]) -> Resource:
        base = self.fhir_url
        entries = [
            {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one}
            for one in inside
        ]
        number = self.new_id()
        return labelled(
            self.programme,
            {
                "resourceType": "Bundle",
                "id": number,
                "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{number}"},
                "type": "document",
                "timestamp": self.held.at.isoformat(),
                "entry": entries,
            },
        )

    def _reference(
        self,
        composition: Resource,
        encounter: Resource,
        files: Sequence[Resource],
        contents: Sequence[bytes],
    ) -> Resource:
        """Return the DocumentReference of the PDF and the CDA document."""
        held, programme = self.held, self.programme
        forms = [
            _attachment(file, content, composition)
            for file, content in zip(files, contents, strict=True)
        ]
        forms[1]["format"] = {
            "system": "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
            "code": FORMAT,
        }
        label = {"coding": list(programme.labels)} if programme.labels else None
        related = [f"Composition/{composition['id']}", self.plan]
        return labelled(
            programme,
            {
                "resourceType": "DocumentReference",
                "id": self.new_id(),
                "meta": {"profile": [f"{BASE}/StructureDefinition/passerelle-summary-document"]},
                "masterIdentifier": composition["identifier"],
                "status": "current",
                "docStatus": "final",
                "type": rcp.DOCUMENT,
                "category": [rcp.REPORT_CLASS],
                "subject": {"reference": held.patient},
                "date": self.now.isoformat(),
                "author": [{"reference": held.author}],
                "custodian": {"reference": held.organization} if held.organization else None,
                "description": held.decision,
                "securityLabel": [label] if label else [],
                "content": forms,
                "context": {
                    "encounter": [{"reference": f"Encounter/{encounter['id']}"}],
                    "period": encounter["period"],
                    "related": [{"reference": one} for one in related],
                },
            },
        )


def _attachment(file: Resource, content: bytes, composition: Resource) -> dict[str, Any]:
    # FHIR wants SHA-1 here (https://hl7.org/fhir/R4/datatypes.html#attachment).
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    return {
        "attachment": compact(
            {
                "contentType": file["contentType"],
                "language": "fr-FR",
                "url": f"Binary/{file['id']}",
                "size": len(content),
                "hash": b64encode(digest).decode("ascii"),
                "title": composition["title"],
                "creation": composition["date"],
            }
        )
    }


def named(resource: Resource) -> str:
    """Return the name of a person or an organization, empty when it has none."""
    name = resource.get("name", "")
    if isinstance(name, str):
        return name
    first: dict[str, Any] = next(iter(name), {})
    given = next(iter(primitives(first, "given")), "")
    return f"{first.get('family', '')} {given}".strip() or str(first.get("text", ""))
