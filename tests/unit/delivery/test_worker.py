from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.delivery.failures import CourierFailure, Refused, Unknown, Unreachable
from gateway.delivery.mailing import MailChannel
from gateway.delivery.retry import retried
from gateway.delivery.worker import Worker
from gateway.errors import Unavailable
from gateway.settings import Peers, Settings
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.delivery.letter import Letter
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store
    from gateway.store.objects import FileObjects
    from tests.unit.delivery.conftest import Clock

SETTINGS = Settings(data_dir=Path("var"), mail_from="Imagerie <cr@imagerie.example>")
GENERALIST, REQUESTER = "h.lecoeur@cabinet.example", "luc@medecin.mssante.fr"


class Satchel:
    """A courier that keeps what it was given, and fails as it is told to."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.faults: dict[str, CourierFailure | Exception] = {}
        self.closed = False
        self.arrived = threading.Event()
        self.meanwhile: Callable[[], object] = list

    def send(self, letter: Letter) -> None:
        self.meanwhile()
        if letter.to in self.faults:
            raise self.faults[letter.to]
        self.letters.append(letter)
        self.arrived.set()

    def close(self) -> None:
        self.closed = True

    def told(self) -> list[tuple[str, str]]:
        return [(letter.to, letter.subject.split(" ")[3]) for letter in self.letters]


@dataclass(frozen=True, slots=True)
class Scene:
    """A worker with all that it works on; `write` commits resources."""

    worker: Worker
    satchel: Satchel
    store: Store
    objects: FileObjects
    clock: Clock
    write: Callable[..., None]
    everything: list[Resource]
    report: Resource


@pytest.fixture
def worker(store: Store, objects: FileObjects, clock: Clock) -> Iterator[Worker]:
    channel = MailChannel(store, objects, Satchel(), SETTINGS)
    made = Worker(store, [channel], clock=clock, chance=lambda: 0.5)
    yield made
    made.close()


@pytest.fixture
def scene(worker: Worker, request: pytest.FixtureRequest) -> Scene:
    names = ("store", "objects", "clock", "write", "everything", "report")
    given = {name: request.getfixturevalue(name) for name in names}
    channel = worker._lanes["mail"].channel
    assert isinstance(channel, MailChannel)
    satchel = channel._courier
    assert isinstance(satchel, Satchel)
    return Scene(worker=worker, satchel=satchel, **given)


def states(store: Store) -> list[tuple[str, DeliveryState]]:
    found = reversed(store.deliveries(limit=100))
    return [(one.recipient.partition("/")[2], one.state) for one in found]


def lone(report: Resource) -> Resource:
    return {name: part for name, part in report.items() if name != "basedOn"}


def test_each_recipient_gets_a_letter(scene: Scene) -> None:
    scene.write(*scene.everything, scene.report)
    assert scene.worker.run_once() == 2
    assert sorted(letter.to for letter in scene.satchel.letters) == [GENERALIST, REQUESTER]
    sent = scene.store.deliveries()[1]
    letter = next(letter for letter in scene.satchel.letters if letter.to == GENERALIST)
    assert sent == replace(
        sent,
        state=DeliveryState.SENT,
        sent=scene.clock.now,
        attempts=1,
        message_id=f"<{sent.id}@imagerie.example>",
        failure="",
        last_error="",
    )
    assert (letter.message_id, letter.created) == (sent.message_id, sent.created)
    assert letter.subject == "Compte rendu d'imagerie disponible \u2013 réf. 1a2b3c4d"
    assert "CONCLUSION\nHernie discale L4-L5 gauche." in letter.text
    assert "Destinataire\u00a0: Dr LECŒUR Hélène" in letter.text
    assert scene.worker.run_once() == 0


def to_patient(report: Resource) -> Resource:
    patient = report["subject"]
    copy = {"url": "urn:passerelle:extension:copy-to", "valueReference": patient}
    return lone(report) | {"extension": [copy]}


def qualified(scene: Scene) -> Resource:
    """Return the patient with a number of the real network."""
    patient = next(one for one in scene.everything if one["resourceType"] == "Patient")
    ins = {"use": "official", "system": "urn:oid:1.2.250.1.213.1.4.8", "value": "279035121518989"}
    return {name: part for name, part in patient.items() if name != "generalPractitioner"} | {
        "identifier": [ins]
    }


def test_a_patients_letter_is_written_for_him(scene: Scene) -> None:
    tag = {"system": "urn:passerelle:reply", "code": "FIN"}
    report = to_patient(scene.report) | {"meta": {"tag": [tag]}}
    scene.write(*scene.everything, qualified(scene), report)
    assert scene.worker.run_once() == 1
    (letter,) = scene.satchel.letters
    assert (letter.to, letter.closed) == ("279035121518989@patient.mssante.fr", True)
    assert "pour votre information" in letter.text
    assert "vos données de santé" in letter.text
    assert "http" not in letter.text


def test_a_patient_without_qualified_identity_is_shown_and_served_when_he_has_one(
    scene: Scene,
) -> None:
    unknown = {name: part for name, part in qualified(scene).items() if name != "extension"}
    scene.write(*scene.everything, unknown, to_patient(scene.report))
    scene.worker.run_once()
    assert states(scene.store) == [("pat-trois", DeliveryState.UNADDRESSED)]
    assert "no qualified INS" in scene.store.deliveries()[0].last_error
    scene.write(qualified(scene))
    scene.clock.now += timedelta(minutes=2)
    scene.worker.run_once()
    assert [letter.to for letter in scene.satchel.letters] == ["279035121518989@patient.mssante.fr"]


def test_a_report_that_is_hidden_from_the_patient_after_it_was_queued_is_not_sent_to_him(
    scene: Scene,
) -> None:
    scene.write(*scene.everything, qualified(scene), to_patient(scene.report))
    scene.write(
        {
            "resourceType": "DocumentReference",
            "id": "d",
            "status": "current",
            "securityLabel": [{"coding": [{"system": "urn:any", "code": "INVISIBLE_PATIENT"}]}],
            "content": [{"attachment": {"title": "x"}}],
            "context": {"related": [{"reference": f"DiagnosticReport/{scene.report['id']}"}]},
        }
    )
    scene.worker.run_once()
    assert scene.satchel.letters == []
    assert states(scene.store) == [("pat-trois", DeliveryState.REFUSED)]


def test_the_reports_own_pdf_is_enclosed(scene: Scene) -> None:
    name = scene.objects.put(b"%PDF-1.4 compte rendu")
    binary = {
        "resourceType": "Binary",
        "id": "b",
        "contentType": "application/pdf",
        "meta": {"source": f"urn:sha256:{name}"},
    }
    form = {"contentType": "application/pdf", "url": "Binary/b"}
    scene.write(*scene.everything, binary, lone(scene.report) | {"presentedForm": [form]})
    scene.worker.run_once()
    enclosed = scene.satchel.letters[0].enclosures
    assert [one.name for one in enclosed] == [
        "20260312_Resume-CR-d-imagerie-medicale_PAT-TROIS_Dominique.pdf",
        "20260312_CR-d-imagerie-medicale_PAT-TROIS_Dominique.pdf",
    ]
    assert enclosed[1].content == b"%PDF-1.4 compte rendu"


def test_without_a_courier_mail_waits(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    idle = Worker(scene.store, [], clock=scene.clock, chance=lambda: 0.5)
    idle.recover()
    assert idle.run_once() == 0
    idle.close()
    assert states(scene.store) == [("lecoeur", DeliveryState.WAITING)]


def test_an_unreachable_recipient_is_tried_again_when_the_pause_is_over(scene: Scene) -> None:
    scene.satchel.faults[GENERALIST] = Unreachable("The mail server refused the recipient: 451.")
    scene.write(*scene.everything, lone(scene.report))
    scene.worker.run_once()
    assert scene.worker.run_once() == 0
    held = scene.store.deliveries()[0]
    assert (held.state, held.failure, held.attempts) == (DeliveryState.WAITING, "unreachable", 1)
    assert held.next_attempt == scene.clock.now + timedelta(seconds=5)
    scene.satchel.faults.clear()
    scene.clock.now += timedelta(seconds=5)
    scene.worker.run_once()
    assert (scene.store.deliveries()[0].state, scene.store.deliveries()[0].attempts) == (
        DeliveryState.SENT,
        2,
    )


def test_a_recipient_gets_reports_in_the_order_in_which_they_came(scene: Scene) -> None:
    scene.satchel.faults[GENERALIST] = Unreachable("No answer.")
    scene.write(*scene.everything, scene.report)
    scene.worker.run_once()
    scene.write(scene.report | {"status": "corrected", "issued": "2026-03-12T15:00:00+01:00"})
    scene.worker.run_once()
    assert scene.satchel.told() == [(REQUESTER, "disponible"), (REQUESTER, "corrigé")]
    scene.satchel.faults.clear()
    scene.clock.now += timedelta(minutes=1)
    scene.worker.run_once()
    scene.worker.run_once()
    assert scene.satchel.told()[2:] == [(GENERALIST, "disponible"), (GENERALIST, "corrigé")]


def test_a_correction_follows_the_letter_that_it_replaces(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    scene.worker.run_once()
    scene.write(lone(scene.report) | {"status": "corrected", "issued": "2026-03-12T15:00:00+01:00"})
    scene.worker.run_once()
    first, second = scene.satchel.letters
    assert second.references == (first.message_id,)
    assert "CORRIGÉ\u00a0: remplace celui du 12/03/2026 à\u00a013:05" in second.text


def test_what_was_queued_is_what_is_sent_after_a_correction(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    scene.write(lone(scene.report) | {"status": "corrected", "conclusion": "Pas de hernie."})
    scene.worker.run_once()
    scene.worker.run_once()
    assert [
        letter.text.split("CONCLUSION\n")[1].split("\n")[0] for letter in scene.satchel.letters
    ] == [
        "Hernie discale L4-L5 gauche.",
        "Pas de hernie.",
    ]


def test_a_refused_letter_waits_for_a_person(scene: Scene) -> None:
    scene.satchel.faults[GENERALIST] = Refused("The mail server refused the recipient: 550 5.1.1.")
    scene.write(*scene.everything, lone(scene.report))
    scene.worker.run_once()
    held = scene.store.deliveries()[0]
    assert (held.state, held.failure) == (DeliveryState.REFUSED, "refused")
    assert held.last_error == "The mail server refused the recipient: 550 5.1.1."


def test_a_letter_that_may_have_arrived_keeps_its_message_id(scene: Scene) -> None:
    scene.satchel.faults[GENERALIST] = Unknown("No answer after the message.")
    scene.write(*scene.everything, lone(scene.report))
    scene.worker.run_once()
    before = scene.store.deliveries()[0]
    scene.satchel.faults.clear()
    scene.clock.now += timedelta(seconds=5)
    scene.worker.run_once()
    assert (before.failure, scene.satchel.letters[0].message_id) == ("unknown", before.message_id)


def test_what_a_dead_worker_was_sending_is_sent_at_once_under_the_same_message_id(
    scene: Scene,
) -> None:
    scene.write(*scene.everything, lone(scene.report))
    with scene.store.transaction() as tx:
        left = scene.store.deliveries()[0]
        dying = replace(left, state=DeliveryState.SENDING, attempts=1, message_id="<old@x.example>")
        tx.update_delivery(dying)
    assert scene.worker.run_once() == 0
    scene.worker.recover()
    assert scene.store.deliveries()[0].failure == "unknown"
    assert scene.worker.run_once() == 1
    assert scene.satchel.letters[0].message_id == "<old@x.example>"
    assert (scene.store.deliveries()[0].state, scene.store.deliveries()[0].attempts) == (
        DeliveryState.SENT,
        2,
    )


def test_a_letter_whose_patient_is_merged_while_it_is_sent_stays_with_the_record_in_use(
    scene: Scene,
) -> None:
    def merge() -> None:
        with scene.store.transaction() as tx:
            held = tx.delivery(scene.store.deliveries()[0].id)
            assert held is not None
            tx.update_delivery(replace(held, subject="Patient/survivor"))

    scene.write(*scene.everything, lone(scene.report))
    scene.satchel.meanwhile = merge
    scene.worker.run_once()
    (sent,) = scene.store.deliveries()
    assert (sent.state, sent.subject) == (DeliveryState.SENT, "Patient/survivor")


def test_when_the_mail_server_is_back_nobody_waits_for_the_end_of_a_pause(scene: Scene) -> None:
    scene.satchel.faults[GENERALIST] = Unreachable("The mail server is down.", everyone=True)
    scene.write(*scene.everything, lone(scene.report))
    scene.worker.run_once()
    scene.satchel.faults.clear()
    scene.write(scene.report)
    scene.worker.run_once()
    scene.worker.run_once()
    assert [state for _, state in states(scene.store)] == [DeliveryState.SENT] * 2


def test_a_recipient_without_address_is_shown_and_served_when_one_is_entered(scene: Scene) -> None:
    physician = scene.everything[0]
    nowhere = {name: part for name, part in physician.items() if name != "telecom"}
    scene.write(*scene.everything, nowhere, lone(scene.report))
    scene.worker.run_once()
    assert states(scene.store) == [("lecoeur", DeliveryState.UNADDRESSED)]
    assert scene.store.deliveries()[0].last_error == "No mail address of the recipient is known."
    scene.write(physician)
    scene.clock.now += timedelta(minutes=1)
    scene.worker.run_once()
    assert states(scene.store) == [("lecoeur", DeliveryState.SENT)]
    assert scene.satchel.told() == [(GENERALIST, "disponible")]


def test_the_operators_list_decides_on_the_address(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    listed = replace(SETTINGS, peers=Peers(recipients={"10000023084": "liste@mssante.fr"}))
    channel = MailChannel(scene.store, scene.objects, scene.satchel, listed)
    worker = Worker(scene.store, [channel], clock=scene.clock, chance=lambda: 0.5)
    worker.run_once()
    worker.close()
    assert scene.satchel.told() == [("liste@mssante.fr", "disponible")]


def test_a_report_labelled_after_it_was_queued_is_not_sent(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    scene.write(lone(scene.report) | {"meta": {"security": [{"code": "V"}]}})
    scene.worker.run_once()
    assert states(scene.store) == [("lecoeur", DeliveryState.REFUSED)]
    assert scene.satchel.letters == []


@pytest.mark.parametrize("labelled", ["pat-trois", "canal", "study", "order"])
def test_a_report_tells_nothing_of_what_was_labelled_after_it_was_queued(
    scene: Scene, labelled: str
) -> None:
    scene.write(*scene.everything, scene.report)
    (held,) = (one for one in scene.everything if one["id"] == labelled)
    scene.write(held | {"meta": {"security": [{"code": "V"}]}})
    scene.worker.run_once()
    assert {state for _, state in states(scene.store)} == {DeliveryState.REFUSED}
    assert scene.satchel.letters == []


def test_a_withdrawn_report_is_not_sent_even_when_a_person_asks(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    scene.write(lone(scene.report) | {"status": "entered-in-error"})
    with scene.store.transaction() as tx:
        tx.update_delivery(retried(scene.store.deliveries()[0], scene.clock.now))
    scene.worker.run_once()
    assert states(scene.store) == [("lecoeur", DeliveryState.REFUSED)]
    assert scene.satchel.letters == []


def test_a_deleted_report_is_not_sent(scene: Scene) -> None:
    scene.write(*scene.everything, lone(scene.report))
    with scene.store.transaction() as tx:
        tx.delete("DiagnosticReport", scene.report["id"])
    scene.worker.run_once()
    assert scene.satchel.letters == []
    assert scene.store.deliveries()[0].last_error == "The report was deleted before it was sent."


def test_a_letter_that_cannot_be_made_stops_nobody_else(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.satchel.faults[GENERALIST] = ValueError("PAT-TROIS cannot be encoded")
    scene.write(*scene.everything, scene.report)
    with caplog.at_level(logging.INFO, "gateway"):
        scene.worker.run_once()
    assert scene.satchel.told() == [(REQUESTER, "disponible")]
    assert scene.store.deliveries()[1].state is DeliveryState.REFUSED
    assert scene.store.deliveries()[1].last_error.startswith(
        "The letter could not be made: ValueError"
    )
    said = " ".join(str(vars(record)) for record in caplog.records)
    assert "PAT-TROIS" not in said + scene.store.deliveries()[1].last_error


def test_storage_that_does_not_answer_is_tried_again(scene: Scene) -> None:
    scene.satchel.faults[GENERALIST] = Unavailable("The object store does not answer.")
    scene.write(*scene.everything, lone(scene.report))
    scene.worker.run_once()
    held = scene.store.deliveries()[0]
    assert (held.state, held.last_error) == (
        DeliveryState.WAITING,
        "The object store does not answer.",
    )


def test_the_running_worker_sends_what_comes_and_stops_when_told(scene: Scene) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=scene.worker.run, args=(stop,), daemon=True)
    thread.start()
    try:
        scene.write(*scene.everything, lone(scene.report))
        assert scene.satchel.arrived.wait(10)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert scene.satchel.closed
    assert states(scene.store) == [("lecoeur", DeliveryState.SENT)]
