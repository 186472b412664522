from __future__ import annotations

import pytest

from gateway.access.labels import may_leave, may_reach_patient

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
FRENCH = (
    "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/"
    "TRE-A07-StatutVisibiliteDocument"
)


@pytest.mark.parametrize(
    ("system", "code", "permitted"),
    [
        (CONFIDENTIALITY, "N", True),
        (CONFIDENTIALITY, "R", True),
        (CONFIDENTIALITY, "V", False),
        ("urn:oid:2.16.840.1.113883.5.25", "V", False),
        ("https://imagerie.example/suivi", "V", True),
        (FRENCH, "MASQUE_PS", False),
        (FRENCH, "INVISIBLE_PATIENT", True),
    ],
)
def test_only_very_restricted_and_masked_labels_hold_a_resource_back(
    system: str, code: str, *, permitted: bool
) -> None:
    report = {"meta": {"security": [{"system": system, "code": code}]}}
    document = {"securityLabel": [{"coding": [{"system": system, "code": code}]}]}
    assert may_leave(report).permitted is permitted
    assert may_leave({}, document).permitted is permitted


def test_what_carries_no_label_may_leave() -> None:
    assert may_leave({"resourceType": "DiagnosticReport"}).permitted


@pytest.mark.parametrize(
    ("system", "code", "minor", "permitted"),
    [
        (CONFIDENTIALITY, "R", False, True),
        (CONFIDENTIALITY, "V", False, False),
        (FRENCH, "INVISIBLE_PATIENT", False, False),
        (FRENCH, "INVISIBLE_REPRESENTANTS_LEGAUX", False, True),
        (FRENCH, "INVISIBLE_REPRESENTANTS_LEGAUX", True, False),
        (FRENCH, "MASQUE_PS", True, True),
    ],
)
def test_the_patient_gets_what_is_not_hidden_from_him_or_those_who_open_his_mailbox(
    system: str, code: str, *, minor: bool, permitted: bool
) -> None:
    document = {"securityLabel": [{"coding": [{"system": system, "code": code}]}]}
    assert may_reach_patient({}, document, minor=minor).permitted is permitted
