from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RequiredMissing
from gateway.hl7v2.acknowledgement import CI_SIS_TEXTS
from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2.zam import read_zam
from gateway.mapping.receipts import (
    MESSAGES,
    BusinessAcknowledgement,
    Receipt,
    receipt_communication,
    receipt_of,
)
from gateway.mapping.to_hl7v2 import Target, Writing, write_message
from tests.unit.mapping.to_hl7v2.conftest import MADE, World, lines

RIS = Target(application="RIS-Y", facility="Organisation-Y")
SYSTEM = f"{MESSAGES}RIS-Y:Organisation-Y"
TAKEN = BusinessAcknowledgement(Receipt.RECORD, "015")
READ = BusinessAcknowledgement(
    Receipt.READ,
    "015",
    accepted=False,
    mailbox="adam.hoda@medecin.mssante.fr",
    identifier="801234567897",
    fault="904",
)


def write_zam(receipt: BusinessAcknowledgement) -> bytes:
    return written(receipt_communication(receipt, SYSTEM, None), receipt.receipt)


def written(resource: dict[str, Any], event: str) -> bytes:
    return write_message(Writing(event, resource, RIS, World(), "Z1", MADE, {}))


def test_a_document_taken_by_the_shared_record_is_acknowledged() -> None:
    assert lines(write_zam(TAKEN)) == [
        (
            r"MSH|^~\&|PASSERELLE||RIS-Y|Organisation-Y|20260305143000+0100||ZAM^Z01^ZAM_Z01|Z1|P|2.6"
            "|||||FRA|UNICODE UTF-8|||2.1^CISIS_CDA_HL7_V2"
        ),
        (
            "OBX|1|CWE|ACK_RECEPTION_DMP^Accusé de réception DMP^AckMetierZAM|015"
            "|Y^^expandedYes-NoIndicator||||||F"
        ),
    ]


def test_a_mail_that_a_physicians_software_refused_says_why_and_whose_it_is() -> None:
    assert lines(write_zam(READ))[1:] == [
        (
            "ERR|||207^Application error^messageErrorCondition|E"
            "|904^INS différente de celle du patient^applicationErrorCondition"
        ),
        (
            "OBX|1|CWE|ACK_LECTURE_MSS^Accusé de lecture^AckMetierZAM|015"
            "|N^^expandedYes-NoIndicator||||||F"
        ),
        (
            "OBX|2|XTN|LECTEUR_MSS^Lecteur du courriel MSSanté^AckMetierZAM|801234567897"
            "|^NET^X.400^adam.hoda@medecin.mssante.fr||||||F"
        ),
    ]


@given(
    receipt=st.sampled_from(list(Receipt)),
    document=st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=20),
    accepted=st.booleans(),
    fault=st.sampled_from(sorted(CI_SIS_TEXTS)),
)
def test_what_is_written_is_read(
    receipt: Receipt, document: str, fault: str, *, accepted: bool
) -> None:
    mailed = receipt is not Receipt.RECORD
    told = BusinessAcknowledgement(
        receipt,
        document,
        accepted=accepted,
        mailbox="bal@medecin.mssante.fr" if mailed else "",
        identifier="801234567897" if mailed else "",
        fault="" if accepted else fault,
        reason="" if accepted else CI_SIS_TEXTS[fault],
    )
    assert read_zam(Message.parse(write_zam(told))) == told
    assert receipt_of(receipt_communication(told, SYSTEM, None)) == told


def test_a_communication_about_something_else_is_no_receipt() -> None:
    letter = {"resourceType": "Communication", "status": "completed"}
    assert receipt_of(letter) is None
    with pytest.raises(RequiredMissing):
        written(letter, "Z02")


@pytest.mark.parametrize(
    "line",
    [
        "OBX|1|CWE|ACK_RECEPTION_MSS^x^AckMetierZAM|015|?",
        "OBX|1|CWE|OTHER^x^AckMetierZAM|015|Y",
        "OBX|1|CWE|ACK_RECEPTION_MSS^x^AckMetierZAM||Y",
    ],
)
def test_a_receipt_that_says_nothing_is_refused(line: str) -> None:
    raw = r"MSH|^~\&|A|B|C|D|20260305||ZAM^Z02^ZAM_Z01|1|P|2.6" + f"\r{line}\r"
    with pytest.raises(RequiredMissing):
        read_zam(Message.parse(raw.encode()))


def test_another_event_is_no_receipt() -> None:
    raw = r"MSH|^~\&|A|B|C|D|20260305||ZAM^Z09^ZAM_Z01|1|P|2.6"
    with pytest.raises(RequiredMissing):
        read_zam(Message.parse(raw.encode()))
