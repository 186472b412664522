from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.movements import (
    CANCELS,
    Action,
    Movement,
    moment,
    movement_extension,
    movements,
    settled,
    standing,
)

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element

WARD = {"display": "Chirurgie"}
UNIT = {"display": "Réanimation"}
INPATIENT = {"code": "IMP"}


def at(hour: int) -> str:
    return f"2026-01-10T{hour:02d}:00:00+01:00"


def told(  # noqa: PLR0913 - the parts of a movement
    event: str,
    hour: int,
    action: Action = Action.INSERT,
    *,
    number: Element | None = None,
    klass: Element | None = None,
    location: Element | None = None,
    prior: Element | None = None,
    unit: Element | None = None,
) -> Movement:
    """Tell something at that hour of what took place then."""
    return Movement(
        event,
        action,
        at(hour),
        at(hour),
        number=number or {},
        klass=klass or {},
        location=location or {},
        prior=prior or {},
        unit=unit or {},
    )


def visit(*log: Movement) -> dict[str, Any]:
    encounter = {
        "resourceType": "Encounter",
        "extension": [movement_extension(one) for one in log],
        "subject": {"reference": "Patient/1"},
    }
    return settled(encounter)


def test_a_movement_is_read_as_it_was_kept() -> None:
    whole = Movement(
        "A02",
        Action.UPDATE,
        at(8),
        at(9),
        {"system": "urn:x", "value": "1"},
        INPATIENT,
        WARD,
        UNIT,
        {"display": "UF 1"},
        {"display": "UF 2"},
        "HMS",
        historic=True,
        start=at(7),
        end=at(10),
    )
    assert movements({"extension": [movement_extension(whole), {"url": "urn:other"}]}) == [whole]


def test_what_a_stay_becomes_is_derived_whole() -> None:
    encounter = visit(
        told("A01", 8, klass=INPATIENT, location=WARD, unit={"display": "UF 1"}),
        told("A02", 10, location=UNIT, prior=WARD, unit={"display": "UF 2"}),
        replace(told("A03", 12, location=UNIT), end=at(12)),
    )
    encounter.pop("extension")
    assert encounter == {
        "resourceType": "Encounter",
        "subject": {"reference": "Patient/1"},
        "status": "finished",
        "class": INPATIENT,
        "location": [
            {"location": WARD, "status": "completed", "period": {"start": at(8), "end": at(10)}},
            {"location": UNIT, "status": "completed", "period": {"start": at(10), "end": at(12)}},
        ],
        "period": {"start": at(8), "end": at(12)},
        "serviceProvider": {"display": "UF 2"},
    }


@pytest.mark.parametrize(
    ("log", "status"),
    [
        ("A05", "planned"),
        ("A14", "planned"),
        ("A01", "in-progress"),
        ("A04", "in-progress"),
        ("A05 A01", "in-progress"),
        ("A01 A21", "onleave"),
        ("A01 A21 A22", "in-progress"),
        ("A01 A21 A52", "in-progress"),
        ("A01 A21 A22 A53", "onleave"),
        ("A04 A06", "in-progress"),
        ("A01 A07", "in-progress"),
        ("A01 A54", "in-progress"),
        ("A01 A03", "finished"),
        ("A01 A03 A13", "in-progress"),
        ("A01 A11", "cancelled"),
        ("A04 A11", "cancelled"),
        ("A05 A38", "cancelled"),
        ("A05 A01 A11", "planned"),
        ("A01 A02 A11", "cancelled"),
        ("A11", "cancelled"),
        ("A38", "cancelled"),
        ("A02", "in-progress"),
        ("A13", "in-progress"),
        ("A12", "in-progress"),
        ("A08", "in-progress"),
        ("A05 A08", "planned"),
        ("A01 A03 A08", "finished"),
    ],
)
def test_each_event_makes_its_status(log: str, status: str) -> None:
    said = [
        told(event, hour, Action.CANCEL if event in CANCELS else _action(event))
        for hour, event in enumerate(log.split(), 1)
    ]
    assert visit(*said)["status"] == status


def _action(event: str) -> Action:
    return Action.UPDATE if event == "A08" else Action.INSERT


def test_a_cancelled_transfer_leaves_the_place_before() -> None:
    encounter = visit(
        told("A01", 8, location=WARD),
        told("A02", 9, location=UNIT),
        told("A12", 10, Action.CANCEL, location=WARD),
    )
    assert encounter["location"] == [
        {"location": WARD, "status": "active", "period": {"start": at(8)}}
    ]


def test_a_cancellation_with_a_number_takes_away_that_movement_only() -> None:
    one, two = ({"system": "urn:x", "value": value} for value in "12")
    encounter = visit(
        told("A01", 8, location=WARD),
        told("A02", 9, location=UNIT, number=one),
        told("A02", 10, location={"display": "Bloc"}, number=two),
        told("A12", 11, Action.CANCEL, number=one),
    )
    assert [one["location"]["display"] for one in encounter["location"]] == ["Chirurgie", "Bloc"]


def test_a_correction_changes_only_what_it_says() -> None:
    number = {"system": "urn:x", "value": "1"}
    first = told("A01", 8, location=WARD, klass=INPATIENT, number=number)
    fix = Movement("", Action.UPDATE, at(7), at(9), number, location=UNIT)
    assert standing([first, fix]) == [replace(first, date=at(7), recorded=at(9), location=UNIT)]


def test_only_the_last_correction_is_kept() -> None:
    log = [told("A01", 8), *(told("A08", hour, Action.UPDATE) for hour in (10, 9, 11))]
    kept = [(one.event, one.date) for one in movements(visit(*log))]
    assert kept == [("A01", at(8)), ("A08", at(11))]


def test_dates_that_contradict_each_other_make_no_period_that_ends_before_it_starts() -> None:
    encounter = visit(replace(told("A03", 12, location=WARD), start=at(11), end=at(10)))
    assert encounter["period"] == {"end": at(10)}
    assert encounter["location"][0]["period"] == {"end": at(10)}


def test_an_encounter_without_movements_is_left_alone() -> None:
    encounter = {"resourceType": "Encounter", "status": "arrived", "class": INPATIENT}
    assert settled(encounter) is encounter


def test_a_day_is_earlier_than_a_time_of_the_same_day_and_rubbish_is_earliest() -> None:
    assert moment("rubbish") < moment("2026") < moment("2026-01-10") < moment(at(9))


EVENTS = st.sampled_from(["A01", "A02", "A03", "A05", "A21", "A22", *CANCELS])


@given(st.lists(EVENTS, min_size=1, max_size=5, unique=True), st.data())
def test_the_order_of_arrival_does_not_count(events: list[str], data: st.DataObject) -> None:
    log = [
        told(event, hour, Action.CANCEL if event in CANCELS else Action.INSERT)
        for hour, event in enumerate(events)
    ]
    shuffled = data.draw(st.permutations(log))
    one, other = visit(*log), visit(*shuffled)
    one.pop("extension")
    other.pop("extension")
    assert one == other


def test_one_message_after_the_other_gives_what_all_together_give() -> None:
    log = [told("A01", 8, location=WARD), told("A02", 9, location=UNIT), told("A03", 12)]
    for order in itertools.permutations(log):
        encounter = visit(order[0])
        for one in order[1:]:
            encounter["extension"].append(movement_extension(one))
            encounter = settled(encounter)
        encounter.pop("extension")
        whole = visit(*log)
        whole.pop("extension")
        assert encounter == whole
