from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Malformed
from gateway.rest.preconditions import (
    Return,
    expected_version,
    is_known,
    is_lenient,
    is_unmodified,
    preferred_return,
)

NOON = datetime(2026, 3, 9, 12, 0, 0, 250_000, UTC)


@pytest.mark.parametrize(
    ("header", "version"), [(None, None), ('W/"3"', 3), ('"12"', 12), (' W/"1" ', 1)]
)
def test_if_match_names_one_version(header: str | None, version: int | None) -> None:
    assert expected_version(header) == version


@pytest.mark.parametrize("header", ["", "*", "3", 'W/"a"', 'W/"1", W/"2"', 'W/"1'])
def test_an_if_match_that_names_no_version_is_malformed(header: str) -> None:
    with pytest.raises(Malformed):
        expected_version(header)


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), ("*", True), ('W/"3"', True), ('W/"1", "3"', True), ('W/"33"', False)],
)
def test_if_none_match_lists_what_the_caller_holds(header: str | None, *, known: bool) -> None:
    assert is_known(header, 3) is known


@pytest.mark.parametrize(
    ("header", "unmodified"),
    [
        (None, False),
        ("Mon, 09 Mar 2026 12:00:00 GMT", True),
        ("Mon, 09 Mar 2026 11:59:59 GMT", False),
        ("yesterday", False),
        ("", False),
        ("Mon, 09 Mar 99999 12:00:00 GMT", False),
    ],
)
def test_if_modified_since_counts_whole_seconds(header: str | None, *, unmodified: bool) -> None:
    assert is_unmodified(header, NOON) is unmodified


@given(st.text())
def test_any_text_in_a_precondition_is_answered(text: str) -> None:
    assert is_unmodified(text, NOON) in (True, False)
    assert is_known(text, 1) in (True, False)


@pytest.mark.parametrize(
    ("prefer", "wanted"),
    [
        (None, Return.REPRESENTATION),
        ("return=minimal", Return.MINIMAL),
        ("respond-async, return=OperationOutcome", Return.OUTCOME),
        ('handling=lenient; return="representation"', Return.REPRESENTATION),
        ("return=everything", Return.REPRESENTATION),
    ],
)
def test_prefer_return_chooses_the_body(prefer: str | None, wanted: Return) -> None:
    assert preferred_return(prefer) is wanted


def test_prefer_handling_may_be_lenient() -> None:
    assert is_lenient("handling=lenient, return=minimal")
    assert not is_lenient("handling=strict")
    assert not is_lenient(None)
