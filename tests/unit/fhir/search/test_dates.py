from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.dates import date_range

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _micros(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", "2024-01-01T00:00+01:00", "2025-01-01T00:00+01:00"),
        ("2024-07", "2024-07-01T00:00+02:00", "2024-08-01T00:00+02:00"),
        ("2024-12", "2024-12-01T00:00+01:00", "2025-01-01T00:00+01:00"),
        ("2024-02-29", "2024-02-29T00:00+01:00", "2024-03-01T00:00+01:00"),
        # The day on which clocks go forward has 23 hours.
        ("2024-03-31", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"),
        ("2024-05-06T07:08", "2024-05-06T07:08+02:00", "2024-05-06T07:09+02:00"),
        ("2024-05-06T07:08Z", "2024-05-06T07:08+00:00", "2024-05-06T07:09+00:00"),
        ("2024-05-06T07:08:09-03:30", "2024-05-06T07:08:09-03:30", "2024-05-06T07:08:10-03:30"),
        ("2024-05-06T07:08:09.5Z", "2024-05-06T07:08:09.5+00:00", "2024-05-06T07:08:09.6+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00+00:00", "2017-01-01T00:00:01+00:00"),
    ],
)
def test_a_date_is_the_range_that_its_precision_leaves_open(text: str, low: str, high: str) -> None:
    assert date_range(text) == (_micros(low), _micros(high))


@pytest.mark.parametrize(
    "text", ["", "24", "2024-13", "2023-02-29", "2024-01-01T25:00", "0000", "x"]
)
def test_what_is_no_date_has_no_range(text: str) -> None:
    assert date_range(text) is None


def test_the_last_year_of_the_calendar_has_an_end() -> None:
    found = date_range("9999")
    assert found is not None
    assert found[1] - found[0] == 365 * 86_400_000_000


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001 - zones below
    st.integers(-14 * 60, 14 * 60),
)
def test_the_range_of_an_instant_contains_it_at_every_precision(
    wall: datetime, offset: int
) -> None:
    moment = wall.replace(tzinfo=timezone(timedelta(minutes=offset)))
    micros = (moment - _EPOCH) // timedelta(microseconds=1)
    exact = date_range(moment.isoformat(timespec="microseconds"))
    assert exact == (micros, micros + 1)
    for precision in ("seconds", "minutes"):
        found = date_range(moment.isoformat(timespec=precision))
        assert found is not None
        assert found[0] <= micros < found[1]


@given(st.text(max_size=40))
def test_any_text_has_a_range_or_none(text: str) -> None:
    found = date_range(text)
    assert found is None or found[0] < found[1]
