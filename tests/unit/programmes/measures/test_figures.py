"""Numbers of a measure: what is aggregated, divided and told by month."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.fhir.search.parameters import Kind
from gateway.programmes.measures.counting import whole_units
from gateway.programmes.measures.figures import Figures, aggregate, in_unit, score
from gateway.programmes.measures.paths import between, months, months_of, path_of
from gateway.programmes.measures.queries import read_search
from gateway.programmes.measures.report import rounded

VALUES = st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=60)


@settings(deadline=None)
@given(VALUES)
def test_values_that_are_counted_together_aggregate_as_each_by_itself(values: list[int]) -> None:
    weighted = list(Counter(map(float, values)).items())
    assert aggregate("median", weighted) == statistics.median(values)
    assert aggregate("sum", weighted) == sum(values)
    assert aggregate("count", weighted) == len(values)
    assert aggregate("minimum", weighted) == min(values)
    assert aggregate("maximum", weighted) == max(values)
    assert aggregate("average", weighted) == pytest.approx(statistics.fmean(values))


def test_without_values_there_is_no_score_but_a_sum_of_nothing() -> None:
    assert [aggregate(one, []) for one in ("sum", "count", "median", "average")] == [
        0,
        0,
        None,
        None,
    ]


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_proportion_lies_between_nothing_and_all(
    inside: int, beside: int, taken_off: int
) -> None:
    numbers = {
        "denominator": inside + beside + taken_off,
        "numerator": inside + taken_off,
        "numerator-exclusion": taken_off,
    }
    found = score("proportion", "", Figures(numbers))
    assert (found is None) == (numbers["denominator"] == 0)
    assert found is None or 0 <= found <= 1


def test_durations_convert_between_units_of_time_alone() -> None:
    assert in_unit(90, "min", "h") == 1.5
    assert in_unit(2, "d", "h") == 48
    assert in_unit(2, "kg", "h") is None
    assert in_unit(2, "kg", "") == 2


def test_delays_are_whole_units() -> None:
    day = 86_400_000_000
    assert [whole_units(one, "days") for one in (day - 1, day, 2.5 * day)] == [0, 1, 2]
    assert whole_units(5_400_000_000, "minutes") == 90


@settings(deadline=None)
@given(st.dates(date(1980, 1, 1), date(2060, 1, 1)), st.integers(0, 3_000))
def test_the_months_of_a_period_follow_each_other(start: date, days: int) -> None:
    end = date.fromordinal(start.toordinal() + days)
    found = months(start.isoformat(), end.isoformat())
    assert (found[0], found[-1]) == (start.isoformat()[:7], end.isoformat()[:7])
    assert found == sorted(set(found))
    assert len(found) == (end.year - start.year) * 12 + end.month - start.month + 1


@pytest.mark.parametrize(
    ("expression", "kind", "end"),
    [
        ("Encounter.subject", "Encounter", "subject"),
        ("Encounter.type", "Encounter", "type"),
        ("Appointment.basedOn.resolve().requester", "Appointment", "requester"),
        ("Encounter.episodeOfCare.resolve().managingOrganization", "Encounter", "organization"),
        ("EpisodeOfCare.team.resolve()", "EpisodeOfCare", None),
        ("Encounter.participant.individual.resolve().organization", "Encounter", None),
        (
            "Encounter.participant.individual.resolve().ofType(PractitionerRole).organization",
            "Encounter",
            "organization",
        ),
        ("Encounter.subject.where(true)", "Encounter", None),
        ("Encounter.nothing", "Encounter", None),
    ],
)
def test_a_path_that_a_search_parameter_has_taken_is_known(
    expression: str, kind: str, end: str | None
) -> None:
    found = path_of(expression, kind, Kind.REFERENCE, Kind.TOKEN)
    assert (found.end.code if found else None) == end


def test_a_month_is_a_span_between_local_midnights() -> None:
    month = "Encounter.period.start.toString().substring(0, 7)"
    found = months_of(month, "Encounter", "2026-01-01", "2026-03-31")
    assert found is not None
    # 31 January and 28 February at 23:00 UTC.
    assert found.ends == (1_769_900_400_000_000, 1_772_319_600_000_000)


def test_of_cql_only_what_lies_between_two_times_is_known() -> None:
    assert between("days between A.b and A.c") == ("days", "A.b", "A.c")
    with pytest.raises(Invalid, match="days between A and B"):
        between("Count([Encounter])")


def test_what_stands_in_braces_is_filled_in() -> None:
    variables = {"periodStart": "2026-03-01", "periodEnd": "2026-03-31"}
    found = read_search("Encounter?date=ge{{%periodStart - 1 day}}&class=AMB", variables, "here")
    assert found.url == "Encounter?date=ge2026-02-28&class=AMB"
    with pytest.raises(Invalid, match="ResourceType"):
        read_search("Encounter", variables, "here")


def test_figures_are_written_with_four_decimals_at_most() -> None:
    told = [str(rounded(one)) for one in (1000.0, 0.6, 1 / 3, 0.0, 188.33333)]
    assert told == ["1000", "0.6", "0.3333", "0", "188.3333"]
