"""Writes a CDA R2 document of level 1: a header, and a PDF as its body.

Headers as the French CI-SIS has them (structuration minimale, 1.2.250.1.213.1.1.1.1) and the body
of IHE XDS-SD (1.3.6.1.4.1.19376.1.2.20). Plain values in, the same bytes for the same values.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

#: The format of such a document (http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode).
FORMAT: Final = "urn:ihe:iti:xds-sd:pdf:2008"
_TEMPLATES: Final = (
    "2.16.840.1.113883.2.8.2.1",
    "1.2.250.1.213.1.1.1.1",
    "1.3.6.1.4.1.19376.1.2.20",
)
_CONFIDENTIALITY: Final = "2.16.840.1.113883.5.25"
_GENDERS: Final = "2.16.840.1.113883.5.1"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An II: an OID, and a name within it."""

    root: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by name, with identifiers when there are any."""

    family: str
    given: str = ""
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose document it is; `birth_date` is AAAAMMJJ or shorter, `gender` M, F or UN."""

    name: Person
    gender: str = "UN"
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Organization:
    """Who keeps the document."""

    name: str
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document; `effective` is a TS with its time zone, `code` a LOINC code."""

    id: Identifier
    code: str
    display: str
    title: str
    effective: str
    confidentiality: str
    patient: Patient
    author: Person
    custodian: Organization
    treating: Person | None = None


def write(document: Document, pdf: bytes) -> bytes:
    """Return the document as XML in UTF-8."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
        '<realmCode code="FR"/>',
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>',
        *(f'<templateId root="{one}"/>' for one in _TEMPLATES),
        _identifier("id", document.id),
        (
            f"<code code={_quoted(document.code)} displayName={_quoted(document.display)}"
            ' codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC"/>'
        ),
        f"<title>{escape(document.title)}</title>",
        f"<effectiveTime value={_quoted(document.effective)}/>",
        (
            f"<confidentialityCode code={_quoted(document.confidentiality)}"
            f' codeSystem="{_CONFIDENTIALITY}"/>'
        ),
        '<languageCode code="fr-FR"/>',
        _identifier("setId", document.id),
        '<versionNumber value="1"/>',
        _record_target(document.patient),
        _author(document),
        _custodian(document.custodian),
        _legal_authenticator(document),
        _treating(document.treating),
        (
            '<component><nonXMLBody><text mediaType="application/pdf" representation="B64">'
            f"{b64encode(pdf).decode('ascii')}</text></nonXMLBody></component>"
        ),
        "</ClinicalDocument>",
    ]
    return "\n".join(part for part in parts if part).encode()


def _quoted(text: str) -> str:
    return f'"{escape(text, {chr(34): "&quot;"})}"'


def _identifier(name: str, identifier: Identifier) -> str:
    extension = f" extension={_quoted(identifier.extension)}" if identifier.extension else ""
    return f"<{name} root={_quoted(identifier.root)}{extension}/>"


def _identifiers(identifiers: tuple[Identifier, ...]) -> str:
    return "".join(_identifier("id", one) for one in identifiers) or '<id nullFlavor="UNK"/>'


def _name(person: Person, qualifier: str = "") -> str:
    kind = f' qualifier="{qualifier}"' if qualifier else ""
    given = f"<given{kind}>{escape(person.given)}</given>" if person.given else ""
    return f"<name><family{kind}>{escape(person.family)}</family>{given}</name>"


def _record_target(patient: Patient) -> str:
    birth = (
        f"<birthTime value={_quoted(patient.birth_date)}/>"
        if patient.birth_date
        else '<birthTime nullFlavor="UNK"/>'
    )
    return (
        f"<recordTarget><patientRole>{_identifiers(patient.name.identifiers)}"
        '<addr nullFlavor="NASK"/><telecom nullFlavor="NASK"/>'
        f"<patient>{_name(patient.name, 'BR')}"
        f'<administrativeGenderCode code={_quoted(patient.gender)} codeSystem="{_GENDERS}"/>'
        f"{birth}</patient></patientRole></recordTarget>"
    )


def _author(document: Document) -> str:
    return (
        f"<author><time value={_quoted(document.effective)}/><assignedAuthor>"
        f"{_identifiers(document.author.identifiers)}"
        f"<assignedPerson>{_name(document.author)}</assignedPerson>"
        "</assignedAuthor></author>"
    )


def _custodian(custodian: Organization) -> str:
    return (
        "<custodian><assignedCustodian><representedCustodianOrganization>"
        f"{_identifiers(custodian.identifiers)}<name>{escape(custodian.name)}</name>"
        "</representedCustodianOrganization></assignedCustodian></custodian>"
    )


def _legal_authenticator(document: Document) -> str:
    return (
        f"<legalAuthenticator><time value={_quoted(document.effective)}/>"
        '<signatureCode code="S"/><assignedEntity>'
        f"{_identifiers(document.author.identifiers)}"
        f"<assignedPerson>{_name(document.author)}</assignedPerson>"
        "</assignedEntity></legalAuthenticator>"
    )


def _treating(person: Person | None) -> str:
    """Return the treating physician, a participant with the function PCP."""
    if person is None:
        return ""
    return (
        '<participant typeCode="INF"><functionCode code="PCP" codeSystem="2.16.840.1.113883.5.88"/>'
        f'<associatedEntity classCode="PROV">{_identifiers(person.identifiers)}'
        f"<associatedPerson>{_name(person)}</associatedPerson></associatedEntity></participant>"
    )
