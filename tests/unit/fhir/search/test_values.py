from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.values import escaped, split, unescaped


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a,b", ["a", "b"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        (r"a\\,b", [r"a\\", "b"]),
        ("", [""]),
        ("a,", ["a", ""]),
        ("a\\", ["a\\"]),
    ],
)
def test_a_separator_behind_a_backslash_does_not_separate(text: str, pieces: list[str]) -> None:
    assert split(text, ",") == pieces


@pytest.mark.parametrize(
    ("text", "plain"),
    [(r"a\,b\|c\$d\\e", "a,b|c$d\\e"), (r"a\b", r"a\b"), ("a", "a"), ("a\\", "a\\")],
)
def test_an_escape_stands_for_its_character(text: str, plain: str) -> None:
    assert unescaped(text) == plain


@given(st.text())
def test_what_was_escaped_comes_back(text: str) -> None:
    assert unescaped(escaped(text)) == text
