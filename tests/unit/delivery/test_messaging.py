from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.delivery.endpoints import suspend
from gateway.delivery.exchange import control_id
from gateway.delivery.failures import CourierFailure, Unknown, Unreachable
from gateway.delivery.messaging import NEVER_SENT, MessageChannel
from gateway.delivery.outgoing import Outgoing
from gateway.delivery.ports import Answer
from gateway.delivery.recipients import NOT_SENT_ANY_MORE
from gateway.delivery.retry import retried
from gateway.delivery.worker import Worker
from gateway.hl7v2.message import Message
from gateway.settings import Destination, Route
from gateway.store.records import DeliveryState, JournalState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store
    from gateway.store.objects import FileObjects
    from tests.unit.delivery.conftest import Clock

RIS = Destination("ris", "ris.example", application="RIS", facility="CENTRE")
LGC = Destination("lgc", "lgc.example", application="LGC")
ROUTES = (Route("ris", ("orders",)), Route("lgc", ("reports",)))
PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "IPP1"}],
    "name": [{"family": "DURAND"}],
}
ORDER: Resource = {
    "resourceType": "ServiceRequest",
    "id": "o",
    "identifier": [{"system": "urn:oid:1.2.250.1.999.2", "value": "P1"}],
    "status": "active",
    "intent": "order",
    "code": {"text": "RX genou"},
    "subject": {"reference": "Patient/p"},
}
REPORT: Resource = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "code": {"text": "RX genou"},
    "subject": {"reference": "Patient/p"},
    "conclusion": "Pas de fracture.",
}
V = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}


class Line:
    """A courier that answers as it is told to, AA otherwise."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: list[str | CourierFailure] = []
        self.closed = False

    @property
    def peer(self) -> str:
        return "ris.example:2575"

    def send(self, message: bytes, control_id: str) -> Answer:
        told = self.answers.pop(0) if self.answers else "AA"
        if isinstance(told, Unreachable):
            raise told
        self.sent.append(Message.parse(message))
        if isinstance(told, CourierFailure):
            raise told
        code, _, error = told.partition(" ")
        err = f"\rERR||PID^1^3|{error}^x^HL70357|E||||DURAND" if error else ""
        raw = f"MSH|^~\\&|RIS|||||||A1|P|2.5\rMSA|{code}|{control_id}{err}".encode()
        return Answer(code, raw, temporary=code == "AR")

    def close(self) -> None:
        self.closed = True

    def told(self) -> list[tuple[str, str]]:
        return [(one.code, orc.text(1) if (orc := one.first("ORC")) else "") for one in self.sent]


@pytest.fixture
def lines() -> dict[str, Line]:
    return {"ris": Line(), "lgc": Line()}


@pytest.fixture
def ris(lines: dict[str, Line]) -> Line:
    return lines["ris"]


@pytest.fixture
def worker(
    store: Store, objects: FileObjects, clock: Clock, lines: dict[str, Line]
) -> Iterator[Worker]:
    store.watch(Outgoing((RIS, LGC), ROUTES).changed)
    channel = MessageChannel(store, objects, (RIS, LGC), lines, namespaces={}, clock=clock)
    made = Worker(store, [channel], clock=clock, chance=lambda: 0.5)
    yield made
    made.close()
    assert all(line.closed for line in lines.values())


def messages(store: Store) -> list[tuple[str, DeliveryState, str, str]]:
    """Return reason, state, receipt and why, oldest first."""
    found = [one for one in reversed(store.deliveries()) if one.channel == "mllp"]
    return [(one.reason, one.state, one.receipt, one.last_error) for one in found]


def test_a_message_is_sent_and_its_answer_kept(
    worker: Worker, store: Store, objects: FileObjects, ris: Line, write: Callable[..., None]
) -> None:
    write(PATIENT, ORDER)
    assert worker.run_once() == 1
    (message,) = ris.sent
    (sent,) = store.deliveries()
    assert message.control_id == control_id(sent)
    assert len(message.control_id) <= 20
    name = sent.message_id.partition("@")[2]
    assert sent == replace(
        sent, state=DeliveryState.SENT, receipt="AA", attempts=1, failure="", last_error=""
    )
    assert objects.read(name) == message.raw
    (line,) = store.journal()
    assert (line.door, line.peer, line.kind, line.state, line.answer, line.object) == (
        "mllp-out",
        "ris ris.example:2575",
        "ORM^O01",
        JournalState.PROCESSED,
        "AA",
        name,
    )
    assert (line.sender, line.control_id, line.size) == (
        "PASSERELLE|",
        message.control_id,
        len(message.raw),
    )


def test_what_may_have_arrived_is_sent_again_byte_for_byte(
    worker: Worker, store: Store, ris: Line, clock: Clock, write: Callable[..., None]
) -> None:
    ris.answers = [Unknown("No answer."), Unknown("No answer.")]
    write(PATIENT, ORDER)
    worker.run_once()
    write({**PATIENT, "name": [{"family": "MARTIN"}]})
    for _ in range(2):
        clock.now += timedelta(seconds=10)
        worker.run_once()
    assert len({one.raw for one in ris.sent}) == 1
    assert len(ris.sent) == 3
    assert messages(store) == [("NW", DeliveryState.SENT, "AA", "")]
    # The same silence twice is one line.
    assert [one.state for one in store.journal()] == [JournalState.PROCESSED, JournalState.FAILED]


def test_a_message_that_is_not_kept_any_more_is_written_anew(
    worker: Worker, store: Store, objects: FileObjects, ris: Line, write: Callable[..., None]
) -> None:
    ris.answers = ["AE 101"]
    write(PATIENT, ORDER)
    worker.run_once()
    (refused,) = store.deliveries()
    assert objects.delete(refused.message_id.partition("@")[2], before=2**40)
    with store.transaction() as tx:
        tx.update_delivery(retried(refused, refused.created))
    worker.run_once()
    assert messages(store) == [("NW", DeliveryState.SENT, "AA", "")]
    assert len({one.control_id for one in ris.sent}) == 1


def test_the_order_of_messages_is_kept_while_one_waits(
    worker: Worker, ris: Line, clock: Clock, write: Callable[..., None]
) -> None:
    ris.answers = [Unreachable("cannot reach it"), "AR", "AR 207"]
    write(PATIENT, ORDER)
    write({**ORDER, "priority": "stat"})
    write({**ORDER, "status": "revoked"})
    for _ in range(8):
        worker.run_once()
        clock.now += timedelta(minutes=2)
    assert ris.told() == [("ORM", control) for control in ("NW", "NW", "NW", "XO", "CA")]


def test_a_destination_that_is_down_is_never_given_up(
    worker: Worker, store: Store, ris: Line, clock: Clock, write: Callable[..., None]
) -> None:
    ris.answers = [Unreachable("cannot reach it") for _ in range(200)]
    write(PATIENT, ORDER)
    for _ in range(200):
        worker.run_once()
        clock.now += timedelta(minutes=2)
    assert messages(store)[0][1] is DeliveryState.WAITING
    worker.run_once()
    assert messages(store)[0][1] is DeliveryState.SENT


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        ("AE 101", DeliveryState.REFUSED, "The receiver answered AE, error 101 at PID^1^3."),
        ("CE", DeliveryState.REFUSED, "The receiver answered CE."),
        ("AR 203", DeliveryState.REFUSED, "The receiver answered AR, error 203 at PID^1^3."),
        ("AR 207", DeliveryState.WAITING, "The receiver answered AR, error 207 at PID^1^3."),
        ("CR 201", DeliveryState.REFUSED, "The receiver answered CR, error 201 at PID^1^3."),
        ("CR", DeliveryState.WAITING, "The receiver answered CR."),
        ("CA", DeliveryState.SENT, ""),
    ],
)
def test_each_answer_is_a_failure_of_its_kind(  # noqa: PLR0913, PLR0917 - fixtures
    worker: Worker,
    store: Store,
    ris: Line,
    write: Callable[..., None],
    answer: str,
    state: DeliveryState,
    why: str,
) -> None:
    ris.answers = [answer]
    write(PATIENT, ORDER)
    worker.run_once()
    ((_, became, receipt, said),) = messages(store)
    assert (became, receipt, said) == (state, answer[:2], why)
    assert "DURAND" not in said


def test_a_refused_message_lets_the_next_one_go_and_can_be_retried(
    worker: Worker, store: Store, ris: Line, clock: Clock, write: Callable[..., None]
) -> None:
    ris.answers = ["AE"]
    write(PATIENT, ORDER, {**ORDER, "id": "o2", "identifier": [{"value": "P2"}]})
    worker.run_once()
    worker.run_once()
    assert [one[1] for one in messages(store)] == [DeliveryState.REFUSED, DeliveryState.SENT]
    with store.transaction() as tx:
        tx.update_delivery(retried(store.deliveries()[1], clock.now))
    worker.run_once()
    assert [one[1] for one in messages(store)] == [DeliveryState.SENT] * 2
    assert ris.sent[0].raw == ris.sent[2].raw


def test_nothing_goes_to_a_paused_destination_and_everything_when_it_is_resumed(
    worker: Worker, store: Store, ris: Line, clock: Clock, write: Callable[..., None]
) -> None:
    worker.run_once()
    suspend(store, RIS, paused=True)
    clock.now += timedelta(seconds=1)
    write(PATIENT, ORDER)
    assert worker.run_once() == 0
    suspend(store, RIS, paused=False)
    clock.now += timedelta(seconds=1)
    assert worker.run_once() == 1
    assert ris.told() == [("ORM", "NW")]


def test_a_destination_that_is_slow_or_down_holds_up_no_other(
    worker: Worker, store: Store, lines: dict[str, Line], write: Callable[..., None]
) -> None:
    lines["ris"].answers = [Unreachable("cannot reach it")]
    write(PATIENT, ORDER, REPORT)
    worker.run_once()
    assert [one[:2] for one in messages(store)] == [
        ("NW", DeliveryState.WAITING),
        ("R01", DeliveryState.SENT),
    ]


def test_what_waits_for_mail_hides_no_message(
    worker: Worker, store: Store, ris: Line, write: Callable[..., None]
) -> None:
    people = [{"resourceType": "Practitioner", "id": f"d{n}"} for n in range(40)]
    patients = [
        {
            **PATIENT,
            "id": f"p{n}",
            "generalPractitioner": [{"reference": f"Practitioner/d{n}"}],
        }
        for n in range(40)
    ]
    reports = [
        {**REPORT, "id": f"r{n}", "subject": {"reference": f"Patient/p{n}"}} for n in range(40)
    ]
    write(*people, *patients, *reports)
    write(PATIENT, ORDER)
    worker.run_once()
    worker.run_once()
    assert ris.told() == [("ORM", "NW")]
    assert store.delivery_counts()["waiting"] >= 40


@pytest.mark.parametrize("labelled", ["order", "patient"])
def test_what_a_label_holds_back_does_not_leave(
    worker: Worker, store: Store, ris: Line, write: Callable[..., None], labelled: str
) -> None:
    label = {"meta": {"security": [V]}}
    write(
        PATIENT | (label if labelled == "patient" else {}),
        ORDER | (label if labelled == "order" else {}),
    )
    worker.run_once()
    assert ris.sent == []
    assert messages(store)[0][1:] == (
        DeliveryState.REFUSED,
        "none",
        "It is labelled V, which this destination does not accept.",
    )


@pytest.fixture
def clinic(
    store: Store, objects: FileObjects, clock: Clock, lines: dict[str, Line]
) -> Iterator[Worker]:
    store.watch(Outgoing((LGC,), (Route("lgc", ("appointments", "documents", "reports")),)).changed)
    channel = MessageChannel(store, objects, (LGC,), lines, namespaces={}, clock=clock)
    made = Worker(store, [channel], clock=clock, chance=lambda: 0.5)
    yield made
    made.close()


@pytest.mark.parametrize("told", ["appointment", "result", "report", "order"])
def test_the_label_of_what_a_message_tells_of_holds_it_back(
    clinic: Worker, store: Store, lines: dict[str, Line], write: Callable[..., None], told: str
) -> None:
    """A visit tells of its patient, a report of its results, a document of report and order."""
    label = {"meta": {"security": [V]}}
    visit = {
        "resourceType": "Appointment",
        "id": "a",
        "identifier": [{"system": "urn:oid:1.2.250.1.999.3", "value": "A1"}],
        "status": "booked",
        "start": "2026-03-13T09:00:00+01:00",
        "participant": [{"actor": {"reference": "Patient/p"}, "status": "accepted"}],
    }
    result = {"resourceType": "Observation", "id": "n", "status": "final", "code": {"text": "Na"}}
    document = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "subject": {"reference": "Patient/p"},
        "context": {"related": [{"reference": "DiagnosticReport/r"}]},
        "content": [{"attachment": {"contentType": "text/plain", "data": "dGV4dGU="}}],
    }
    write(
        *{
            "appointment": (PATIENT | label, visit),
            "result": (
                PATIENT,
                result | label,
                REPORT | {"result": [{"reference": "Observation/n"}]},
            ),
            "report": (PATIENT, REPORT | label, document),
            "order": (
                PATIENT,
                ORDER | label,
                REPORT | {"basedOn": [{"reference": f"ServiceRequest/{ORDER['id']}"}]},
                document,
            ),
        }[told]
    )
    for _ in range(3):
        clinic.run_once()
    assert lines["lgc"].sent == []
    assert {one[1] for one in messages(store)} == {DeliveryState.REFUSED}


def test_a_label_put_on_before_it_went_holds_it_back_and_its_end_is_told(
    worker: Worker, store: Store, ris: Line, write: Callable[..., None]
) -> None:
    write(PATIENT, ORDER)
    worker.run_once()
    hidden: dict[str, Any] = {**ORDER, "meta": {"security": [V]}, "priority": "stat"}
    write(hidden)
    worker.run_once()
    write({**hidden, "status": "revoked"})
    worker.run_once()
    assert [one[1] for one in messages(store)] == [
        DeliveryState.SENT,
        DeliveryState.REFUSED,
        DeliveryState.SENT,
    ]
    assert ris.told() == [("ORM", "NW"), ("ORM", "CA")]


def test_a_report_withdrawn_before_it_went_is_not_sent_at_all(
    worker: Worker, store: Store, lines: dict[str, Line], write: Callable[..., None]
) -> None:
    write(PATIENT, REPORT)
    write({**REPORT, "status": "entered-in-error"})
    worker.run_once()
    worker.run_once()
    assert lines["lgc"].sent == []
    assert [one[3] for one in messages(store)] == [NOT_SENT_ANY_MORE, NEVER_SENT]


def test_a_report_withdrawn_after_it_went_is_taken_back_without_its_words(
    worker: Worker, store: Store, lines: dict[str, Line], write: Callable[..., None]
) -> None:
    write(PATIENT, REPORT)
    worker.run_once()
    with store.transaction() as tx:
        tx.delete("DiagnosticReport", "r")
    worker.run_once()
    sent, withdrawn = lines["lgc"].sent
    assert b"fracture" in sent.raw
    assert b"fracture" not in withdrawn.raw
    (obr,) = withdrawn.all("OBR")
    assert obr.text(25) == "X"


def test_a_message_that_cannot_be_written_waits_for_a_person(
    worker: Worker, store: Store, ris: Line, clock: Clock, write: Callable[..., None]
) -> None:
    nameless = {name: part for name, part in PATIENT.items() if name != "identifier"}
    write(nameless, ORDER)
    worker.run_once()
    assert messages(store)[0][1:] == (
        DeliveryState.REFUSED,
        "none",
        "The message cannot be written: The patient has no identifier that may be sent.",
    )
    write(PATIENT)
    with store.transaction() as tx:
        tx.update_delivery(retried(store.deliveries()[0], clock.now))
    worker.run_once()
    assert ris.told() == [("ORM", "NW")]


def test_each_destination_is_an_endpoint(worker: Worker, store: Store) -> None:
    worker.run_once()
    held = store.read("Endpoint", "ris")
    assert held is not None
    found = {name: part for name, part in held.resource.items() if name != "meta"}
    assert found == {
        "resourceType": "Endpoint",
        "id": "ris",
        "status": "active",
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "hl7v2-mllp",
            "display": "HL7 v2 MLLP",
        },
        "name": "ris",
        "payloadType": [{"text": "HL7 v2"}],
        "payloadMimeType": ["x-application/hl7-v2+er7"],
        "address": "mllp://ris.example:2575",
    }
