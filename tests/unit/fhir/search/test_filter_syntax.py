from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.fhir.search.filter_syntax import Filter, Group, Negation, Step, parse_filter
from gateway.fhir.search.filter_syntax import Test as Comparison


def _test(name: str, operator: str = "eq", value: str = "1") -> Comparison:
    return Comparison(tuple(map(Step, name.split("."))), operator, value)


_A, _B, _C = _test("a"), _test("b"), _test("c")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a eq 1", _A),
        ("  a   EQ  1 ", _A),
        ('name co "p\\u00e9 \\"t) and"', _test("name", "co", 'pé "t) and')),
        ("birthdate ge 2014-10-10", _test("birthdate", "ge", "2014-10-10")),
        ("code eq http://loinc.org|1234-5", _test("code", "eq", "http://loinc.org|1234-5")),
        ("a.b.c pr true", _test("a.b.c", "pr", "true")),
        ("a eq 1 and b eq 1 and c eq 1", Group("and", (_A, _B, _C))),
        ("a eq 1 or b eq 1 and c eq 1", Group("and", (Group("or", (_A, _B)), _C))),
        ("a eq 1 or (b eq 1 and c eq 1)", Group("or", (_A, Group("and", (_B, _C))))),
        ("not (a eq 1) and not(b eq 1)", Group("and", (Negation(_A), Negation(_B)))),
        ("not eq 1", _test("not")),
        ("((a eq 1))", _A),
        ("s[a eq 1].x eq 1", Comparison((Step("s", _A), Step("x")), "eq", "1")),
        ("s[a eq 1 or b eq 1] and c eq 1",
         Group("and", (Comparison((Step("s", Group("or", (_A, _B))),), "", ""), _C))),
    ],
)  # fmt: skip
def test_a_filter_is_a_tree(text: str, found: Filter) -> None:
    assert parse_filter(text) == found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "1: expected the name of a search parameter"),
        ("a", "2: expected one of ap co eb eq ew ge gt in le lt ne ni po pr re sa sb ss sw"),
        ("a is 1", "3: expected one of ap co eb eq ew ge gt in le lt ne ni po pr re sa sb ss sw"),
        ("a eq", "5: expected a value"),
        ('a eq "x', "6: expected a value"),
        ('a eq "\\q"', "6: expected a JSON string"),
        ('a eq "\\u0000"', "6: expected a JSON string"),
        ('a eq "\\ud800"', "6: expected a JSON string"),
        ("(a eq 1", "8: expected ), and or or"),
        ("a eq 1)", "7: expected and, or, or its end"),
        ("a[b eq 1", "9: expected ], and or or"),
        ("a eq 1 b eq 1", "8: expected and, or, or its end"),
        ("a eq 1 and", "11: expected the name of a search parameter"),
        ("not a eq 1",
         "5: expected one of ap co eb eq ew ge gt in le lt ne ni po pr re sa sb ss sw"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_says_where(text: str, place: str) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_filter(text)
    assert refused.value.text == f"_filter cannot be read at character {place}."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("(" * 50_000, "_filter takes at most 32 brackets inside each other."),
        (" and ".join(["a eq 1"] * 101), "_filter takes at most 100 comparisons."),
    ],
)
def test_a_filter_has_bounds(text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_filter(text)
    assert (refused.value.issue_code, refused.value.text) == ("too-costly", sentence)


_PIECES = ["a", "eq", "and", "or", "not", "(", ")", "[", "]", ".", '"x"', '"', "1", "\\", " "]


@given(st.lists(st.sampled_from(_PIECES)).map(" ".join) | st.text())
def test_any_filter_is_read_or_refused(text: str) -> None:
    with suppress(GatewayError):
        parse_filter(text)
