from __future__ import annotations

from datetime import date

import pytest

from gateway.delivery.release import is_minor, may_be_mailed, may_go

V3 = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@pytest.mark.parametrize(
    ("system", "code", "accepted", "goes"),
    [
        (V3, "N", (), True),
        (V3, "R", (), False),
        (V3, "R", ("N", "R"), True),
        (V3, "V", ("N", "R"), False),
        (V3, "V", ("V",), True),
        ("urn:other", "V", (), True),
        ("", "MASQUE_PS", ("N", "R", "V"), False),
        ("", "MASQUE_PS", ("MASQUE_PS",), True),
    ],
)
def test_a_destination_gets_what_it_accepts(
    system: str,
    code: str,
    accepted: tuple[str, ...],
    goes: bool,  # noqa: FBT001 - a column of the table
) -> None:
    label = {"system": system, "code": code}
    decision = may_go(accepted, {}, {"securityLabel": [{"coding": [label]}]})
    assert decision.permitted is goes


def test_the_reason_names_the_label() -> None:
    decision = may_go((), {"meta": {"security": [{"system": V3, "code": "V"}]}})
    assert decision.reason == "It is labelled V, which this destination does not accept."


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2008-03-12", False),
        ("2008-03-13", True),
        ("2008-02", False),
        ("2008-03", True),
        ("2007", False),
        ("2008", True),
        ("", True),
    ],
)
def test_who_may_be_under_eighteen_is_a_minor(born: str, *, expected: bool) -> None:
    patient = {"birthDate": born} if born else {}
    assert is_minor(patient, date(2026, 3, 12)) is expected


def test_a_document_hidden_from_the_patient_goes_to_his_physician_only() -> None:
    label = {"coding": [{"system": "urn:any", "code": "INVISIBLE_PATIENT"}]}
    today, document = date(2026, 3, 12), {"securityLabel": [label]}
    assert may_be_mailed("Practitioner/a", {}, today, document).permitted
    assert not may_be_mailed("Patient/a", {}, today, document).permitted
