"""Synthetic patients and physicians: French names, the test OID of the INS, always the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

PATIENTS = 200
PHYSICIANS = 20

INS_TEST = "1.2.250.1.213.1.4.10"
_FAMILIES = (
    "MARTIN",
    "LEFÈVRE",
    "GARNIER",
    "DUPUIS",
    "BÉRARD",
    "NOËL",
    "FAURE",
    "ROUSSEAU",
    "PÉRON",
    "MARCHAND",
    "CHÂTELAIN",
    "BOYER",
    "GUÉRIN",
    "HUBERT",
    "KERVELLA",
    "LE GALL",
    "OLLIVIER",
)  # fmt: skip - a list, not a column
_WOMEN = ("CAMILLE", "HÉLÈNE", "MARIE-CLAIRE", "ZOÉ", "INÈS", "AGNÈS", "LOUISE")
_MEN = ("ÉTIENNE", "JEAN-NOËL", "RENÉ", "THÉO", "LOÏC", "GAËL", "PAUL")
_TOWNS = (("PARIS", "75011"), ("LA ROCHELLE", "17000"), ("SAINT-ÉTIENNE", "42000"))


@dataclass(frozen=True, slots=True)
class Person:
    """One patient; `number` decides everything about them."""

    number: int

    @property
    def is_woman(self) -> bool:
        """Whether the first digit of the INS is 2."""
        return self.number % 2 == 0

    @property
    def family(self) -> str:
        """The family name."""
        return _FAMILIES[self.number % len(_FAMILIES)]

    @property
    def given(self) -> str:
        """The first given name."""
        return (_WOMEN if self.is_woman else _MEN)[self.number % 7]

    @property
    def born(self) -> str:
        """The date of birth, YYYYMMDD."""
        return f"{1930 + self.number % 80}{1 + self.number % 12:02d}{1 + self.number % 28:02d}"

    @property
    def ins(self) -> str:
        """A number with a right key, under the test OID only."""
        sex = 2 if self.is_woman else 1
        head = f"{sex}{self.born[2:4]}{self.born[4:6]}99{self.number:06d}"
        return f"{head}{97 - int(head) % 97:02d}"

    @property
    def town(self) -> tuple[str, str]:
        """Name and postal code."""
        return _TOWNS[self.number % len(_TOWNS)]

    @property
    def physician(self) -> int:
        """Which of the physicians treats them."""
        return self.number % PHYSICIANS


def rpps(physician: int) -> str:
    """Return the RPPS number of a physician, from the range for tests."""
    return f"999{physician:08d}"


def mailbox(physician: int) -> str:
    """Return where a physician receives mail."""
    return f"medecin{physician}@cabinet.example"


def physician_family(physician: int) -> str:
    """Return the family name of a physician."""
    return _FAMILIES[(physician * 5 + 3) % len(_FAMILIES)]


def patient_resource(number: int, value: str) -> dict[str, Any]:
    """Return a Patient of about 4 KB with `value` as its local identifier."""
    person = Person(number)
    born = f"{person.born[:4]}-{person.born[4:6]}-{person.born[6:]}"
    town, code = person.town
    return {
        "resourceType": "Patient",
        "meta": {
            "profile": [
                "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-ins",
            ]
        },
        "text": {
            "status": "generated",
            "div": (
                '<div xmlns="http://www.w3.org/1999/xhtml"><p><b>'
                f"{person.family} {person.given}</b>, {born}, {town}</p></div>"
            ),
        },
        "identifier": [
            _identifier("official", "INS-NIR", f"urn:oid:{INS_TEST}", person.ins),
            _identifier("usual", "PI", "urn:oid:1.2.250.1.999.1.1", value),
            *(
                _identifier("secondary", "PI", f"urn:oid:1.2.250.1.999.2.{n}", f"{value}-{n}")
                for n in range(4)
            ),
        ],
        "active": True,
        "name": [
            {
                "use": "official",
                "text": f"{person.given} {person.family}",
                "family": person.family,
                "given": [person.given, "MARIE", "ANNE"],
            },
            {"use": "usual", "family": person.family, "given": [person.given]},
        ],
        "telecom": [
            {"system": kind, "value": f"+33 6 99 99 {number:04d} {n}", "use": "home", "rank": n + 1}
            for n, kind in enumerate(("phone", "phone", "sms"))
        ],
        "gender": "female" if person.is_woman else "male",
        "birthDate": born,
        "deceasedBoolean": False,
        "address": [
            {
                "use": use,
                "line": [f"{number} rue de la Banque d'essai", f"Bâtiment {n}, porte {number}"],
                "city": town,
                "postalCode": code,
                "country": "FRA",
                "period": {"start": f"{2001 + n}-01-01"},
            }
            for n, use in enumerate(("home", "temp", "old"))
        ],
        "maritalStatus": {"coding": [_coded("v3-MaritalStatus", "M")], "text": "Marié(e)"},
        "contact": [
            {
                "relationship": [{"coding": [_coded("v2-0131", "N")], "text": "Proche"}],
                "name": {"family": person.family, "given": [given]},
                "telecom": [{"system": "phone", "value": f"+33 6 88 88 {number:04d}"}],
                "address": {"line": [f"{number} chemin des Mesures"], "city": town},
                "gender": "unknown",
            }
            for given in (_WOMEN[0], _MEN[0], _WOMEN[3])
        ],
        "communication": [
            {
                "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "fr-FR"}]},
                "preferred": True,
            }
        ],
    }  # fmt: skip - one element a line


def patient_json(number: int, value: str) -> bytes:
    """Return the same as JSON."""
    return json.dumps(patient_resource(number, value), ensure_ascii=False).encode()


def _identifier(use: str, code: str, system: str, value: str) -> dict[str, Any]:
    place = (
        "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
        if code.startswith("INS")
        else "http://terminology.hl7.org/CodeSystem/v2-0203"
    )
    return {
        "use": use,
        "type": {"coding": [{"system": place, "code": code}]},
        "system": system,
        "value": value,
    }


def _coded(name: str, code: str) -> dict[str, str]:
    return {"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}
