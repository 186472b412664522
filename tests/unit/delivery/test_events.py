from __future__ import annotations

from typing import Any

import pytest

from gateway.delivery.events import Change, events_of

ORDER = {"resourceType": "ServiceRequest", "id": "o", "status": "active", "intent": "order"}
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:s", "value": "1"}],
    "name": [{"family": "DURAND"}],
}
APPOINTMENT = {
    "resourceType": "Appointment",
    "id": "a",
    "status": "booked",
    "start": "2026-03-10T08:00:00Z",
}
REPORT = {"resourceType": "DiagnosticReport", "id": "r", "status": "final"}
DOCUMENT = {"resourceType": "DocumentReference", "id": "d", "status": "current"}
REPLACING = {**DOCUMENT, "relatesTo": [{"code": "replaces", "target": {}}]}
LINKED = {**PATIENT, "link": [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]}
RENUMBERED = {**PATIENT, "identifier": [{"system": "urn:s", "value": "2"}]}


def events(
    before: dict[str, Any], after: dict[str, Any], *, known: bool, wanted: bool = True
) -> tuple[str, ...]:
    return events_of(Change(before, after, known=known, wanted=wanted))


@pytest.mark.parametrize(
    ("after", "event"),
    [
        (ORDER, "NW"),
        ({**ORDER, "status": "on-hold"}, "NW"),
        (PATIENT, "A28"),
        (APPOINTMENT, "S12"),
        (REPORT, "R01"),
        (DOCUMENT, "T02"),
        (REPLACING, "T10"),
    ],
)
def test_what_a_system_does_not_know_is_new_to_it(after: dict[str, Any], event: str) -> None:
    assert events({}, after, known=False) == (event,)
    assert events({}, after, known=False, wanted=False) == ()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({**ORDER, "priority": "stat"}, ("XO",)),
        ({**ORDER, "status": "revoked"}, ("CA",)),
        ({**ORDER, "status": "entered-in-error"}, ("CA",)),
        ({**ORDER, "status": "completed"}, ()),
        ({**ORDER, "meta": {"versionId": "2"}}, ()),
        ({**PATIENT, "name": [{"family": "MARTIN"}]}, ("A31",)),
        (RENUMBERED, ("A47",)),
        ({**RENUMBERED, "name": [{"family": "MARTIN"}]}, ("A47", "A31")),
        (LINKED, ("A40",)),
        ({**APPOINTMENT, "start": "2026-03-11T08:00:00Z"}, ("S13",)),
        ({**APPOINTMENT, "comment": "À jeun"}, ("S14",)),
        ({**APPOINTMENT, "status": "cancelled"}, ("S15",)),
        ({**APPOINTMENT, "status": "entered-in-error"}, ("S17",)),
        ({**APPOINTMENT, "status": "noshow"}, ("S26",)),
        ({**APPOINTMENT, "slot": []}, ()),
        ({**REPORT, "status": "corrected"}, ("R01",)),
        ({**REPORT, "status": "cancelled"}, ("R01",)),
        ({**REPORT, "basedOn": []}, ()),
        ({**DOCUMENT, "content": [{}]}, ("T08",)),
        ({**DOCUMENT, "status": "entered-in-error"}, ("T04",)),
        ({**DOCUMENT, "status": "superseded"}, ()),
    ],
)
def test_what_changes_is_told_as_the_change_that_it_is(
    after: dict[str, Any], told: tuple[str, ...]
) -> None:
    before = next(
        one
        for one in (ORDER, PATIENT, APPOINTMENT, REPORT, DOCUMENT)
        if one["resourceType"] == after["resourceType"]
    )
    assert events(before, after, known=True) == told


@pytest.mark.parametrize(
    "after",
    [
        {**ORDER, "status": "revoked"},
        {**ORDER, "status": "draft"},
        {**ORDER, "intent": "plan"},
        {
            **PATIENT,
            "meta": {"tag": [{"system": "urn:passerelle:identity", "code": "provisional"}]},
        },
        {**APPOINTMENT, "status": "cancelled"},
        {**APPOINTMENT, "status": "proposed"},
        {**REPORT, "status": "preliminary"},
        {**REPORT, "status": "cancelled"},
        {**DOCUMENT, "status": "entered-in-error"},
        {**DOCUMENT, "docStatus": "preliminary"},
    ],
)
def test_what_is_not_to_be_done_or_over_already_is_not_told_to_who_never_had_it(
    after: dict[str, Any],
) -> None:
    assert events({}, after, known=False) == ()


@pytest.mark.parametrize(("after", "event"), [(ORDER, "CA"), (APPOINTMENT, "S15")])
def test_what_goes_to_somebody_else_now_is_cancelled(after: dict[str, Any], event: str) -> None:
    assert events(after, after, known=True, wanted=False) == (event,)


def test_who_has_a_report_learns_of_its_correction_though_no_longer_concerned() -> None:
    corrected = {**REPORT, "status": "corrected"}
    assert events(REPORT, corrected, known=True, wanted=False) == ("R01",)


def test_a_merge_is_told_once() -> None:
    assert events(LINKED, {**LINKED, "name": []}, known=True) == ()
