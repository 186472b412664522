from __future__ import annotations

import pytest

from gateway.delivery.wording import (
    ENGLISH,
    FRENCH,
    compact_day,
    day,
    given_name,
    moment,
    number,
    spaced_ins,
)


@pytest.mark.parametrize(
    ("fhir", "expected"),
    [
        ("2026-03-12", "12/03/2026"),
        ("2026-03", "03/2026"),
        ("2026", "2026"),
        ("2026-03-12T23:30:00Z", "13/03/2026"),
        ("2026-07-01T22:00:00.5Z", "02/07/2026"),
        ("2026-03-12T09:00:00+01:00", "12/03/2026"),
        ("2026-03-12T09:00:00", "12/03/2026"),
    ],
)
def test_a_day_is_written_as_in_france_and_falls_as_in_paris(fhir: str, expected: str) -> None:
    assert day(fhir) == expected


def test_a_moment_has_its_hour_in_paris() -> None:
    assert moment("2026-03-12T12:05:00Z") == "12/03/2026 à\u00a013:05"
    assert moment("2026-07-12T12:05:00Z", "en") == "12/07/2026 at\u00a014:05"
    assert moment("2026-03-12") == "12/03/2026"


@pytest.mark.parametrize(
    ("fhir", "expected"),
    [
        ("2026-03-12T23:30:00Z", "20260313"),
        ("2026-03-12", "20260312"),
        ("2026-03", "20260300"),
        ("", "00000000"),
    ],
)
def test_a_day_in_a_file_name_has_eight_digits(fhir: str, expected: str) -> None:
    assert compact_day(fhir) == expected


@pytest.mark.parametrize(
    ("matricule", "expected"),
    [
        ("279035121518989", "2 79 03 51 215 189 89"),
        ("1850 2 2A004123 45".replace(" ", ""), "1 85 02 2A 004 123 45"),
        ("12345", "12345"),
    ],
)
def test_an_ins_is_spaced_as_it_is_read(matricule: str, expected: str) -> None:
    assert spaced_ins(matricule).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("DOMINIQUE", "Dominique"), ("JEAN-PIERRE", "Jean-Pierre"), ("Maël", "Maël")],
)
def test_a_given_name_in_capitals_is_made_readable(name: str, expected: str) -> None:
    assert given_name(name) == expected


def test_a_number_keeps_its_digits() -> None:
    assert (number("-2.30"), number("-2.30", "en")) == ("\u22122,30", "\u22122.30")


def test_both_languages_have_the_same_words() -> None:
    for name in ("labels", "news", "expected", "withdrawn_box"):
        assert set(getattr(FRENCH, name)) == set(getattr(ENGLISH, name))
