from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.fhir.search.parameters import Kind, SearchParameter
from gateway.fhir.search.values import WordsValue
from gateway.fhir.search.wording import words_value

_TEXT = SearchParameter("Patient", "_text", Kind.SPECIAL, ())


@pytest.mark.parametrize(
    ("text", "any_of"),
    [
        ("Métastases", (("metastases",),)),
        ("bone liver", (("bone", "liver"),)),
        ("bone OR liver", (("bone",), ("liver",))),
        ("(bone OR liver) and metastases", (("bone", "metastases"), ("liver", "metastases"))),
        ("bone or liver and lung", (("bone",), ("liver", "lung"))),
        ('"foyer pulmonaire" drain', (("drain", "foyer", "pulmonaire"),)),
        ("pneumo*", (("pneumo*",),)),
        ("post-op*", (("op*", "post"),)),
        ("((a))", (("a",),)),
    ],
)
def test_an_expression_is_the_lists_of_words_that_would_do(
    text: str, any_of: tuple[tuple[str, ...], ...]
) -> None:
    assert words_value(text, _TEXT) == WordsValue(any_of)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "_text has no word where one is needed."),
        ("*", "_text has no word where one is needed."),
        ("bone or", "_text has no word where one is needed."),
        ("and bone", "_text has no word where one is needed."),
        ("bone and (or)", "_text has no word where one is needed."),
        ("(bone", "The brackets of _text do not match."),
        ("bone)", "The brackets of _text do not match."),
        ("bone NOT liver", "_text does not take NOT: it takes and, or and brackets."),
        (" ".join(f"(a{n} or b{n})" for n in range(7)),
         "_text takes at most 256 words in 64 combinations."),
        ("(" * 65, "_text takes at most 256 words in 64 combinations."),
        ("a " * 257, "_text takes at most 256 words in 64 combinations."),
    ],
)  # fmt: skip
def test_an_expression_that_cannot_be_read_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        words_value(text, _TEXT)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)


@given(st.lists(st.sampled_from(["(", ")", "or", "and", "a", "b*", '"', "NOT", "-"])))
def test_any_expression_is_read_or_refused(pieces: list[str]) -> None:
    with suppress(GatewayError):
        assert all(words_value(" ".join(pieces), _TEXT).any_of)
