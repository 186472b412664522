from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.fhir.terminology.pattern import compiled

# Patterns that both engines read: atoms, joined, repeated, alternated.
ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\.", r"[a-c\d]", "-"])
QUANTIFIERS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{2,}"])
PATTERNS = st.recursive(
    st.builds("{}{}".format, ATOMS, QUANTIFIERS),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, QUANTIFIERS),
    ),
    max_leaves=5,
)


# The machine may be busy.
@settings(deadline=None)
@given(PATTERNS, st.text("abc1.-", max_size=8))
def test_patterns_match_what_pythons_own_engine_matches(pattern: str, text: str) -> None:
    assert compiled(pattern).matches(text) == (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^[A-Z]{2}[0-9]+$", "JF01", True),
        ("[A-Z]{2}", "JF01", False),
        ("", "", True),
        ("a|", "", True),
        (r"\$", "$", True),
        (r"a+?b", "aab", True),
    ],
)
def test_the_whole_code_must_match(pattern: str, text: str, *, expected: bool) -> None:
    assert compiled(pattern).matches(text) is expected


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"(a|a)*b", r"(.*)*(.*)*b", "(a?){30}a{30}b"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    began = time.monotonic()
    assert not compiled(pattern).matches("a" * 2000)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(",
            ")",
            "a)",
            "[",
            "*",
            "a{3,1}",
            "a{0}",
            r"(a)\1",
            r"\b",
            "(?=a)",
            "(?P<x>a)",
            "[z-a]",
        ),
        *("((((a{99}){99}){99}){99})", "a" * 251, "(" * 30 + "a" + ")" * 30, "\\", "a{", "^^"),
    ],
)
def test_what_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid):
        compiled(pattern)


# The machine may be busy.
@settings(deadline=None)
@given(st.text("ab()[]{}*+?|\\^$.-0123d", max_size=30))
def test_any_text_is_read_or_refused(pattern: str) -> None:
    with suppress(Invalid):
        compiled(pattern).matches("abab")
