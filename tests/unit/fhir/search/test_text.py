from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.text import bounded, exact_of, folded, folded_whole


@pytest.mark.parametrize(
    ("text", "comparable"),
    [
        ("Lefèvre", "lefevre"),
        ("  DE   la Tour ", "de la tour"),
        ("Cœur d\u2019Ñandú", "coeur d'nandu"),
        ("L'Haÿ-les-Roses", "l'hay-les-roses"),
        ("a" * 300, "a" * 200),
        ("   ", ""),
    ],
)
def test_case_accents_and_double_spaces_do_not_count(text: str, comparable: str) -> None:
    assert folded(text) == comparable


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_a_long_text_is_compared_exactly_by_its_beginning_and_a_digest() -> None:
    short, long = "É" * 200, "É" * 201
    assert exact_of(short) == short
    assert exact_of(long)[:201] == f"{short}\x1f"
    assert len(exact_of(long)) == 200 + 1 + 64
    assert exact_of(long) != exact_of(long + "É")
    assert exact_of("\ud800" * 201) == exact_of("\ud800" * 201)


def test_a_code_has_a_longest_length_in_the_index() -> None:
    assert bounded("c" * 400) == "c" * 400
    assert bounded("c" * 401) == exact_of("c" * 401)


def test_a_text_of_any_length_is_folded_with_its_spaces() -> None:
    assert folded_whole("É  œ" * 100) == "e  oe" * 100
