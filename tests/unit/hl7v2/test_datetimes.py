from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hl7v2.datetimes import PARIS, fhir_date, fhir_datetime, fhir_instant, timestamp


@pytest.mark.parametrize(
    ("text", "date", "moment", "instant"),
    [
        ("1975", "1975", "1975", None),
        ("197512", "1975-12", "1975-12", None),
        ("19751202", "1975-12-02", "1975-12-02", None),
        (" 19751202 ", "1975-12-02", "1975-12-02", None),
        ("2026030514", "2026-03-05", "2026-03-05T14:00:00+01:00", "2026-03-05T14:00:00+01:00"),
        ("202607051430", "2026-07-05", "2026-07-05T14:30:00+02:00", "2026-07-05T14:30:00+02:00"),
        (
            "20260305143007.1230",
            "2026-03-05",
            "2026-03-05T14:30:07.1230+01:00",
            "2026-03-05T14:30:07.1230+01:00",
        ),
        (
            "20260305143007-0430",
            "2026-03-05",
            "2026-03-05T14:30:07-04:30",
            "2026-03-05T14:30:07-04:30",
        ),
        ("20260305000000", "2026-03-05", "2026-03-05T00:00:00+01:00", "2026-03-05T00:00:00+01:00"),
        (
            "20260305143007+0000",
            "2026-03-05",
            "2026-03-05T14:30:07+00:00",
            "2026-03-05T14:30:07+00:00",
        ),
        ("20240229", "2024-02-29", "2024-02-29", None),
        ("19751202+0100", "1975-12-02", "1975-12-02", None),
    ],
)
def test_times_keep_their_precision(text: str, date: str, moment: str, instant: str | None) -> None:
    assert (fhir_date(text), fhir_datetime(text), fhir_instant(text)) == (date, moment, instant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '""',
        "hier",
        "0000",
        "00000000",
        "19751302",
        "20260230",
        "2026030524",
        "20260305143061",
        "20260305143007.",
        "20260305143007+2500",
        "20260305143007+0199",
        "2026-03-05",
        "202603051",
        "٢٠٢٦",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert (fhir_date(text), fhir_datetime(text), fhir_instant(text)) == (None, None, None)


def test_another_zone_may_be_the_default() -> None:
    assert fhir_datetime("202603051430", UTC) == "2026-03-05T14:30:00+00:00"


@given(st.text())
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert fhir_datetime(text) is None or fhir_date(text) is not None


@given(st.integers(0, 4_000_000_000))
def test_a_written_time_is_read_as_the_same_moment(seconds: int) -> None:
    written = timestamp(datetime.fromtimestamp(seconds, PARIS))
    assert datetime.fromisoformat(str(fhir_instant(written))).timestamp() == seconds


def test_a_timestamp_has_its_offset() -> None:
    assert timestamp(datetime(2026, 3, 5, 14, 30, tzinfo=PARIS)) == "20260305143000+0100"
