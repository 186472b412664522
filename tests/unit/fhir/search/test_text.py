from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.text import folded


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
