from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.access.origin import on_behalf_of
from gateway.delivery.outgoing import LATE, LOOP_LIMIT, LOOPING, Outgoing
from gateway.settings import Destination, Route
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store
    from tests.unit.delivery.conftest import Clock

    Told = Callable[[], list[tuple[str, str, int]]]
    Write = Callable[..., None]

RIS = Destination("ris", "ris.example", application="RIS", facility="CENTRE")
LGC = Destination("lgc", "lgc.example", application="LGC")
DPI = Destination("dpi", "dpi.example", application="DPI")
ROUTES = (
    Route("ris", ("orders", "appointments"), ("750712184",)),
    Route("lgc", ("reports",), ("10000023084",)),
    Route("dpi", ("identity",)),
)
CENTRE: Resource = {
    "resourceType": "Organization",
    "id": "centre",
    "identifier": [{"system": "https://finess.esante.gouv.fr", "value": "750712184"}],
}
GP: Resource = {
    "resourceType": "Practitioner",
    "id": "gp",
    "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10000023084"}],
}
PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "IPP1"}],
}
ORDER: Resource = {
    "resourceType": "ServiceRequest",
    "id": "o",
    "identifier": [{"system": "urn:oid:1.2.250.1.999.2", "value": "P1"}],
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
    "performer": [{"reference": "Organization/centre"}],
}
REPORT: Resource = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "code": {"text": "RX"},
    "subject": {"reference": "Patient/p"},
}


@pytest.fixture(autouse=True)
def watched(store: Store) -> None:
    store.watch(Outgoing((RIS, LGC, DPI), ROUTES).changed)


@pytest.fixture
def told(store: Store) -> Told:
    """Return destination, event and version of the messages, oldest first."""

    def queued() -> list[tuple[str, str, int]]:
        found = [one for one in store.deliveries(limit=1000) if one.channel == "mllp"]
        return [
            (one.recipient.partition("/")[2], one.reason, one.focus_version)
            for one in reversed(found)
        ]

    return queued


def test_each_destination_gets_what_its_routes_say(write: Write, told: Told) -> None:
    write(CENTRE, GP, PATIENT, ORDER)
    assert told() == [("dpi", "A28", 1), ("ris", "NW", 1)]
    write({**ORDER, "priority": "stat"})
    write({**ORDER, "status": "revoked"})
    assert told()[2:] == [("ris", "XO", 2), ("ris", "CA", 3)]


def test_what_a_message_would_not_say_makes_none(write: Write, told: Told) -> None:
    write(CENTRE, PATIENT, ORDER)
    before = told()
    write({**ORDER, "supportingInfo": []}, {**PATIENT, "contact": [{"name": {"text": "X"}}]})
    assert told() == before


def test_the_outbox_row_says_what_it_is_about(store: Store, write: Write) -> None:
    write(CENTRE, PATIENT, ORDER)
    queued = store.deliveries()[0]
    assert (queued.recipient, queued.subject, queued.focus, queued.channel) == (
        "Endpoint/ris",
        "Patient/p",
        "ServiceRequest/o",
        "mllp",
    )


def test_an_order_for_somebody_else_does_not_go_and_one_that_moves_is_cancelled(
    write: Write, told: Told
) -> None:
    other = {**CENTRE, "id": "other", "identifier": [{"value": "300017985"}]}
    elsewhere = {**ORDER, "performer": [{"reference": "Organization/other"}]}
    write(CENTRE, other, elsewhere)
    assert told() == []
    write(ORDER)
    write(elsewhere)
    assert told() == [("ris", "NW", 2), ("ris", "CA", 3)]
    write(ORDER)
    assert told()[2:] == [("ris", "NW", 4)]


def test_an_order_that_nobody_has_numbered_gets_a_number_with_which_it_goes(
    store: Store, write: Write, told: Told
) -> None:
    bare = {name: part for name, part in ORDER.items() if name != "identifier"}
    write(CENTRE, PATIENT, bare)
    held = store.read("ServiceRequest", "o")
    assert held is not None
    (number,) = held.resource["identifier"]
    assert number["system"] == "urn:passerelle:namespace:PASSERELLE"
    assert len(number["value"]) == 16
    assert told()[1:] == [("ris", "NW", 2)]
    # A client that sends its own copy again does not know the number: it stays the same.
    write({**bare, "priority": "stat"})
    again = store.read("ServiceRequest", "o")
    assert again is not None
    assert again.resource["identifier"] == [number]


def test_what_a_client_that_does_not_know_the_number_changes_is_told_as_that(
    write: Write, told: Told
) -> None:
    bare = {name: part for name, part in ORDER.items() if name != "identifier"}
    booked: Resource = {
        "resourceType": "Appointment",
        "id": "a",
        "status": "booked",
        "start": "2026-04-01T09:00:00+02:00",
        "participant": [{"actor": {"reference": "Organization/centre"}, "status": "accepted"}],
    }
    write(CENTRE, PATIENT, bare, booked)
    before = len(told())
    write(bare, {**booked, "start": "2026-04-02T09:00:00+02:00"})
    assert [event for _, event, _ in told()[before:]] == ["S13"]
    write({**bare, "priority": "stat"})
    assert [event for _, event, _ in told()[before:]] == ["S13", "XO"]


def test_what_a_system_says_is_not_said_back_to_it(write: Write, told: Told) -> None:
    with on_behalf_of("RIS|CENTRE"):
        write(CENTRE, PATIENT, ORDER)
    assert told() == [("dpi", "A28", 1)]
    with on_behalf_of("DPI|"):
        write({**PATIENT, "gender": "female"})
    assert told() == [("dpi", "A28", 1)]


def test_a_change_of_what_came_from_a_system_is_a_change_there(write: Write, told: Told) -> None:
    provenance = {
        "resourceType": "Provenance",
        "id": "m",
        "target": [{"reference": "ServiceRequest/o"}],
        "recorded": "2026-03-12T12:00:00Z",
        "agent": [{"who": {"display": "RIS (CENTRE)"}}],
    }
    with on_behalf_of("RIS|CENTRE"):
        write(CENTRE, ORDER, provenance)
    write({**ORDER, "priority": "stat"})
    assert told() == [("ris", "XO", 2)]


def test_a_report_goes_to_the_software_of_the_treating_physician_when_he_is_known(
    write: Write, told: Told
) -> None:
    write(GP, PATIENT, REPORT)
    assert [one for one in told() if one[0] == "lgc"] == []
    write({**PATIENT, "generalPractitioner": [{"reference": "Practitioner/gp"}]})
    assert [one for one in told() if one[0] == "lgc"] == [("lgc", "R01", 1)]


def test_a_new_treating_physician_is_not_flooded_with_old_reports(
    write: Write, told: Told, clock: Clock
) -> None:
    write(GP, PATIENT, REPORT)
    clock.now += LATE + timedelta(seconds=1)
    write({**PATIENT, "generalPractitioner": [{"reference": "Practitioner/gp"}]})
    assert [one for one in told() if one[0] == "lgc"] == []


def test_who_is_written_after_what_concerns_him_gets_it_all_the_same(
    write: Write, told: Told
) -> None:
    patient = {**PATIENT, "generalPractitioner": [{"reference": "Practitioner/gp"}]}
    write(ORDER, patient, REPORT, GP, CENTRE)
    assert sorted(told()) == [("dpi", "A28", 1), ("lgc", "R01", 1), ("ris", "NW", 1)]


def test_a_deleted_order_is_cancelled(store: Store, write: Write, told: Told) -> None:
    write(CENTRE, ORDER)
    with store.transaction() as tx:
        tx.delete("ServiceRequest", "o")
    assert told() == [("ris", "NW", 1), ("ris", "CA", 2)]


def test_a_merge_and_another_number_are_told_as_such(write: Write, told: Told) -> None:
    write(PATIENT, {**PATIENT, "id": "q"})
    write({**PATIENT, "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "IPP2"}]})
    link = [{"type": "replaced-by", "other": {"reference": "Patient/p"}}]
    write({**PATIENT, "id": "q", "active": False, "link": link})
    assert [event for _, event, _ in told()] == ["A28", "A28", "A47", "A40"]


def test_two_systems_that_answer_each_other_are_stopped(store: Store, write: Write) -> None:
    write(PATIENT)
    for turn in range(LOOP_LIMIT + 5):
        write({**PATIENT, "birthDate": f"{1900 + turn}"})
    found = [one for one in reversed(store.deliveries(limit=100)) if one.channel == "mllp"]
    states = [one.state for one in found]
    assert states[:LOOP_LIMIT] == [DeliveryState.WAITING] * LOOP_LIMIT
    assert set(states[LOOP_LIMIT:]) == {DeliveryState.REFUSED}
    assert found[-1].last_error == LOOPING


def test_mail_to_a_physician_and_messages_to_a_software_do_not_disturb_each_other(
    store: Store, write: Write, told: Told
) -> None:
    patient = {**PATIENT, "generalPractitioner": [{"reference": "Practitioner/gp"}]}
    write(GP, patient, REPORT)
    write({**REPORT, "status": "corrected"})
    channels: list[Any] = [(one.channel, one.reason) for one in reversed(store.deliveries())]
    assert [one for one in channels if one[1] != "A28"] == [
        ("mail", "final"),
        ("mllp", "R01"),
        ("mail", "corrected"),
        ("mllp", "R01"),
    ]
    assert [one[0] for one in told()] == ["dpi", "lgc", "lgc"]
