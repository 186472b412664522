"""A French patient identity that is qualified, as FR Core profiles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource


def qualified_identity() -> Resource:
    """Return a test identity with everything that fr-core-patient-ins asks for."""
    fr = "https://hl7.fr/ig/fhir/core"
    commune = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
    insee = {
        "url": f"{fr}/StructureDefinition/fr-core-address-insee-code",
        "valueCoding": {"system": commune, "code": "63220"},
    }

    def coded(name: str, system: str, code: str) -> Resource:
        return {
            "url": name,
            "valueCoding": {"system": f"{fr}/CodeSystem/{system}", "code": code},
        }

    return {
        "resourceType": "Patient",
        "meta": {"profile": [f"{fr}/StructureDefinition/fr-core-patient-ins"]},
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"extension": [insee], "city": "LE TESTAIRE"},
            },
            {
                "url": f"{fr}/StructureDefinition/fr-core-identity-reliability",
                "extension": [
                    coded("identityStatus", "fr-core-cs-v2-0445", "VALI"),
                    coded("validationMode", "fr-core-cs-mode-validation-identity", "CN"),
                    {"url": "validationDate", "valueDate": "2026-01-06"},
                ],
            },
        ],
        "identifier": [
            {
                "use": "official",
                "type": {
                    "coding": [
                        {"system": f"{fr}/CodeSystem/fr-core-cs-v2-0203", "code": "INS-NIR-TEST"}
                    ]
                },
                "system": "urn:oid:1.2.250.1.213.1.4.10",
                "value": "180126322045631",
            }
        ],
        "name": [
            {
                "use": "official",
                "extension": [
                    {
                        "url": f"{fr}/StructureDefinition/fr-core-patient-birth-list-given-name",
                        "valueString": "CAMILLE ANNE",
                    }
                ],
                "family": "LEFEVRE",
                "given": ["CAMILLE"],
            }
        ],
        "gender": "female",
        "birthDate": "1980-12-03",
    }
