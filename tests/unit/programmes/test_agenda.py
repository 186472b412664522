"""Sequences of one day in one place, against the definition of what a sequence is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.programmes.agenda import Booking, Busy, Impossible, Opening, Step, joined, sequence

START = datetime(2022, 6, 14, 7, 0, tzinfo=UTC)
STEPS = (
    Step("doctor", "Consultation", 30),
    Step("imaging", "Imagerie", 20, ("doctor",)),
    Step("nurse", "Infirmier", 30, ("doctor",)),
)


def opening(
    schedule: str, minute: int, *, length: int = 30, day: int = 0, place: str = "here"
) -> Opening:
    start = START + timedelta(days=day, minutes=minute)
    name = f"{schedule}-{day}-{minute}-{place}"
    end = start + timedelta(minutes=length)
    return Opening((name,), f"{schedule}-{place}", start, end, (f"Practitioner/{schedule}",), place)


def of(schedule: str) -> st.SearchStrategy[list[Opening]]:
    return st.lists(
        st.builds(
            lambda slot, day, place: opening(schedule, 30 * slot, day=day, place=place),
            st.integers(0, 7),
            st.integers(0, 1),
            st.sampled_from(["here", "there"]),
        ),
        max_size=5,
        unique_by=lambda one: one.slots,
    )


def busy() -> st.SearchStrategy[list[Busy]]:
    return st.lists(
        st.builds(
            lambda who, slot, day: Busy(
                who,
                START + timedelta(days=day, minutes=30 * slot),
                START + timedelta(days=day, minutes=30 * slot + 30),
            ),
            st.sampled_from(["Practitioner/doctor", "Practitioner/nurse", "Patient/p"]),
            st.integers(0, 7),
            st.integers(0, 1),
        ),
        max_size=3,
    )


def is_sequence(plan: list[Booking], taken: list[Busy], longest: int) -> bool:
    by_step = {one.step: one for one in plan}
    ordered = sorted(plan, key=lambda one: one.start)
    return (
        set(by_step) == {step.id for step in STEPS}
        and len({one.opening.place for one in plan}) == 1
        and len({one.start.date() for one in plan}) == 1
        and all(one.end <= two.start for one, two in pairwise(ordered))
        and all(
            by_step[before].end <= by_step[step.id].start for step in STEPS for before in step.after
        )
        and ordered[-1].end - ordered[0].start <= timedelta(minutes=longest)
        and not any(
            one.who in {*booking.opening.actors, "Patient/p"}
            and one.start < booking.end
            and booking.start < one.end
            for one in taken
            for booking in plan
        )
    )


def every_plan(openings: dict[str, list[Opening]]) -> list[list[Booking]]:
    return [
        [
            Booking(step.id, one, one.start, one.start + timedelta(minutes=step.minutes))
            for step, one in zip(STEPS, chosen, strict=True)
        ]
        for chosen in product(*(openings[step.id] for step in STEPS))
    ]


@settings(deadline=None, max_examples=150)
@given(of("doctor"), of("imaging"), of("nurse"), busy(), st.sampled_from([90, 120, 300]))
def test_a_sequence_is_found_exactly_when_there_is_one_and_is_the_earliest(
    doctor: list[Opening],
    imaging: list[Opening],
    nurse: list[Opening],
    taken: list[Busy],
    longest: int,
) -> None:
    openings = {"doctor": doctor, "imaging": imaging, "nurse": nurse}
    possible = [one for one in every_plan(openings) if is_sequence(one, taken, longest)]

    found = sequence(STEPS, openings, taken, patient="Patient/p", longest=longest)

    if isinstance(found, Impossible):
        assert not possible
        return
    assert is_sequence(found, taken, longest)
    assert found[-1].end == min(max(one.end for one in plan) for plan in possible)


@given(st.permutations(STEPS))
def test_the_order_in_which_steps_are_named_does_not_matter(steps: list[Step]) -> None:
    openings = {step.id: [opening(step.id, 30 * n) for n in range(4)] for step in STEPS}

    plans = {
        tuple(sequence(list(order), openings, [], patient="Patient/p", longest=300))
        for order in permutations(steps)
    }

    assert len({plan[-1].end for plan in plans if isinstance(plan[-1], Booking)}) == 1


def test_slots_one_after_the_other_make_room_for_what_is_longer() -> None:
    several = [opening("a", 0), opening("a", 30), opening("a", 90)]

    (found,) = joined(several, 50)

    assert found.slots == ("a-0-0-here", "a-0-30-here")
    assert found.end - found.start == timedelta(minutes=60)


def test_why_there_is_no_sequence_is_told() -> None:
    some = {"doctor": [opening("doctor", 0)], "imaging": [opening("imaging", 30, place="there")]}
    nurse = {"nurse": [opening("nurse", 60)]}

    def tried(openings: dict[str, list[Opening]]) -> object:
        return sequence(STEPS, openings, [], patient="Patient/p", longest=300)

    assert tried(some) == Impossible("no-opening", "Infirmier")
    assert tried(some | nurse) == Impossible("no-place")
    backwards = {"imaging": [opening("imaging", -60)]}
    assert tried(some | nurse | backwards) == Impossible("no-sequence")
