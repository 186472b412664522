"""A synthetic region is always the same, and its resources are those of R4."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.app.synth.making import frame, most, part
from gateway.app.synth.people import finess, ins, luhn, rpps
from gateway.app.synth.region import Size
from gateway.fhir.profiles import validate_base

SMALL = Size(structures=10, patients=60, episodes=40, encounters=150)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def told(size: Size) -> str:
        return json.dumps(list(part(size, 0)), default=str)

    assert told(SMALL) == told(SMALL)
    assert told(SMALL) != told(Size(10, 60, 40, 150, seed=2))


def test_there_is_as_much_as_was_asked_for() -> None:
    made = [one["resourceType"] for one in part(SMALL, 0)]
    assert made.count("Patient") == 60
    assert made.count("EpisodeOfCare") == 40
    # Those of programmes come on top.
    assert made.count("Encounter") >= 150
    assert len(made) <= most(SMALL)


def test_every_resource_is_valid_says_that_it_is_test_data_and_has_an_id_of_its_own() -> None:
    made = [*frame(SMALL), *part(SMALL, 0)]
    names = [(one["resourceType"], one["id"]) for one in made]
    assert len(set(names)) == len(names)
    chosen = {one["resourceType"]: one for one in made}
    for one in made:
        assert {"HTEST"} <= {label["code"] for label in one["meta"]["security"]}
    faults = {
        kind: [issue.text for issue in validate_base(one, ()) if issue.severity == "error"]
        for kind, one in chosen.items()
    }
    assert {kind: found for kind, found in faults.items() if found} == {}


def test_references_lead_to_what_is_there() -> None:
    made = [*frame(SMALL), *part(SMALL, 0)]
    there = {f"{one['resourceType']}/{one['id']}" for one in made}
    text = json.dumps(made, default=str)
    named = {piece.partition('"')[0] for piece in text.split('"reference": "')[1:]}
    assert named - there == set()


@settings(deadline=None)
@given(st.integers(0, 999_999))
def test_identifiers_have_right_keys(number: int) -> None:
    for value in (rpps(number), finess(number)):
        assert value.startswith("99")
        assert luhn(value[:-1]) == value
    assert (len(rpps(number)), len(finess(number))) == (11, 9)
    value = ins(number, date(1956, 8, 12), woman=True)
    assert (int(value[:13]) + int(value[13:])) % 97 == 0
    assert value.startswith("25608")


@pytest.mark.parametrize("patients", [1, 499, 500, 501])
def test_parts_hold_every_patient_once(patients: int) -> None:
    size = Size(structures=3, patients=patients, episodes=0, encounters=0)
    found = [one for number in range(size.chunks) for one in size.chunk(number)]
    assert found == list(range(patients))
