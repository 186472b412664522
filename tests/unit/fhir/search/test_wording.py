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


_V = WordsValue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Métastases", _V("and", ("metastases",))),
        ("bone liver", _V("and", ("bone", "liver"))),
        ("bone & liver", _V("and", ("bone", "liver"))),
        ("bone OR liver", _V("or", ("bone", "liver"))),
        ("(bone OR liver) and lung", _V("and", (_V("or", ("bone", "liver")), "lung"))),
        ("bone or liver and lung", _V("or", ("bone", _V("and", ("liver", "lung"))))),
        ('"foyer pulmonaire" drain', _V("and", ("foyer", "pulmonaire", "drain"))),
        ('"a | b-c"', _V("and", ("a", "b", "c"))),
        ('"and" or "not"', _V("or", ("and", "not"))),
        ("pneumo*", _V("and", ("pneumo*",))),
        ("post-op*", _V("and", ("post", "op*"))),
        ("((a))", _V("and", ("a",))),
        ("bone NOT liver", _V("and", ("bone", _V("not", ("liver",))))),
        ("bone and not liver lung", _V("and", ("bone", _V("not", ("liver",)), "lung"))),
        ('not "foyer pulmonaire"', _V("not", (_V("and", ("foyer", "pulmonaire")),))),
        ("not (bone or liver*)", _V("not", (_V("or", ("bone", "liver*")),))),
        ("not not bone", _V("not", (_V("not", ("bone",)),))),
    ],
)
def test_an_expression_is_words_joined_and_negated(text: str, value: WordsValue) -> None:
    assert words_value(text, _TEXT) == value


_LIMITS = "_text takes at most 256 words and 32 brackets inside each other."
_TAKES = (
    "_text takes words, word*, phrases in quotes, and, or, not and brackets: %s is none of them."
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "_text has no word where one is needed."),
        ("&", "_text has no word where one is needed."),
        ("bone or", "_text has no word where one is needed."),
        ("and bone", "_text has no word where one is needed."),
        ("bone and and liver", "_text has no word where one is needed."),
        ("bone not", "_text has no word where one is needed."),
        ("not and bone", "_text has no word where one is needed."),
        ("bone and (or)", "_text has no word where one is needed."),
        ("bone ()", "_text has no word where one is needed."),
        ("(bone", "The brackets of _text do not match."),
        ("bone)", "The brackets of _text do not match."),
        ('"foyer pulmonaire', "A quote of _text is not closed."),
        ("*", _TAKES % "*"),
        ("*monaire", _TAKES % "*monaire"),
        ("pul*aire", _TAKES % "pul*aire"),
        ('"foyer pul*"', _TAKES % '"foyer pul*"'),
        ("bone -liver", _TAKES % "-liver"),
        ("bone +liver", _TAKES % "+liver"),
        ("bone !liver", _TAKES % "!liver"),
        ("bone | liver", _TAKES % "|"),
        ("bone||liver", _TAKES % "bone||liver"),
        ("bone~2", _TAKES % "bone~2"),
        ("(" * 33, _LIMITS),
        ("not " * 33 + "a", _LIMITS),
        ("a " * 257, _LIMITS),
    ],
)
def test_an_expression_that_cannot_be_read_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        words_value(text, _TEXT)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)


@given(st.lists(st.sampled_from(["(", ")", "or", "and", "a", "b*", '"', "NOT", "-", "|"])))
def test_any_expression_is_read_or_refused(pieces: list[str]) -> None:
    with suppress(GatewayError):
        assert words_value(" ".join(pieces), _TEXT).parts
