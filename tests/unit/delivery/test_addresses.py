from __future__ import annotations

from typing import Any

import pytest

from gateway.delivery.addresses import address_of, address_of_patient


def person(*telecom: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10000023084"}],
        "telecom": [{"system": "email"} | point for point in telecom],
    }


PLAIN = {"value": "h@cabinet.example"}
SECURE = {"value": "h@medecin.mssante.fr"}


@pytest.mark.parametrize(
    ("telecom", "expected"),
    [
        ([PLAIN], "h@cabinet.example"),
        ([PLAIN, SECURE], "h@medecin.mssante.fr"),
        ([{"value": "h@pasmssante.fr"}, {"value": "x@mssante.fr"}], "x@mssante.fr"),
        ([{"value": "b@x.example", "rank": 2}, {"value": "a@x.example", "rank": 1}], "a@x.example"),
        ([SECURE | {"use": "old"}, PLAIN], "h@cabinet.example"),
        ([SECURE | {"period": {"end": "2020-01-01"}}], None),
        ([{"system": "phone", "value": "0388000000"}], None),
        ([{"value": "h@cabinet.example\r\nBcc: x@y.example"}], None),
        ([{"value": "Hélène <h@cabinet.example>"}], None),
        ([], None),
    ],
)
def test_the_best_mailbox_of_a_person(telecom: list[dict[str, Any]], expected: str | None) -> None:
    assert address_of(person(*telecom), [], {}) == expected


def test_a_role_gives_its_mailbox_when_the_person_has_none() -> None:
    assert address_of(person(), [person(PLAIN)], {}) == "h@cabinet.example"


@pytest.mark.parametrize("key", ["10000023084", "https://rpps.esante.gouv.fr|10000023084"])
def test_the_operators_list_comes_first(key: str) -> None:
    listed = {key: "listed@cabinet.example"}
    assert address_of(person(SECURE), [], listed) == "listed@cabinet.example"


NIR = "279035121518989"


def qualified(last: int, value: str = NIR, status: str = "VALI", **more: str) -> dict[str, Any]:
    reliability = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
    stated = {"url": "identityStatus", "valueCoding": {"code": status}}
    system = f"urn:oid:1.2.250.1.213.1.4.{last}"
    return {
        "resourceType": "Patient",
        "extension": [{"url": reliability, "extension": [stated]}],
        "identifier": [{"system": system, "value": value} | more],
        "telecom": [{"system": "email", "value": "dominique@courriel.example"}],
    }


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (qualified(8), f"{NIR}@patient.mssante.fr"),
        (qualified(9), f"{NIR}@patient.mssante.fr"),
        (qualified(8, "279032A21518989"), "279032A21518989@patient.mssante.fr"),
        (qualified(8, status="PROV"), None),
        (qualified(8, use="old"), None),
        (qualified(8, "1\r\nBcc: x"), None),
        (qualified(10), None),
        (qualified(11), None),
    ],
)
def test_a_patients_mailbox_is_made_of_his_qualified_number(
    patient: dict[str, Any], expected: str | None
) -> None:
    assert address_of_patient(patient, {}) == expected


def test_a_test_identity_has_the_mailbox_that_the_operator_lists() -> None:
    listed = {f"urn:oid:1.2.250.1.213.1.4.10|{NIR}": "pat-trois@essai.example"}
    assert address_of_patient(qualified(10), listed) == "pat-trois@essai.example"
    assert address_of_patient(qualified(10, status="PROV"), listed) is None
