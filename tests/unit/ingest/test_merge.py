from __future__ import annotations

from typing import Any

import pytest

from gateway.ingest.merge import merge
from gateway.mapping.entry import Write

PATIENT = {"actor": {"reference": "Patient/p"}, "status": "accepted"}
ROOM = {"actor": {"reference": "Location/l"}, "status": "accepted"}


def appointment(status: str, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": "a",
        "status": status,
        "start": "2026-03-10T09:00:00+01:00",
        "participant": [PATIENT],
    } | more


def merged(held: dict[str, Any], incoming: dict[str, Any]) -> dict[str, Any]:
    result = merge(held, incoming, Write.ASSERT)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("held", "incoming", "kept"),
    [
        ("booked", "cancelled", "cancelled"),
        ("cancelled", "booked", "booked"),
        ("arrived", "booked", "arrived"),
        ("fulfilled", "booked", "fulfilled"),
        ("arrived", "noshow", "noshow"),
        ("entered-in-error", "booked", "entered-in-error"),
    ],
)
def test_an_appointment_that_has_begun_is_not_booked_again(
    held: str, incoming: str, kept: str
) -> None:
    assert merged(appointment(held), appointment(incoming))["status"] == kept


def test_another_time_books_an_appointment_anew() -> None:
    later = appointment("booked", start="2026-03-11T09:00:00+01:00")

    assert merged(appointment("arrived"), later)["status"] == "booked"


def test_a_cancellation_keeps_who_took_part_and_a_new_booking_forgets_its_reason() -> None:
    held = appointment("booked", participant=[PATIENT, ROOM], basedOn=[{"reference": "X/1"}])

    cancelled = merged(held, appointment("cancelled", cancelationReason={"text": "Malade"}))
    again = merged(cancelled, appointment("booked", basedOn=[{"reference": "X/2"}]))

    assert cancelled["participant"] == [PATIENT, ROOM]
    assert "cancelationReason" not in again
    assert again["participant"] == [PATIENT]
    assert again["basedOn"] == [{"reference": "X/1"}, {"reference": "X/2"}]


def task(status: str, **more: object) -> dict[str, Any]:
    return {"resourceType": "Task", "id": "t", "status": status} | more


def test_what_was_answered_stands_when_the_request_comes_again() -> None:
    assert merged(task("accepted"), task("requested"))["status"] == "accepted"
    assert merged(task("received"), task("rejected"))["status"] == "rejected"


def test_the_reason_of_a_refusal_goes_with_it() -> None:
    held = task("rejected", statusReason={"text": "En panne"})

    assert merged(held, task("accepted")) == task("accepted")


def document(attachment: dict[str, str], **more: object) -> dict[str, Any]:
    content = [{"attachment": attachment}]
    return (
        {"resourceType": "DocumentReference", "id": "d", "status": "current"}
        | {"content": content}
        | more
    )


def test_a_message_without_content_leaves_that_of_the_document() -> None:
    held = document({"url": "Binary/1", "title": "CR"})

    after = merged(held, document({"title": "Document sans contenu"}, docStatus="final"))

    assert after == {**held, "docStatus": "final"}


def test_a_message_without_labels_takes_none_away() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    content = {"content": [{"attachment": {"url": "Binary/1"}}]}
    document = {"resourceType": "DocumentReference", "id": "d", "status": "current", **content}
    held = {**document, "meta": {"security": [label], "tag": [{"code": "old"}]}}
    result = merged(held, {**document, "meta": {"tag": [{"code": "new"}]}})
    assert result["meta"] == {"security": [label], "tag": [{"code": "new"}]}


def test_an_addendum_stands_after_the_report() -> None:
    first, second = {"url": "Binary/1"}, {"url": "Binary/2"}
    held = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "conclusion": "Normal.",
        "presentedForm": [first],
        "result": [{"reference": "Observation/1"}],
    }
    addendum = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "appended",
        "conclusion": "Complément.",
        "presentedForm": [second],
    }

    after = merged(held, addendum)

    assert after == {
        **held,
        "status": "appended",
        "conclusion": "Normal.\nComplément.",
        "presentedForm": [first, second],
    }
    assert merged(after, addendum) == after


def observation(**more: object) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o", "status": "final"} | more


def test_a_value_of_another_type_takes_the_place_of_the_first() -> None:
    held = observation(valueQuantity={"value": 5}, effectiveDateTime="2026-03-10")

    corrected = merged(held, observation(valueString="illisible", status="corrected"))

    assert corrected == observation(
        status="corrected", valueString="illisible", effectiveDateTime="2026-03-10"
    )


def test_a_value_that_is_only_mentioned_is_none_beside_the_first() -> None:
    held = observation(valueQuantity={"value": 5})
    mentioned = observation(valueString="5", effectiveDateTime="2026-03-10")

    assert merge(held, mentioned, Write.MENTION) == held | {"effectiveDateTime": "2026-03-10"}


def test_what_is_said_of_an_absent_value_goes_when_one_comes() -> None:
    value = observation(valueString="12")
    absent = observation(dataAbsentReason={"text": "en cours"})

    assert merged(absent, value) == value
    assert merged(value, absent) == absent


def test_the_reason_of_a_cancellation_does_not_come_back_on_what_was_an_error() -> None:
    late = appointment("cancelled", cancelationReason={"text": "Malade"})

    assert merged(appointment("entered-in-error"), late) == appointment("entered-in-error")


def test_a_contained_resource_goes_with_what_named_it() -> None:
    given = {"resourceType": "MedicationAdministration", "id": "m", "status": "completed"}
    lot = {"resourceType": "Medication", "id": "lot", "batch": {"lotNumber": "7"}}
    held = given | {"contained": [lot], "medicationReference": {"reference": "#lot"}}
    other = given | {"medicationCodeableConcept": {"text": "Iohexol"}}

    assert merged(held, other) == other
    assert merged(held, given | {"note": [{"text": "lent"}]}) == held | {"note": [{"text": "lent"}]}


def test_parts_and_a_single_value_take_the_place_of_each_other() -> None:
    parts = observation(component=[{"code": {"text": "PA"}, "valueString": "120"}])
    value = observation(valueString="120/80")

    assert merged(parts, value) == value
    assert merged(value, parts) == parts
    assert merged(parts, observation(status="amended")) == parts | {"status": "amended"}
