"""Who sent a document is told what became of it, and what receivers tell us is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.delivery.messaging import MessageChannel
from gateway.delivery.outgoing import Outgoing
from gateway.delivery.ports import Answer
from gateway.delivery.receipts import tell_sender
from gateway.delivery.worker import Worker
from gateway.hl7v2.message import Message
from gateway.settings import Destination, Route
from gateway.store.records import DeliveryState
from tests.contract.ingest import story
from tests.contract.ingest.story import CENTRE_PID, Gateway, header, message

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store
    from gateway.store.records import Delivery

RIS = Destination("ris", "ris.example", application="RIS", facility="CENTRE")
LGC = Destination("lgc", "lgc.example", application="LGC", facility="CABINET")
MAILBOX = "isabelle.agnes@medecin.mssante.fr"


class Line:
    """A receiver that takes everything."""

    peer = "ris.example:2575"

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: bytes, control_id: str) -> Answer:
        self.sent.append(Message.parse(message))
        return Answer("AA", f"MSH|^~\\&|RIS|||||||A1|P|2.5\rMSA|AA|{control_id}".encode())

    def close(self) -> None:
        """Nothing to hang up."""


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def _later() -> datetime:
    """Return when everything that was queued until now is due."""
    return datetime.now(UTC) + timedelta(minutes=1)


def sent_by(gateway: Gateway, destination: Destination) -> list[Message]:
    """Return what the outbox sends to a destination now."""
    line = Line()
    channel = MessageChannel(
        gateway.store,
        gateway.objects,
        (destination,),
        {destination.name: line},
        namespaces={},
        clock=_later,
    )
    worker = Worker(gateway.store, [channel], clock=_later, chance=lambda: 0.5)
    worker.run_once()
    worker.close()
    return line.sent


def document(*flags: str) -> bytes:
    return message(
        header("ORU^R01^ORU_R01", "DOC1"),
        CENTRE_PID,
        "ORC|RE||FI1^RIS",
        "OBR|1||FI1^RIS|30620-9^CT rachis lombaire^LN|||20260110093000|||||||||||ACC1||||"
        "20260110101400||CT|F",
        "OBX|1|ED|18748-4^CR^LN||^TEXT^PDF^Base64^JVBERi0xLjQK||||||F",
        *(
            f"OBX|{number}|CE|{name}^^MetaDMPMSS||Y^^expandedYes-NoIndicator||||||F"
            for number, name in enumerate(flags, 2)
        ),
    )


def mailed(gateway: Gateway, state: DeliveryState, error: str = "") -> Delivery:
    """Note what became of the only letter, as the worker does."""
    (held,) = gateway.store.deliveries()
    done = replace(held, state=state, last_error=error)
    with gateway.store.transaction() as tx:
        tx.update_delivery(done)
        tell_sender(tx, done, MAILBOX, (RIS,))
    return done


def test_the_sender_of_a_document_hears_that_the_mail_was_taken(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    gateway.send(document("ACK_RECEPTION"))
    letter = mailed(gateway, DeliveryState.SENT)

    (receipt,) = sent_by(gateway, RIS)
    (communication,) = gateway.all("Communication")

    assert (receipt.code, receipt.event) == ("ZAM", "Z02")
    state, box = receipt.all("OBX")
    assert [state.text(3), state.text(4), state.text(5)] == ["ACK_RECEPTION_MSS", "DOC1", "Y"]
    assert [box.text(3), box.text(4), box.text(5, 4)] == [
        "DESTINATAIRE_MSS",
        "810000023084",
        MAILBOX,
    ]
    assert communication["status"] == "completed"
    assert communication["about"][0] == {"reference": letter.focus}


def test_a_mail_refused_for_good_is_told_with_its_code(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    gateway.send(document("ACK_RECEPTION"))
    mailed(gateway, DeliveryState.REFUSED, "The mail server refused the recipient (550).")

    (receipt,) = sent_by(gateway, RIS)

    err, state = receipt.first("ERR"), receipt.first("OBX")
    assert err is not None
    assert state is not None
    assert [err.text(5), err.text(5, 3), state.text(5)] == ["550", "SMTPERRORCODE", "N"]


def test_who_did_not_ask_is_told_nothing(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    gateway.send(document())
    mailed(gateway, DeliveryState.SENT)

    assert sent_by(gateway, RIS) == []
    assert gateway.all("Communication") == []


def test_told_twice_the_receipt_is_sent_once(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    gateway.send(document("ACK_RECEPTION"))
    for _ in range(2):
        with gateway.store.transaction() as tx:
            held = tx.deliveries_of(_report(gateway))[0]
            tell_sender(tx, replace(held, state=DeliveryState.SENT), MAILBOX, (RIS,))

    assert len(sent_by(gateway, RIS)) == 1


def test_a_receiver_says_that_our_document_was_read(gateway: Gateway) -> None:
    gateway.store.watch(Outgoing((LGC,), (Route("lgc", ("reports",)),)).changed)
    gateway.send(story.IDENTITY)
    gateway.send(story.report())
    (sent,) = sent_by(gateway, LGC)

    answer = gateway.send(_read(sent))

    assert b"MSA|AA" in answer
    (communication,) = gateway.all("Communication")
    report = _report(gateway)
    assert communication["about"][0] == {"reference": report}
    assert communication["status"] == "completed"
    assert communication["sent"] == "2026-01-10T12:00:00+01:00"
    assert communication["subject"] == gateway.all("DiagnosticReport")[0]["subject"]
    with gateway.store.transaction() as tx:
        told = {one.channel: one.receipt for one in tx.deliveries_of(report)}
    assert told["mllp"] == "read"


def test_a_shared_record_says_that_it_has_our_document(gateway: Gateway) -> None:
    gateway.store.watch(Outgoing((LGC,), (Route("lgc", ("reports",)),)).changed)
    gateway.send(story.report())
    (sent,) = sent_by(gateway, LGC)
    recorded = _read(sent).replace(b"Z03", b"Z01").replace(b"LECTURE_MSS^", b"RECEPTION_DMP^")

    answer = gateway.send(recorded)

    assert b"MSA|AA" in answer
    with gateway.store.transaction() as tx:
        told = {one.channel: one.receipt for one in tx.deliveries_of(_report(gateway))}
    assert told["mllp"] == "recorded"


def test_a_receipt_of_a_message_that_nobody_sent_is_kept_with_a_warning(gateway: Gateway) -> None:
    stray = Message.parse(b"MSH|^~\\&|PASSERELLE||LGC|CABINET|20260110||ORU^R01|NOBODY|P|2.5\r")

    answer = gateway.send(_read(stray))

    assert b"MSA|AA" in answer
    assert b"No message of that control id" in answer
    assert [
        one["reference"] for one in gateway.all("Communication")[0]["about"] if "reference" in one
    ] == []


def _report(gateway: Gateway) -> str:
    return f"DiagnosticReport/{gateway.all('DiagnosticReport')[0]['id']}"


def _read(sent: Message) -> bytes:
    return message(
        "MSH|^~\\&|LGC|CABINET|PASSERELLE||20260110120000+0100||ZAM^Z03^ZAM_Z01|ACK1|P|2.6"
        "|||||FRA|UNICODE UTF-8|||2.1^CISIS_CDA_HL7_V2",
        f"OBX|1|CWE|ACK_LECTURE_MSS^^AckMetierZAM|{sent.control_id}|Y^^expandedYes-NoIndicator||||||F",
        f"OBX|2|XTN|LECTEUR_MSS^^AckMetierZAM|810000023084|^NET^X.400^{MAILBOX}||||||F",
    )


@pytest.mark.parametrize(
    ("confidentiality", "state"),
    [("V", DeliveryState.REFUSED), ("R", DeliveryState.WAITING), ("", DeliveryState.WAITING)],
)
def test_a_report_is_as_confidential_as_its_sender_says(
    gateway: Gateway, confidentiality: str, state: DeliveryState
) -> None:
    gateway.send(story.ORDER)
    labelled = b"ORC|RE||FI1^RIS" + b"|" * 25 + confidentiality.encode()
    gateway.send(document().replace(b"ORC|RE||FI1^RIS", labelled))

    (letter,) = gateway.store.deliveries()
    assert letter.state is state
    codes = [one["code"] for one in gateway.all("DiagnosticReport")[0]["meta"].get("security", ())]
    assert codes == ([confidentiality] if confidentiality else [])


def test_a_report_whose_document_is_hidden_from_professionals_is_not_mailed(
    gateway: Gateway,
) -> None:
    gateway.send(story.ORDER)
    gateway.send(document("MASQUE_PS"))

    (letter,) = gateway.store.deliveries()
    assert (letter.state, "MASQUE_PS" in letter.last_error) == (DeliveryState.REFUSED, True)


def test_a_level_that_somebody_gave_a_report_is_not_lowered_by_a_message(
    gateway: Gateway,
) -> None:
    gateway.send(story.ORDER)
    gateway.send(document())
    (report,) = gateway.all("DiagnosticReport")
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    with gateway.store.transaction() as tx:
        tx.put({**report, "meta": {"security": [{"system": system, "code": "V"}]}})

    corrected = document("MASQUE_PS").replace(b"DOC1", b"DOC2").replace(b"||CT|F", b"||CT|C")
    gateway.send(corrected.replace(b"ORC|RE||FI1^RIS", b"ORC|RE||FI1^RIS" + b"|" * 25 + b"N"))

    (found,) = gateway.all("DiagnosticReport")
    codes = [one["code"] for one in found["meta"]["security"]]
    assert (found["status"], codes) == ("corrected", ["V", "MASQUE_PS"])
