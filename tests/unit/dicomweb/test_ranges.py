from __future__ import annotations

import pytest

from gateway.dicomweb.ranges import Span, asked_range, content_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", Span(0, 10)),
        ("bytes=90-", Span(90, 100)),
        ("bytes=-10", Span(90, 100)),
        ("bytes=50-1000", Span(50, 100)),
        ("bytes=100-", Span(0, 0)),
        ("bytes=-0", Span(0, 0)),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("", None),
    ],
)
def test_a_range_is_cut_to_what_is_there(header: str, expected: Span | None) -> None:
    assert asked_range(header, 100) == expected


def test_what_is_told_of_a_range() -> None:
    assert content_range(Span(0, 10), 100) == "bytes 0-9/100"
    assert content_range(Span(0, 0), 100) == "bytes */100"
