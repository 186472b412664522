"""What hangs on a patient or a visit: consents, kin, allergies, diagnoses, acts, contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map, Result

EVN = "EVN||20260305140000"
PV1 = "PV1|1|I" + "|" * 17 + "V1"
V2 = "http://terminology.hl7.org/CodeSystem/v2-"
ICD = "http://hl7.org/fhir/sid/icd-10"


def whole(result: Result, kind: str) -> dict[str, Any]:
    (entry,) = result.entries(kind)
    assert entry.of_patient
    return entry.resource


def test_opposition_to_the_shared_record_is_a_whole_consent(map_lines: Map) -> None:
    result = map_lines("ADT^A31", EVN, PATIENT, "ZFA|ACTIF|20240101|||||||IO|20260304")

    assert whole(result, "Consent") == {
        "resourceType": "Consent",
        "extension": [
            {
                "url": "urn:passerelle:extension:dmp-status",
                "extension": [
                    {"url": "status", "valueCode": "ACTIF"},
                    {"url": "period", "valuePeriod": {"start": "2024-01-01"}},
                ],
            }
        ],
        "identifier": [{"system": "urn:passerelle:consent", "value": "dmp-feeding"}],
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                    "display": "Privacy Consent",
                }
            ]
        },
        "category": [
            {
                "coding": [
                    {"system": "http://loinc.org", "code": "59284-0", "display": "Patient Consent"},
                    {
                        "system": "urn:passerelle:consent",
                        "code": "dmp-feeding",
                        "display": "Alimentation du DMP",
                    },
                ]
            }
        ],
        "patient": {"reference": result.url("Patient")},
        "dateTime": "2026-03-04",
        "policyRule": {"text": "Code de la santé publique, articles L1111-15 et R1111-47"},
        "provision": {
            "type": "deny",
            "actor": [
                {
                    "role": {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/"
                                "v3-ParticipationType",
                                "code": "IRCP",
                                "display": "information recipient",
                            }
                        ]
                    },
                    "reference": {"display": "Dossier médical partagé (Mon espace santé)"},
                }
            ],
            "action": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/consentaction",
                            "code": "disclose",
                        }
                    ]
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("feeding", "consultation", "expected"),
    [
        ("INO", "IC", [("active", "permit", "disclose"), ("active", "permit", "access")]),
        ("IO", "INC", [("active", "deny", "disclose"), ("active", "deny", "access")]),
        ("NA", "NA", [("proposed", None, None), ("proposed", None, None)]),
        ("", "INC", [("active", "deny", "access")]),
        ("", "", []),
    ],
)
def test_the_codes_of_zfa_are_decisions(
    map_lines: Map, feeding: str, consultation: str, expected: list[tuple[str | None, ...]]
) -> None:
    zfa = f"ZFA|ACTIF||||||||{feeding}||{consultation}"
    found = []
    for consent in map_lines("ADT^A31", EVN, PATIENT, zfa).all("Consent"):
        provision = consent.get("provision", {})
        actions = provision.get("action", [{"coding": [{"code": None}]}])
        code = actions[0]["coding"][0]["code"]
        found.append((consent["status"], provision.get("type"), code))
    assert found == expected


def test_an_unknown_decision_is_reported(map_lines: Map) -> None:
    result = map_lines("ADT^A31", EVN, PATIENT, "ZFA|ACTIF||||||||PEUT-ETRE")
    assert result.all("Consent") == []
    assert result.texts("warning") == ["ZFA-9 holds a code of no known table."]


def test_the_next_of_kin_is_a_whole_related_person(map_lines: Map) -> None:
    nk1 = (
        "NK1|1|DURAND^Marc^^^^^L|SPO^Conjoint^HL70063|12 rue des Lilas^^PARIS^^75015|0102030405|"
        "0607080910|N|20200101|20300101" + "|" * 6 + "M|19790203" + "|" * 17 + "K1^^^CENTRE^PI"
    )
    result = map_lines("ADT^A28", EVN, PATIENT, nk1)
    assert whole(result, "RelatedPerson") == {
        "resourceType": "RelatedPerson",
        "identifier": [
            {"system": "urn:passerelle:related-person", "value": "spo/durand/marc"},
            {
                "type": {"coding": [{"system": f"{V2}0203", "code": "PI"}]},
                "system": "urn:passerelle:namespace:CENTRE",
                "value": "K1",
            },
        ],
        "patient": {"reference": result.url("Patient")},
        "relationship": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
                        "code": "SPS",
                        "display": "spouse",
                    }
                ]
            },
            {"coding": [{"system": f"{V2}0131", "code": "N"}]},
        ],
        "name": [{"use": "official", "family": "DURAND", "given": ["Marc"]}],
        "telecom": [
            {"system": "phone", "value": "0102030405"},
            {"system": "phone", "value": "0607080910", "use": "work"},
        ],
        "gender": "male",
        "birthDate": "1979-02-03",
        "address": [{"line": ["12 rue des Lilas"], "city": "PARIS", "postalCode": "75015"}],
        "period": {"start": "2020-01-01", "end": "2030-01-01"},
    }


@pytest.mark.parametrize(
    ("code", "system", "expected"),
    [
        ("MTH", "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH"),
        ("EMC", f"{V2}0131", "C"),
        ("GRD", f"{V2}0063", "GRD"),
        ("X^^99L", "urn:passerelle:code-system:L", "X"),
    ],
)
def test_relations_have_the_codes_of_the_guide(
    map_lines: Map, code: str, system: str, expected: str
) -> None:
    result = map_lines("ADT^A28", EVN, PATIENT, f"NK1|1|DURAND^Marc|{code}")
    (relation,) = result.one("RelatedPerson")["relationship"]
    (coding,) = relation["coding"]
    assert (coding["system"], coding["code"]) == (system, expected)


def test_somebody_without_a_name_is_a_contact(map_lines: Map) -> None:
    result = map_lines("ADT^A28", EVN, PATIENT, "NK1|1||EMC||0102030405", "NK1|2||SPO")
    assert result.one("Patient")["contact"] == [
        {
            "relationship": [
                {"coding": [{"system": f"{V2}0131", "code": "C"}]},
            ],
            "telecom": [{"system": "phone", "value": "0102030405"}],
        }
    ]
    assert result.all("RelatedPerson") == []
    assert result.texts("information") == ["NK1 names nobody."]


def test_an_allergy_is_a_whole_allergy_intolerance(map_lines: Map) -> None:
    al1 = "AL1|1|DA|PEN^Pénicilline^CIM10|SV|Urticaire~Œdème|20210824"
    result = map_lines("ADT^A01", EVN, PATIENT, al1)
    assert whole(result, "AllergyIntolerance") == {
        "resourceType": "AllergyIntolerance",
        "identifier": [{"system": "urn:passerelle:allergy", "value": "cim10|pen"}],
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": {"coding": [{"system": ICD, "code": "PEN", "display": "Pénicilline"}]},
        "patient": {"reference": result.url("Patient")},
        "onsetDateTime": "2021-08-24",
        "reaction": [
            {"manifestation": [{"text": "Urticaire"}, {"text": "Œdème"}], "severity": "severe"}
        ],
    }


def test_a_diagnosis_is_a_whole_condition_of_the_visit(map_lines: Map) -> None:
    dg1 = "DG1|1||M54.5^Lombalgie basse^I10|Lombalgie|20260305|F|||||||||1|9^House^Gregory"
    result = map_lines("ADT^A01", EVN, PATIENT, PV1, dg1)
    category = "http://terminology.hl7.org/CodeSystem/condition-category"
    named = whole(result, "Condition")["identifier"][0]["value"]
    assert whole(result, "Condition") == {
        "resourceType": "Condition",
        "identifier": [{"system": "urn:passerelle:condition", "value": named}],
        "verificationStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                    "code": "confirmed",
                }
            ]
        },
        "category": [
            {
                "coding": [
                    {
                        "system": category,
                        "code": "encounter-diagnosis",
                        "display": "Encounter Diagnosis",
                    }
                ]
            },
            {"coding": [{"system": f"{V2}0052", "code": "F"}]},
        ],
        "code": {
            "coding": [{"system": ICD, "code": "M54.5", "display": "Lombalgie basse"}],
            "text": "Lombalgie",
        },
        "subject": {"reference": result.url("Patient")},
        "encounter": {"reference": result.url("Encounter")},
        "onsetDateTime": "2026-03-05",
        "asserter": {"reference": result.url("Practitioner"), "display": "Gregory House"},
    }


def test_a_diagnosis_that_is_taken_back_was_entered_in_error(map_lines: Map) -> None:
    dg1 = "DG1|1||M54.5^^I10|||W" + "|" * 14 + "D1^GAM|D"
    result = map_lines("ADT^A08", EVN, PATIENT, dg1)
    condition = result.one("Condition")
    assert condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert condition["identifier"] == [{"system": "urn:passerelle:namespace:GAM", "value": "D1"}]


def test_an_act_is_a_whole_procedure_of_the_visit(map_lines: Map) -> None:
    pr1 = (
        "PR1|1||ZBQK002^Radiographie du thorax^CCAM||202603051400||||||9^House^Gregory||||"
        "R05^Toux^I10"
    )
    result = map_lines("ADT^A01", EVN, PATIENT, PV1, pr1)
    named = whole(result, "Procedure")["identifier"][0]["value"]
    assert whole(result, "Procedure") == {
        "resourceType": "Procedure",
        "identifier": [{"system": "urn:passerelle:act", "value": named}],
        "status": "unknown",
        "code": {
            "coding": [
                {
                    "system": "https://smt.esante.gouv.fr/terminologie-ccam",
                    "code": "ZBQK002",
                    "display": "Radiographie du thorax",
                }
            ]
        },
        "subject": {"reference": result.url("Patient")},
        "encounter": {"reference": result.url("Encounter")},
        "performedDateTime": "2026-03-05T14:00:00+01:00",
        "performer": [
            {
                "function": {
                    "coding": [
                        {
                            "system": "http://snomed.info/sct",
                            "code": "304292004",
                            "display": "Surgeon",
                        }
                    ]
                },
                "actor": {"reference": result.url("Practitioner"), "display": "Gregory House"},
            }
        ],
        "reasonCode": [{"coding": [{"system": ICD, "code": "R05", "display": "Toux"}]}],
    }


def test_a_contract_is_a_whole_coverage_and_its_nir_no_ins(map_lines: Map) -> None:
    in1 = (
        "IN1|1|RO^Régime obligatoire|99^^^CPAM|CPAM de Paris|1 rue de la Caisse^^PARIS|||G1|Groupe|"
        "||20250101|20261231||AMO^Assurance^L||SEL" + "|" * 32 + "180017500100100^^^^SS"
    )
    in2 = "IN2" + "|" * 61 + "A7^^^CPAM"
    result = map_lines("ADT^A28", EVN, PATIENT, in1, in2)

    coverage = "http://terminology.hl7.org/CodeSystem/coverage-class"
    assert whole(result, "Coverage") == {
        "resourceType": "Coverage",
        "identifier": [
            {"system": "urn:passerelle:coverage", "value": "ro|99||20250101"},
            {
                "type": {"coding": [{"system": f"{V2}0203", "code": "MB"}]},
                "system": "urn:passerelle:namespace:CPAM",
                "value": "A7",
            },
        ],
        "status": "active",
        "type": {
            "coding": [
                {
                    "system": "urn:passerelle:sender:RIS-TEST:CENTRE:L",
                    "code": "AMO",
                    "display": "Assurance",
                }
            ]
        },
        "subscriberId": "180017500100100",
        "beneficiary": {"reference": result.url("Patient")},
        "relationship": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/subscriber-relationship",
                    "code": "self",
                }
            ]
        },
        "period": {"start": "2025-01-01", "end": "2026-12-31"},
        "payor": [{"reference": result.url("Organization"), "display": "CPAM de Paris"}],
        "class": [
            {
                "type": {"coding": [{"system": coverage, "code": "plan"}]},
                "value": "RO",
                "name": "Régime obligatoire",
            },
            {
                "type": {"coding": [{"system": coverage, "code": "group"}]},
                "value": "G1",
                "name": "Groupe",
            },
        ],
        "order": 1,
    }
    systems = {one["system"] for one in result.one("Patient")["identifier"]}
    assert not any(system.startswith("urn:oid:1.2.250.1.213") for system in systems)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("AL1|1|DA", "AL1 names no substance."),
        ("DG1|1", "DG1 names no diagnosis."),
        ("PR1|1", "PR1 names no procedure."),
        ("IN1|1|RO", "IN1 names no insurer."),
    ],
)
def test_an_empty_segment_is_reported(map_lines: Map, line: str, text: str) -> None:
    assert map_lines("ADT^A08", EVN, PATIENT, line).texts("information") == [text]


def test_what_has_no_place_is_named(map_lines: Map) -> None:
    result = map_lines("ADT^A01", EVN, PATIENT, PV1, "PV2||", "GT1|1", "ZFM|8")
    assert result.texts("information") == [
        "PV2 is kept in the journal, not mapped.",
        "GT1 is kept in the journal, not mapped.",
        "ZFM is kept in the journal, not mapped.",
    ]
