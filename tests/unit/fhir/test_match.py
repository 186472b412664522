from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.match import Grade, candidate_searches, is_one_edit, score

_INS = "urn:oid:1.2.250.1.213.1.4.8"
_IPP = "urn:oid:1.2.250.1.999.1"


def _patient(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any element of a Patient
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Lefèvre", "given": ["Camille"]}],
        "birthDate": "1958-03-09",
        "gender": "female",
        "address": [{"postalCode": "44000"}],
    } | changed
    return {name: value for name, value in patient.items() if value is not None}


def _identified(system: str, value: str) -> list[dict[str, str]]:
    return [{"system": system, "value": value}]


def _grade(wanted: dict[str, Any], candidate: dict[str, Any]) -> Grade:
    return score(wanted, candidate).grade


def test_an_identifier_with_name_and_birth_date_is_certain() -> None:
    wanted = _patient(identifier=_identified(_INS, "1580399999999"))
    graded = score(wanted, wanted)
    assert graded.grade is Grade.CERTAIN
    assert graded.value > 0.99


@pytest.mark.parametrize(
    ("wanted", "candidate", "grade"),
    [
        # A name alone is never an identity, however much of it agrees.
        (_patient(), _patient(), Grade.PROBABLE),
        (_patient(), _patient(address=None, gender=None), Grade.PROBABLE),
        # Accents, case and hyphens do not count.
        (_patient(), _patient(name=[{"family": "LEFEVRE", "given": ["camille"]}]), Grade.PROBABLE),
        # The same number for somebody else.
        (
            _patient(identifier=_identified(_IPP, "1")),
            _patient(
                identifier=_identified(_IPP, "1"),
                name=[{"family": "Moreau", "given": ["Jean"]}],
                birthDate="1999-12-31",
            ),
            Grade.CERTAINLY_NOT,
        ),
        # The same number, the name given up since: likely, and to be looked at.
        (
            _patient(identifier=_identified(_IPP, "1")),
            _patient(
                identifier=_identified(_IPP, "1"),
                name=[{"family": "Moreau", "given": ["Camille"]}],
            ),
            Grade.PROBABLE,
        ),
        # Another national identity is another person, whatever the name.
        (
            _patient(identifier=_identified(_INS, "1")),
            _patient(identifier=_identified(_INS, "2")),
            Grade.CERTAINLY_NOT,
        ),
        (_patient(), _patient(birthDate="1958"), Grade.PROBABLE),
        (_patient(), _patient(birthDate="1958-09-03"), Grade.PROBABLE),
        (_patient(), _patient(birthDate="1971-01-01"), Grade.CERTAINLY_NOT),
        (_patient(), _patient(gender="male"), Grade.PROBABLE),
        (_patient(), _patient(name=[{"family": "Moreau"}]), Grade.CERTAINLY_NOT),
        (
            _patient(address=None),
            _patient(name=[{"family": "Lefèbvre", "given": ["C"]}]),
            Grade.PROBABLE,
        ),
        (
            _patient(birthDate=None),
            _patient(name=[{"family": "Lefèbvre", "given": ["Camille"]}]),
            Grade.POSSIBLE,
        ),
        (_patient(), _patient(identifier=_identified(_IPP, "1")), Grade.PROBABLE),
        (
            _patient(identifier=_identified(_INS, "1"), name=None, birthDate=None),
            _patient(identifier=_identified(_INS, "1")),
            Grade.PROBABLE,
        ),
    ],
)
def test_the_grade_says_how_much_two_patients_look_like_one(
    wanted: dict[str, Any], candidate: dict[str, Any], grade: Grade
) -> None:
    assert _grade(wanted, candidate) is grade


def test_what_agrees_more_has_the_higher_score() -> None:
    wanted = _patient()
    values = [
        score(wanted, candidate).value
        for candidate in (
            _patient(),
            _patient(name=[{"family": "Lefevbre", "given": ["Camille"]}]),
            _patient(address=[{"postalCode": "75001"}]),
            _patient(name=[{"family": "Moreau", "given": ["Camille"]}]),
        )
    ]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_candidates_are_looked_for_by_identifier_and_by_name() -> None:
    wanted = _patient(identifier=[*_identified(_IPP, "a|b"), {"value": "loose"}])
    assert candidate_searches(wanted) == (
        (("identifier", f"{_IPP}|a\\|b"),),
        (("phonetic", "Lefèvre"), ("birthdate", "1958-03-09")),
        (("family", "Lef"), ("birthdate", "1958-03-09")),
        (("family", "Lefèvre"), ("given", "Camille"), ("birthdate", "1958")),
    )


def test_a_patient_that_tells_too_little_is_not_looked_for() -> None:
    assert candidate_searches({"resourceType": "Patient", "gender": "male"}) == ()
    assert candidate_searches({"resourceType": "Patient", "birthDate": "1958"}) == ()


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("martin", "martin", True),
        ("martin", "martins", True),
        ("martin", "martn", True),
        ("martin", "martyn", True),
        ("martin", "matrin", True),
        ("martin", "moreau", False),
        ("martin", "marins", False),
        ("le", "la", False),
    ],
)
def test_one_typing_fault_is_near(one: str, other: str, *, near: bool) -> None:
    assert is_one_edit(one, other) is near


@given(st.text(min_size=3, max_size=12), st.text(min_size=3, max_size=12))
def test_being_near_goes_both_ways(one: str, other: str) -> None:
    assert is_one_edit(one, other) is is_one_edit(other, one)
